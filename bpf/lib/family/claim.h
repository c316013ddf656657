/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * nat_create(): a new translation, or the reason why there can't be one.
 *
 * The reverse half is created first, and with NOEXIST: that claims the port. Then the forward half; whoever loses that
 * race deletes its own claim and uses the winner's. Where every port that is tried is in use, one of a connection that
 * is over is taken: see reclaim.h.
 */
#ifndef NAT_TRIES_AT_ONCE
#define NAT_TRIES_AT_ONCE 16
#endif

/*
 * The candidates from `first` on, as many as NAT_TRIES_AT_ONCE; else as nat_claim(). A function of its own to the
 * verifier too. It has no loop, and neither has its caller: without CAP_PERFMON the verifier follows each branch also
 * the way that it can't go, where it has forgotten the counter, and finds a loop without end.
 */
__noinline int F(nat_claim_some)(__u32 first)
{
	struct F(scratch) *scratch = F(scratch_read)();
	struct F(egress_rev) *rev;
	struct F(nat_way) *way;
	struct port_walk walk;

	if (!scratch)
		return EGRESS_DROP_INTERNAL;
	rev = &scratch->rev;
	way = &scratch->way;
	walk = port_walk_from(&scratch->order, first);
	__builtin_memset(rev, 0, sizeof(*rev));
	rev->source = way->key.source;
	rev->source_port = way->key.source_port;
	rev->entry = way->key.entry;
	rev->node = way->node;
	rev->ifindex = way->ifindex;
	rev->last = way->now;
	rev->policy = way->policy;
	rev->counter = way->counter;
	_Pragma("unroll") for (__u32 more = 0; more < NAT_TRIES_AT_ONCE; more++)
	{
		__s32 port = port_candidate(&scratch->order, walk, first + more);
		int verdict;

		if (port < 0)
			continue;
		verdict = F(nat_claim)(way, port, rev);
		if (verdict == VERDICT_GO)
			port_count_tries(first + more);
		if (verdict != VERDICT_PASS)
			return verdict;
	}
	return VERDICT_PASS;
}

/* Another processor was faster with the forward half: its translation is used. VERDICT_GO or a drop's reason. */
static __always_inline int F(nat_yield)(struct F(nat_way) *way)
{
	struct F(egress_half) *winner;

	bpf_map_delete_elem(&F(egress_nat_rev), &way->reverse);
	winner = F(nat_half)(way);
	if (!winner)
		return EGRESS_DROP_INTERNAL;
	way->address = winner->egress;
	way->port = winner->egress_port;
	return VERDICT_GO;
}

static __always_inline void F(nat_half_make)(struct F(egress_half) *half, const struct F(nat_way) *way)
{
	__builtin_memset(half, 0, sizeof(*half));
	half->egress = way->address;
	half->egress_port = way->port;
	half->last = way->now;
	half->created = way->now;
	half->node = way->node;
	half->policy = way->policy;
	half->counter = way->counter;
}

static __always_inline long F(nat_settle_forward)(const struct F(nat_way) *way, struct F(egress_half) *half)
{
	F(nat_half_make)(half, way);
	return bpf_map_update_elem(&F(egress_nat_fwd), &way->key, half, BPF_NOEXIST);
}

static __always_inline long F(nat_settle_flow)(struct F(nat_way) *way, struct F(egress_flow) *flow)
{
	F(nat_flow_key)(&way->flow, &way->key);
	__builtin_memset(flow, 0, sizeof(*flow));
	F(nat_half_make)(&flow->half, way);
	flow->half.node = way->gateway;
	flow->kind = EGRESS_FLOW_OUT;
	flow->place = EGRESS_PLACE_LOCAL;
	flow->ifindex = way->ifindex;
	flow->policy = way->policy;
	flow->entry = way->key.entry;
	return bpf_map_update_elem(&F(egress_flows), &way->flow, flow, BPF_NOEXIST);
}

/*
 * The forward half, for the port that is claimed. VERDICT_GO or a drop's reason; the claim goes with a failure.
 * A function of its own to the verifier too, for the stack.
 */
__noinline int F(nat_settle)(void)
{
	struct F(scratch) *scratch = F(scratch_read)();
	struct F(nat_way) *way;
	long error;

	if (!scratch)
		return EGRESS_DROP_INTERNAL;
	way = &scratch->way;
	error = way->node ? F(nat_settle_forward)(way, &scratch->flow.half) : F(nat_settle_flow)(way, &scratch->flow);
	if (!error) {
		F(use_change)(EGRESS_USE_ENTRY, way->key.entry, 1, 0);
		if (!way->node)
			F(use_change)(EGRESS_USE_POD, way->ifindex, 1, 0);
		if (way->node)
			F(event_of_half)(EGRESS_EVENT_OPENED, &way->key, &scratch->flow.half);
		else
			F(event_of_flow)(EGRESS_EVENT_OPENED, &way->flow, &scratch->flow);
		return VERDICT_GO;
	}
	if (error == -NAT_EEXIST)
		return F(nat_yield)(way);
	bpf_map_delete_elem(&F(egress_nat_rev), &way->reverse);
	return way->node ? EGRESS_DROP_NAT_FULL : EGRESS_DROP_FLOWS_FULL;
}

/* By egress address and remote: for the scratch's way there was no port. */
static __always_inline void F(nat_count_refused)(void)
{
	struct F(scratch) *scratch = F(scratch_read)();
	__u64 one = 1, *refused;

	if (!scratch)
		return;
	scratch->way.reverse.egress_port = 0;
	refused = bpf_map_lookup_elem(&F(egress_refused), &scratch->way.reverse);
	if (refused)
		__sync_fetch_and_add(refused, 1);
	else
		bpf_map_update_elem(&F(egress_refused), &scratch->way.reverse, &one, BPF_ANY);
}

/* With the scratch's way and order. */
static __always_inline int F(nat_create)(void)
{
	int reclaimed;

	_Pragma("unroll") for (__u32 first = 0; first <= EGRESS_PORT_TRIES; first += NAT_TRIES_AT_ONCE)
	{
		int verdict = F(nat_claim_some)(first);

		if (verdict == VERDICT_GO)
			return F(nat_settle)();
		if (verdict != VERDICT_PASS)
			return verdict;
	}
	reclaimed = F(nat_reclaim_some)();
	if (reclaimed == VERDICT_GO)
		return F(nat_settle)();
	if (reclaimed != VERDICT_PASS)
		return reclaimed;
	F(nat_count_refused)();
	return EGRESS_DROP_NO_PORT;
}
