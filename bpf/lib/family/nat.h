/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Translations on a gateway: two halves. The reverse half is in egress_nat_revF; the forward half in egress_nat_fwdF for
 * pods of other nodes, in the pod's flow for a pod of this node.
 *
 *   nat_half(way)                      the forward half that there is, or NULL
 *   nat_continue(way, half, ...)       whether it still holds; refreshes both halves
 *   nat_forget(way, half)              deletes both
 *   nat_address(entry, pod, address)   the address that a new one has
 *   nat_answer(packet)                 the reverse half of a packet that came back; refreshes it
 *
 * Making one is claim.h's. Deletion goes forward half first, so that a port is never free while a forward half still
 * emits it.
 */

/* One packet's translation on its way out. */
struct F(nat_way) {
	struct F(egress_fwd_key) key;
	ADDRESS address;
	__be16 port;
	__u16 counter; /* of the egress address */
	__u32 now;
	__u32 node;    /* origin: the node that sent it through the tunnel, 0 when the pod is here */
	__u32 ifindex; /* origin: the pod's interface when it is here */
	__u32 policy;  /* slot */
	__u32 gateway; /* this node, as the pod's choice names it */
	__u32 leaves;  /* leave_as_others(): by this interface */
	/* Keys of what belongs to it; room for them, since the stack has none. */
	struct F(egress_flow_key) flow;
	struct F(egress_rev_key) reverse;
};

static __always_inline void F(nat_forward_key)(struct F(egress_fwd_key) *key, const struct F(packet) *packet, __u32 entry)
{
	__builtin_memset(key, 0, sizeof(*key));
	key->entry = entry;
	key->source = packet->source;
	key->remote = packet->destination;
	key->source_port = packet->source_port;
	key->remote_port = F(packet_is_icmp)(packet) ? 0 : packet->destination_port;
	key->protocol = packet->protocol;
}

static __always_inline void F(nat_reverse_key)(struct F(egress_rev_key) *key, const struct F(egress_fwd_key) *forward,
					       const ADDRESS *address, __be16 port)
{
	__builtin_memset(key, 0, sizeof(*key));
	key->egress = *address;
	key->remote = forward->remote;
	key->egress_port = port;
	key->remote_port = forward->remote_port;
	key->protocol = forward->protocol;
}

static __always_inline void F(nat_flow_key)(struct F(egress_flow_key) *key, const struct F(egress_fwd_key) *forward)
{
	__builtin_memset(key, 0, sizeof(*key));
	key->pod = forward->source;
	key->remote = forward->remote;
	key->pod_port = forward->source_port;
	key->remote_port = forward->remote_port;
	key->protocol = forward->protocol;
}

static __always_inline bool F(nat_is_half_of)(const struct F(egress_rev) *rev, const struct F(egress_fwd_key) *forward)
{
	return rev->entry == forward->entry && rev->source_port == forward->source_port &&
	       F(address_equal)(&rev->source, &forward->source);
}

/* The pod's flow, when its half is a translation by this entry. */
static __always_inline struct F(egress_half) *F(nat_half_of_flow)(struct F(nat_way) *way)
{
	struct F(egress_flow) *flow;

	F(nat_flow_key)(&way->flow, &way->key);
	flow = bpf_map_lookup_elem(&F(egress_flows), &way->flow);
	if (!flow || flow->kind != EGRESS_FLOW_OUT || flow->place != EGRESS_PLACE_LOCAL ||
	    flow->entry != way->key.entry || flow->ifindex != way->ifindex)
		return NULL;
	return &flow->half;
}

static __always_inline struct F(egress_half) *F(nat_half)(struct F(nat_way) *way)
{
	if (!way->node)
		return F(nat_half_of_flow)(way);
	return bpf_map_lookup_elem(&F(egress_nat_fwd), &way->key);
}

static __always_inline void F(nat_forget)(struct F(nat_way) *way, const struct F(egress_half) *half)
{
	const struct F(egress_flow) *flow;
	struct F(egress_rev) *rev;
	bool gone;

	F(nat_reverse_key)(&way->reverse, &way->key, &half->egress, half->egress_port);
	if (way->node) {
		F(event_of_half)(EGRESS_EVENT_CLOSED, &way->key, half);
		gone = !bpf_map_delete_elem(&F(egress_nat_fwd), &way->key);
	} else {
		F(nat_flow_key)(&way->flow, &way->key);
		flow = bpf_map_lookup_elem(&F(egress_flows), &way->flow);
		if (flow)
			F(event_of_flow)(EGRESS_EVENT_CLOSED, &way->flow, flow);
		gone = !bpf_map_delete_elem(&F(egress_flows), &way->flow);
		if (gone)
			F(use_change)(EGRESS_USE_POD, way->ifindex, -1, 0);
	}
	if (gone)
		F(use_change)(EGRESS_USE_ENTRY, way->key.entry, -1, 0);
	rev = bpf_map_lookup_elem(&F(egress_nat_rev), &way->reverse);
	if (rev && F(nat_is_half_of)(rev, &way->key))
		bpf_map_delete_elem(&F(egress_nat_rev), &way->reverse);
}

/*
 * The pod's own of the entry's addresses: see egress_mix(). A function of its own to the verifier too, and without a
 * loop: see nat_claim_some().
 */
__noinline int F(nat_chosen)(const struct F(egress_entry) *entry, const ADDRESS *pod, ADDRESS *chosen)
{
	__u64 best = 0;
	__u32 seed = 0;

	if (!entry || !pod || !chosen)
		return 0;
	_Pragma("unroll") for (__u32 word = 0; word < ADDRESS_WORDS; word++) seed =
	    egress_mix(seed ^ bpf_ntohl(pod->word[word]));
	_Pragma("unroll") for (__u32 at = 0; at < EGRESS_ENTRY_ADDRESSES; at++)
	{
		__u32 score = seed;

		if (at >= entry->count)
			break;
		_Pragma("unroll") for (__u32 word = 0; word < ADDRESS_WORDS; word++) score =
		    egress_mix(score ^ bpf_ntohl(entry->egress[at].word[word]));
		/* More by one, so that the lowest score is better than none. */
		if ((__u64)score + 1 > best) {
			best = (__u64)score + 1;
			*chosen = entry->egress[at];
		}
	}
	return 0;
}

static __always_inline void F(nat_address)(const struct F(egress_entry) *entry, const ADDRESS *pod, ADDRESS *address)
{
	if (entry->count == 1)
		*address = entry->egress[0];
	else
		F(nat_chosen)(entry, pod, address);
}

/*
 * Whether it is one of the entry's addresses from the second on, or one that it drains. Without a branch for each: the verifier would follow them
 * all. A function of its own to it too, for the stack.
 */
__noinline int F(nat_is_another_of)(const struct F(egress_entry) *entry, const ADDRESS *address)
{
	__u64 found = 0;

	if (!entry || !address)
		return 0;
	/* Less one: the highest bit is set where there was no difference. */
	_Pragma("unroll") for (__u32 at = 1; at < EGRESS_ENTRY_ADDRESSES; at++)
	{
		__u64 difference = 0;

		_Pragma("unroll") for (__u32 word = 0; word < ADDRESS_WORDS; word++) difference |=
		    address->word[word] ^ entry->egress[at].word[word];
		found |= difference - 1;
		/* One address after another: all at once they take a hundred octets of the stack. */
		barrier();
	}
	return found >> 63;
}

static __always_inline bool F(nat_is_address_of)(const struct F(egress_entry) *entry, const ADDRESS *address)
{
	return F(address_equal)(address, &entry->egress[0]) ||
	       (entry->count + entry->drains > 1 && F(nat_is_another_of)(entry, address));
}

/* A connection begins anew in a flow that was there: what its answers showed was another's. */
static __always_inline void F(nat_flow_begins)(struct F(nat_way) *way)
{
	struct F(egress_flow) *flow;

	F(nat_flow_key)(&way->flow, &way->key);
	flow = bpf_map_lookup_elem(&F(egress_flows), &way->flow);
	if (flow)
		flow->seen_in = 0;
}

/* Tells the reverse half where answers go. False when there is none, or another's. */
static __always_inline bool F(nat_refresh)(struct F(nat_way) *way, struct F(egress_half) *half, bool opens)
{
	struct F(egress_rev) *rev;

	F(nat_reverse_key)(&way->reverse, &way->key, &half->egress, half->egress_port);
	rev = bpf_map_lookup_elem(&F(egress_nat_rev), &way->reverse);
	if (!rev || !F(nat_is_half_of)(rev, &way->key))
		return false;
	if (rev->node != way->node)
		rev->node = way->node;
	if (rev->ifindex != way->ifindex)
		rev->ifindex = way->ifindex;
	if (opens) {
		half->seen = 0;
		rev->seen = 0;
		if (!way->node)
			F(nat_flow_begins)(way);
	}
	if (way->node)
		half->node = way->node;
	half->flags &= ~EGRESS_NAT_DYING;
	half->last = way->now;
	return true;
}

/* VERDICT_GO with way->address and way->port; VERDICT_PASS when it is none any more, and gone; or a drop's reason. */
static __always_inline int F(nat_continue)(struct F(nat_way) *way, struct F(egress_half) *half,
					   const struct F(egress_entry) *entry, const struct F(packet) *packet)
{
	/* A translation keeps its address while the entry owns or drains it, whatever a new one would get. */
	bool owned = F(nat_is_address_of)(entry, &half->egress);

	if (!owned || !F(nat_refresh)(way, half, F(packet_opens_tcp)(packet))) {
		/* A living connection never moves to another address in its middle. */
		if (owned || !F(packet_continues_tcp)(packet))
			F(nat_forget)(way, half);
		return F(packet_continues_tcp)(packet) ? EGRESS_DROP_NO_FLOW : VERDICT_PASS;
	}
	way->address = half->egress;
	way->port = half->egress_port;
	way->policy = half->policy;
	way->counter = half->counter;
	half->seen |= F(packet_seen)(packet);
	return VERDICT_GO;
}

static __always_inline void F(nat_answered)(struct F(egress_rev) *rev, const struct F(packet) *packet)
{
	struct F(egress_flow_key) key = {
	    .pod = rev->source,
	    .remote = packet->source,
	    .pod_port = rev->source_port,
	    .remote_port = F(packet_is_icmp)(packet) ? 0 : packet->source_port,
	    .protocol = packet->protocol,
	};
	struct F(egress_flow) *flow;

	rev->last = clock_seconds();
	rev->flags = 0;
	rev->seen |= F(packet_seen)(packet) | EGRESS_SEEN_REPLY;
	rev->until = jiffies_low() + EGRESS_WAY_JIFFIES;
	if (!rev->ifindex)
		return;
	flow = bpf_map_lookup_elem(&F(egress_flows), &key);
	if (flow && flow->ifindex == rev->ifindex)
		F(flow_is_given)(flow, packet);
}

/* The reverse half that a packet to an egress IP belongs to, refreshed; NULL when there is none. */
static __always_inline struct F(egress_rev) *F(nat_answer)(const struct F(packet) *packet)
{
	struct F(egress_rev_key) key = {
	    .egress = packet->destination,
	    .remote = packet->source,
	    .egress_port = packet->destination_port,
	    .remote_port = F(packet_is_icmp)(packet) ? 0 : packet->source_port,
	    .protocol = packet->protocol,
	};
	struct F(egress_rev) *rev = bpf_map_lookup_elem(&F(egress_nat_rev), &key);

	if (rev && (!is_before(rev->until) || rev->flags || (packet->tcp_flags & (TCP_SYN | TCP_FIN | TCP_RST)) ||
		    !(rev->seen & EGRESS_SEEN_REPLY)))
		F(nat_answered)(rev, packet);
	return rev;
}
