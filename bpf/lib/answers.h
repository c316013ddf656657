/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * answer_may(skb): whether one more ICMP error of ours may be sent (RFC 1812, 4.3.2.8; RFC 4443, 2.4 f). A bucket for each
 * processor: so many a second, and as many at once as come in a tenth of one.
 */
#ifndef EGRESS_ANSWERS_H
#define EGRESS_ANSWERS_H

#include "count.h"

/* When the bucket is full again, in nanoseconds of the coarse monotonic clock. */
EGRESS_TABLE(egress_answers, BPF_MAP_TYPE_PERCPU_ARRAY, __u32, __u64, 1, 0);

static __always_inline bool answer_may(const struct __sk_buff *skb)
{
	__u64 now = bpf_ktime_get_coarse_ns(), *full;
	__u32 zero = 0;

	full = bpf_map_lookup_elem(&egress_answers, &zero);
	if (!full)
		return false;
	if (*full < now)
		*full = now;
	if (*full - now > EGRESS_ANSWER_BURST * EGRESS_ANSWER_PAUSE) {
		packet_count(skb, EGRESS_COUNT_ICMP_LIMITED);
		return false;
	}
	*full += EGRESS_ANSWER_PAUSE;
	return true;
}

#endif
