/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One step of the collector for one connection, in the kernel, since user space can't compare and write at once.
 * The helper decides which connection timed out; here it is marked, or deleted, only if no packet came since.
 */
#ifndef EGRESS_COLLECT_H
#define EGRESS_COLLECT_H

#include "nat.h"

static __always_inline __u32 collect_flow(const struct egress_collect *job)
{
	struct egress_flow_key key = job->flow;
	struct egress_flow *flow = bpf_map_lookup_elem(&egress_flows, &key);

	if (!flow || flow->last != job->last)
		return 0;
	if (job->step == EGRESS_COLLECT_MARK) {
		flow->flags = EGRESS_NAT_DYING;
		return 1;
	}
	return flow->flags == EGRESS_NAT_DYING && !bpf_map_delete_elem(&egress_flows, &key);
}

/* The forward half first: see nat.h. */
static __always_inline __u32 collect_nat(const struct egress_collect *job)
{
	struct egress_fwd_key fwd_key = job->fwd;
	struct egress_rev_key rev_key = job->rev;
	struct egress_fwd *fwd = bpf_map_lookup_elem(&egress_nat_fwd, &fwd_key);
	struct egress_rev *rev = bpf_map_lookup_elem(&egress_nat_rev, &rev_key);

	if (!fwd || fwd->last != job->last || (rev && rev->last != job->rev_last))
		return 0;
	if (job->step == EGRESS_COLLECT_MARK) {
		fwd->flags = EGRESS_NAT_DYING;
		if (rev)
			rev->flags = EGRESS_NAT_DYING;
		return 1;
	}
	if (fwd->flags != EGRESS_NAT_DYING || (rev && rev->flags != EGRESS_NAT_DYING))
		return 0;
	if (bpf_map_delete_elem(&egress_nat_fwd, &fwd_key))
		return 0;
	if (rev && nat_is_half_of(rev, &fwd_key))
		bpf_map_delete_elem(&egress_nat_rev, &rev_key);
	return 1;
}

static __always_inline __u32 collect_orphan(const struct egress_collect *job)
{
	struct egress_fwd_key fwd_key = job->fwd;
	struct egress_rev_key rev_key = job->rev;
	struct egress_fwd *fwd = bpf_map_lookup_elem(&egress_nat_fwd, &fwd_key);
	struct egress_rev *rev = bpf_map_lookup_elem(&egress_nat_rev, &rev_key);

	if (!rev || rev->last != job->rev_last)
		return 0;
	if (fwd && fwd->egress_ipv4 == rev_key.egress_ipv4 && fwd->egress_port == rev_key.egress_port)
		return 0;
	if (job->step == EGRESS_COLLECT_MARK) {
		rev->flags = EGRESS_NAT_DYING;
		return 1;
	}
	return rev->flags == EGRESS_NAT_DYING && !bpf_map_delete_elem(&egress_nat_rev, &rev_key);
}

#endif
