/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Connections whose gateway or translation is gone: they move to another gateway in their middle, or are lost.
 *
 *   flow_forget(key, flow, way)            takes a connection's record away, with the translation that it is
 *   flow_is_lost(packet, flow, ifindex)    the record doesn't say any more where this packet goes
 *   steer_moves(skb, packet, steering)     where it goes now
 *   entry_adopts(packet, entry, now)       whether a gateway takes it over
 */

/* And the translation that it is; `way` is room for that. */
static __always_inline void F(flow_forget)(const struct F(egress_flow_key) *key, const struct F(egress_flow) *flow,
					   struct F(nat_way) *way)
{
	__builtin_memset(way, 0, sizeof(*way));
	way->key.entry = flow->entry;
	way->key.source = key->pod;
	way->key.remote = key->remote;
	way->key.source_port = key->pod_port;
	way->key.remote_port = key->remote_port;
	way->key.protocol = key->protocol;
	way->ifindex = flow->ifindex;
	if (flow->kind == EGRESS_FLOW_OUT && flow->place == EGRESS_PLACE_LOCAL) {
		F(nat_forget)(way, &flow->half);
	} else {
		/* Read before: what is deleted may be another's at once. */
		bool is_steered = flow->kind == EGRESS_FLOW_OUT;

		/* That a lost one ended was told when it was lost. */
		if (!(flow->half.flags & EGRESS_FLOW_LOST))
			F(event_of_flow)(EGRESS_EVENT_CLOSED, key, flow);
		if (!bpf_map_delete_elem(&F(egress_flows), key))
			F(use_change)(EGRESS_USE_POD, way->ifindex, is_steered ? -1 : 0, is_steered ? 0 : -1);
	}
}

/* A connection that the pod opened, in its middle, which its record doesn't decide any more. */
static __always_inline bool F(flow_is_lost)(const struct F(packet) *packet, const struct F(egress_flow) *flow,
					     __u32 ifindex)
{
	return flow && flow->kind == EGRESS_FLOW_OUT && flow->ifindex == ifindex && F(packet_continues_tcp)(packet);
}

/*
 * Whether the entry takes over a connection in its middle: it gained an address a moment ago, and the pod's node vouches
 * that the pod opened the connection, by a gateway with the same address. Its own port is the first that is tried, as it
 * was there: the far end sees no difference. Where that was another, the far end resets what it doesn't know.
 */
static __always_inline bool F(entry_adopts)(const struct F(packet) *packet, const struct F(egress_entry) *entry,
						__u32 now)
{
	return entry->adopt_until && (__s32)(entry->adopt_until - now) > 0 && !packet->fragment &&
	       !(packet->tcp_flags & (TCP_SYN | TCP_RST));
}

/* Whether this node takes it over. VERDICT_GO or a drop's reason. */
static __always_inline int F(moves_here)(const struct F(packet) *packet, __u32 id)
{
	const struct F(egress_entry) *entry = bpf_map_lookup_elem(&F(egress_entries), &id);

	if (!entry)
		return EGRESS_DROP_NO_ENTRY;
	return F(entry_adopts)(packet, entry, clock_seconds()) ? VERDICT_GO : EGRESS_DROP_NO_FLOW;
}

/*
 * A connection in its middle whose gateway or translation is gone: by the gateway of now, if the pod has the same egress
 * address there; that takes it over, or says that it is lost. Else it is lost here. It waits, without a word, while there
 * is no gateway. steering->policy: which claims it now; 0 for none. VERDICT_GO or a drop's reason. A function of its own to
 * the verifier too, and called after steer(), not in it, for the stack.
 */
__noinline int F(steer_moves)(struct __sk_buff *skb, const struct F(packet) *packet, struct steering *steering)
{
	struct F(scratch) *scratch = F(scratch_read)();
	struct F(egress_flow) *flow;
	__u32 policy;
	int verdict;

	if (!packet || !steering || !scratch)
		return EGRESS_DROP_INTERNAL;
	policy = steering->policy;
	F(flow_of_sent)(packet, &scratch->over.flow);
	flow = bpf_map_lookup_elem(&F(egress_flows), &scratch->over.flow);
	if (!flow || flow->kind != EGRESS_FLOW_OUT)
		return EGRESS_DROP_NO_FLOW;
	steering->lost = true;
	steering->policy = flow->policy;
	verdict = policy == flow->policy ? steer_choose(skb, IPV, steering) : VERDICT_PASS;
	if (verdict == VERDICT_PASS)
		return EGRESS_DROP_NO_FLOW;
	if (verdict != VERDICT_GO)
		return verdict;
	if (!steering->egress || steering->egress != flow->half.egress.word[0])
		return EGRESS_DROP_NO_FLOW;
	if (packet->ttl <= 1)
		return EGRESS_DROP_TTL;
	if (steering->place == EGRESS_PLACE_LOCAL) {
		verdict = F(moves_here)(packet, steering->entry);
		if (verdict == VERDICT_GO)
			F(flow_forget)(&scratch->over.flow, flow, &scratch->way);
		return verdict;
	}
	flow->half.way.ifindex = 0;
	flow->half.node = steering->gateway;
	flow->entry = steering->entry;
	flow->place = EGRESS_PLACE_REMOTE;
	flow->half.flags &= ~EGRESS_FLOW_LOST;
	F(flow_sends)(flow, packet);
	F(event_of_flow)(EGRESS_EVENT_OPENED, &scratch->over.flow, flow);
	return VERDICT_GO;
}
