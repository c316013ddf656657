/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * steer_choose(): the first healthy gateway of a policy for a pod; the same in both families.
 */
#ifndef EGRESS_STEERING_H
#define EGRESS_STEERING_H

#include "skb.h"

struct steering {
	__u32 policy; /* slot */
	__u32 entry;
	__u32 gateway; /* node */
	__u32 place;   /* enum egress_place */
	__u32 ifindex; /* of the pod */
	__u32 way;     /* enum egress_steering, of the pod's record */
};

/* `family`: 4 or 6. */
static __always_inline int steer_choose(const struct __sk_buff *skb, __u32 family, struct steering *steering)
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
		__u32 node;

		if (rank >= choice->count)
			break;
		node = choice->ranked[rank].gateway;
		gateway = bpf_map_lookup_elem(&egress_gateways, &node);
		if (!gateway || !gateway->healthy)
			continue;
		if (choice->ranked[rank].entry == 0) {
			reason = EGRESS_DROP_NOT_ANNOUNCED;
			continue;
		}
		steering->entry = choice->ranked[rank].entry;
		steering->gateway = node;
		steering->place = gateway->place;
		return VERDICT_GO;
	}
	if (choice->on_no_gateway != EGRESS_NO_GATEWAY_BYPASS)
		return reason;
	packet_count(skb, EGRESS_COUNT_BYPASSED);
	return VERDICT_PASS;
}

#endif
