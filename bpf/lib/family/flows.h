/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Connections of the pods of this node: who opened them, and where they leave.
 *
 *   flow_of_sent(packet, key)      key of a packet that a pod sends
 *   flow_of_given(packet, key)     key of a packet that a pod is given
 *   flow_sends(flow, packet)       notes that the pod sent something
 *   flow_is_given(flow, packet)    notes that the pod was given something
 *   flow_answers_by_stack(rev, …)  whether what comes for a connection that this node translates goes by the stack
 *   way_is_kept(config, way)       whether the way may be used without asking
 */
static __always_inline void F(flow_of_sent)(const struct F(packet) *packet, struct F(egress_flow_key) *key)
{
	__builtin_memset(key, 0, sizeof(*key));
	key->pod = packet->source;
	key->remote = packet->destination;
	key->pod_port = packet->source_port;
	key->remote_port = F(packet_is_icmp)(packet) ? 0 : packet->destination_port;
	key->protocol = packet->protocol;
}

static __always_inline void F(flow_of_given)(const struct F(packet) *packet, struct F(egress_flow_key) *key)
{
	__builtin_memset(key, 0, sizeof(*key));
	key->pod = packet->destination;
	key->remote = packet->source;
	key->pod_port = packet->destination_port;
	key->remote_port = F(packet_is_icmp)(packet) ? 0 : packet->source_port;
	key->protocol = packet->protocol;
}

/* `port`: the remote's, as on the wire. A function of its own to the verifier too, for the stack. */
__noinline int F(flow_answers_by_stack)(const struct F(egress_rev) *rev, const ADDRESS *remote, __u32 port, __u32 protocol)
{
	struct F(egress_flow_key) key = {};
	const struct F(egress_flow) *flow;

	if (!rev || !remote)
		return 0;
	key.pod = rev->source;
	key.remote = *remote;
	key.pod_port = rev->source_port;
	key.remote_port = protocol == F(FAMILY_ICMP) ? 0 : port;
	key.protocol = protocol;
	flow = bpf_map_lookup_elem(&F(egress_flows), &key);
	return flow && flow->half.flags & EGRESS_FLOW_STACK;
}

static __always_inline bool F(way_is_kept)(const struct egress_config *config, const struct F(egress_half) *half)
{
	return half->way.generation == (__u16)config->generation && half->way.ifindex && is_before(half->way.until);
}

/* From now on the way is what `fib` or nobody says; `until` last, since others read it meanwhile. */
static __always_inline void F(way_keep)(struct F(egress_half) *half, const struct egress_config *config, __u32 ifindex,
					__u32 mtu, const __u8 *to, const __u8 *from)
{
	half->way.ifindex = 0;
	half->way.generation = config->generation;
	half->way.mtu = way_mtu(mtu);
	if (to && from) {
		__builtin_memcpy(half->way.to, to, ETH_ALEN);
		__builtin_memcpy(half->way.from, from, ETH_ALEN);
	}
	half->way.until = jiffies_low() + EGRESS_WAY_JIFFIES;
	half->way.ifindex = ifindex;
}

static __always_inline void F(flow_make)(struct F(egress_flow) *flow, __u8 kind, __u32 ifindex)
{
	__builtin_memset(flow, 0, sizeof(*flow));
	flow->kind = kind;
	flow->ifindex = ifindex;
	flow->half.last = clock_seconds();
	flow->half.created = flow->half.last;
}

static __always_inline void F(flow_sends)(struct F(egress_flow) *flow, const struct F(packet) *packet)
{
	__u8 seen = F(packet_seen)(packet);
	__u32 now = clock_seconds();

	/* The pod's answer to somebody outside. */
	if (flow->kind == EGRESS_FLOW_IN)
		seen |= EGRESS_SEEN_REPLY;
	if (flow->half.last != now)
		flow->half.last = now;
	if (flow->half.flags & EGRESS_NAT_DYING)
		flow->half.flags &= ~EGRESS_NAT_DYING;
	if (seen & ~flow->half.seen)
		flow->half.seen |= seen;
}

static __always_inline void F(flow_is_given)(struct F(egress_flow) *flow, const struct F(packet) *packet)
{
	__u8 seen = F(packet_seen)(packet) | EGRESS_SEEN_REPLY;
	__u32 now;

	if (seen & ~flow->seen_in)
		flow->seen_in |= seen;
	if (flow->half.flags & EGRESS_NAT_DYING)
		flow->half.flags &= ~EGRESS_NAT_DYING;
	/* Else the pod itself sent something a moment ago. */
	if (is_before(flow->half.way.until))
		return;
	now = clock_seconds();
	if (flow->half.last != now)
		flow->half.last = now;
}
