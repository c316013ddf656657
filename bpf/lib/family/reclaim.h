/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * nat_reclaim_some(): when no port is free, one of a connection that is over: both sides closed it, or one reset it, and
 * nothing came for EGRESS_CLOSED_REST seconds (so that a packet of it that is late or repeated still finds it).
 *
 *   nat_claim(way, port, rev)   one port that is free
 */

/* The reverse half exists afterwards. VERDICT_PASS when the port is another's, or a drop's reason. */
static __always_inline int F(nat_claim)(struct F(nat_way) *way, __u32 port, const struct F(egress_rev) *rev)
{
	long error;

	way->port = bpf_htons(port);
	F(nat_reverse_key)(&way->reverse, &way->key, &way->address, way->port);
	error = bpf_map_update_elem(&F(egress_nat_rev), &way->reverse, rev, BPF_NOEXIST);
	if (!error)
		return VERDICT_GO;
	return error == -NAT_EEXIST ? VERDICT_PASS : EGRESS_DROP_NAT_FULL;
}

static __always_inline bool F(nat_rests)(__u32 now, __u32 last)
{
	return (__s32)(now - last) >= EGRESS_CLOSED_REST;
}

/* Whether a translation is over; `half` is its forward half, NULL when that is gone. */
static __always_inline bool F(nat_is_over)(const struct F(egress_half) *half, const struct F(egress_rev) *rev, __u32 now)
{
	if (!rev->entry || !F(nat_rests)(now, rev->last))
		return false;
	if (!half)
		return true;
	return F(nat_rests)(now, half->last) &&
	       ((half->seen | rev->seen) & EGRESS_SEEN_RST || half->seen & rev->seen & EGRESS_SEEN_FIN);
}

/*
 * Takes the candidate's port when its connection is over. Of several processors one alone has the right to: the one that
 * changes `last`. The old forward half goes before the old reverse half: see nat.h. VERDICT_GO, VERDICT_PASS or a drop's
 * reason. A function of its own to the verifier too.
 */
__noinline int F(nat_reclaim)(__u32 number)
{
	struct F(scratch) *scratch = F(scratch_read)();
	struct F(egress_half) *half;
	struct F(nat_way) *way, *over;
	struct F(egress_rev) *rev;
	__s32 port;
	__u32 last;

	if (!scratch)
		return EGRESS_DROP_INTERNAL;
	way = &scratch->way;
	over = &scratch->over;
	port = port_candidate(&scratch->order, port_walk_from(&scratch->order, number), number);
	if (port < 0)
		return VERDICT_PASS;
	way->port = bpf_htons(port);
	F(nat_reverse_key)(&way->reverse, &way->key, &way->address, way->port);
	rev = bpf_map_lookup_elem(&F(egress_nat_rev), &way->reverse);
	if (!rev)
		return F(nat_claim)(way, port, &scratch->rev);
	last = rev->last;
	over->key = way->key;
	over->key.entry = rev->entry;
	over->key.source = rev->source;
	over->key.source_port = rev->source_port;
	over->node = rev->node;
	over->ifindex = rev->ifindex;
	half = F(nat_half)(over);
	if (half && (half->egress_port != way->port || !F(address_equal)(&half->egress, &way->address)))
		half = NULL;
	if (!F(nat_is_over)(half, rev, way->now) ||
	    __sync_val_compare_and_swap(&rev->last, last, way->now) != last)
		return VERDICT_PASS;
	if (half)
		F(nat_forget)(over, half);
	else
		bpf_map_delete_elem(&F(egress_nat_rev), &way->reverse);
	return F(nat_claim)(way, port, &scratch->rev);
}

/* After nat_claim_some(), with what that left in the scratch. VERDICT_PASS when there is none. */
__noinline int F(nat_reclaim_some)(void)
{
	_Pragma("unroll") for (__u32 number = 0; number <= EGRESS_RECLAIM_TRIES; number++)
	{
		int verdict = F(nat_reclaim)(number);

		if (verdict == VERDICT_GO)
			count_one(EGRESS_COUNT_RECLAIMED);
		if (verdict != VERDICT_PASS)
			return verdict;
	}
	return VERDICT_PASS;
}
