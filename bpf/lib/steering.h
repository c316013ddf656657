/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * steer_choose(): the first healthy gateway of a policy for a pod; the same in both families.
 * steer_by_rank(): the same, and counts nothing
 */
#ifndef EGRESS_STEERING_H
#define EGRESS_STEERING_H

#include "skb.h"

struct steering {
	__u32 policy; /* slot */
	__u32 entry;
	__u32 gateway; /* node */
	/* Of the pod's record. */
	__u32 ifindex;
	__u32 set;
	__u32 egress; /* the pod's egress address there, of IPv6 folded; 0: not known */
	/* Octets, since callers have little stack. */
	__u8 place; /* enum egress_place */
	__u8 way;   /* enum egress_steering, of the pod's record */
	__u8 lost;  /* not 0: of a connection that the pod opened, whose gateway or translation is gone */
	__u8 reserved;
};

/* As address_fold(). */
static __always_inline __u32 steer_egress(const struct egress_address6 *address, __u32 family)
{
	__u32 folded = address->word[0];

	if (family == 4)
		return folded;
	_Pragma("unroll") for (__u32 at = 1; at < 4; at++) folded = egress_mix(folded) ^ address->word[at];
	return folded;
}

/* `family`: 4 or 6. */
static __always_inline int steer_by_rank(__u32 family, struct steering *steering)
{
	struct egress_choice_key key = {.ifindex = steering->ifindex, .policy = steering->policy, .family = family};
	const struct egress_choice *choice = bpf_map_lookup_elem(&egress_choices, &key);
	int reason = EGRESS_DROP_NO_GATEWAY;

	if (!choice)
		return reason;
	/* Without a loop: see nat_claim_some(). */
	_Pragma("unroll") for (__u32 rank = 0; rank < EGRESS_RANKED_GATEWAYS; rank++)
	{
		const struct egress_gateway *gateway;
		__u32 node, entry, egress;

		if (rank >= choice->count)
			break;
		node = choice->ranked[rank].gateway;
		gateway = bpf_map_lookup_elem(&egress_gateways, &node);
		if (!gateway || !gateway->healthy)
			continue;
		entry = choice->ranked[rank].entry;
		egress = steer_egress(&choice->egress[rank], family);
		/* Read where the place is a constant: further down one piece of code would read it for every rank. */
		barrier_var(entry);
		barrier_var(egress);
		if (entry == 0) {
			reason = EGRESS_DROP_NOT_ANNOUNCED;
			continue;
		}
		steering->entry = entry;
		steering->gateway = node;
		steering->place = gateway->place;
		steering->egress = egress;
		return VERDICT_GO;
	}
	return choice->on_no_gateway == EGRESS_NO_GATEWAY_BYPASS ? VERDICT_PASS : reason;
}

static __always_inline int steer_choose(const struct __sk_buff *skb, __u32 family, struct steering *steering)
{
	int verdict = steer_by_rank(family, steering);

	if (verdict == VERDICT_PASS)
		packet_count(skb, EGRESS_COUNT_BYPASSED);
	return verdict;
}

#endif
