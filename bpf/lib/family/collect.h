/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One step of the collector for one connection, in the kernel, since user space can't compare and write at once.
 * The helper decides which connection timed out; here it is marked, or deleted, only if no packet came since.
 */
static __always_inline __u32 F(collect_flow)(const struct F(egress_collect) *job)
{
	struct F(egress_flow_key) key = job->flow;
	struct F(egress_flow) *flow = bpf_map_lookup_elem(&F(egress_flows), &key);
	struct F(egress_rev_key) rev_key = job->rev;
	struct F(egress_rev) *rev = bpf_map_lookup_elem(&F(egress_nat_rev), &rev_key);
	struct F(nat_way) way;

	if (!flow || flow->half.last != job->last || (rev && rev->last != job->rev_last))
		return 0;
	if (job->step == EGRESS_COLLECT_MARK) {
		flow->half.flags |= EGRESS_NAT_DYING;
		if (rev)
			rev->flags |= EGRESS_NAT_DYING;
		return 1;
	}
	if (!(flow->half.flags & EGRESS_NAT_DYING) || (rev && !(rev->flags & EGRESS_NAT_DYING)))
		return 0;
	F(flow_forget)(&key, flow, &way);
	return 1;
}

/* The forward half first: see nat.h. */
static __always_inline __u32 F(collect_nat)(const struct F(egress_collect) *job)
{
	struct F(egress_fwd_key) fwd_key = job->fwd;
	struct F(egress_rev_key) rev_key = job->rev;
	struct F(egress_half) *fwd = bpf_map_lookup_elem(&F(egress_nat_fwd), &fwd_key);
	struct F(egress_rev) *rev = bpf_map_lookup_elem(&F(egress_nat_rev), &rev_key);

	if (!fwd || fwd->last != job->last || (rev && rev->last != job->rev_last))
		return 0;
	if (job->step == EGRESS_COLLECT_MARK) {
		fwd->flags |= EGRESS_NAT_DYING;
		if (rev)
			rev->flags |= EGRESS_NAT_DYING;
		return 1;
	}
	if (!(fwd->flags & EGRESS_NAT_DYING) || (rev && !(rev->flags & EGRESS_NAT_DYING)))
		return 0;
	F(event_of_half)(EGRESS_EVENT_CLOSED, &fwd_key, fwd);
	if (bpf_map_delete_elem(&F(egress_nat_fwd), &fwd_key))
		return 0;
	F(use_change)(EGRESS_USE_ENTRY, fwd_key.entry, -1, 0);
	if (rev && F(nat_is_half_of)(rev, &fwd_key))
		bpf_map_delete_elem(&F(egress_nat_rev), &rev_key);
	return 1;
}

/* Whether the forward half that a reverse half belongs to still has its port. */
static __always_inline bool F(collect_has_forward)(const struct F(egress_collect) *job, const struct F(egress_rev) *rev)
{
	struct F(nat_way) way = {.key = job->fwd, .node = rev->node, .ifindex = rev->ifindex};
	const struct F(egress_half) *half = F(nat_half)(&way);

	return half && half->egress_port == job->rev.egress_port &&
	       F(address_equal)(&half->egress, &job->rev.egress);
}

static __always_inline __u32 F(collect_orphan)(const struct F(egress_collect) *job)
{
	struct F(egress_rev_key) rev_key = job->rev;
	struct F(egress_rev) *rev = bpf_map_lookup_elem(&F(egress_nat_rev), &rev_key);
	bool is_claim;

	if (!rev || rev->last != job->rev_last || F(collect_has_forward)(job, rev))
		return 0;
	if (job->step == EGRESS_COLLECT_MARK) {
		rev->flags |= EGRESS_NAT_DYING;
		return 1;
	}
	is_claim = !rev->entry;
	if (!(rev->flags & EGRESS_NAT_DYING) || bpf_map_delete_elem(&F(egress_nat_rev), &rev_key))
		return 0;
	if (is_claim)
		F(use_change)(EGRESS_USE_ENTRY, 0, -1, 0);
	return 1;
}

static __always_inline __u32 F(collect)(struct F(egress_collect) *context)
{
	const volatile __u32 *words = (const volatile __u32 *)context;
	struct F(egress_collect) job;

	/* Word by word, at fixed offsets: a context is read no other way. */
	_Pragma("unroll") for (__u32 word = 0; word < sizeof(job) / sizeof(*words); word++)((__u32 *)&job)[word] =
	    words[word];
	switch (job.table) {
	case EGRESS_COLLECT_FLOW:
		return F(collect_flow)(&job);
	case EGRESS_COLLECT_NAT:
		return F(collect_nat)(&job);
	case EGRESS_COLLECT_ORPHAN:
		return F(collect_orphan)(&job);
	default:
		return 0;
	}
}
