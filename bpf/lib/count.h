/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The three ways for a program to end, and what is counted on the way.
 *
 *   packet_pass(skb)          not ours: the next program, then the stack
 *   packet_drop(skb, reason)  never without a reason that is counted
 *   packet_count(skb, what)   enum egress_count or enum egress_drop
 */
#ifndef EGRESS_COUNT_H
#define EGRESS_COUNT_H

#include <linux/pkt_cls.h>

#include "maps.h"

/* A verdict of the functions that decide: 0 goes on, a positive number is the reason of a drop. */
#define VERDICT_GO   0
#define VERDICT_PASS (-1)
/* What is kept doesn't decide: neither a verdict nor anything that a program returns. */
#define ASKS (-2)
/* Of a connection in its middle that is lost: not what a program returns either. See family/reset.h. */
#define LOST (-3)
/* Of such a connection, before it is known whether it is lost: see family/moves.h. */
#define MOVES (-4)

static __always_inline void packet_count(const struct __sk_buff *skb, __u32 what)
{
	struct egress_counter *counter = bpf_map_lookup_elem(&egress_counts, &what);

	if (counter) {
		counter->packets++;
		counter->bytes += skb->len;
	}
}

/* Where there is no packet at hand: without its octets. */
static __always_inline void count_one(__u32 what)
{
	struct egress_counter *counter = bpf_map_lookup_elem(&egress_counts, &what);

	if (counter)
		counter->packets++;
}

/* In drops.h, which also says whose packet it was. */
int packet_drop(struct __sk_buff *skb, __u32 reason);

/* -1 is TC_ACT_UNSPEC for clsact and TCX_NEXT for tcx: others at the same hook have their say. */
static __always_inline int packet_pass(void)
{
	return TC_ACT_UNSPEC;
}

#endif
