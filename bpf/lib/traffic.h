/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What is counted for a policy, and for an egress address. Arrays: an established connection pays a load each.
 *
 *   count_translated(skb, policy, counter), count_reversed(…)   on the gateway
 *   count_tunnelled(skb, policy), count_delivered(…)            on the pod's node, where another is the gateway
 */
#ifndef EGRESS_TRAFFIC_H
#define EGRESS_TRAFFIC_H

#include "count.h"

static __always_inline void count_up(struct egress_counter *counter, const struct __sk_buff *skb)
{
	counter->packets++;
	counter->bytes += skb->len;
}

static __always_inline struct egress_traffic *traffic_of(__u32 policy)
{
	return policy ? bpf_map_lookup_elem(&egress_traffic, &policy) : NULL;
}

static __always_inline struct egress_ip_traffic *traffic_of_ip(__u32 counter)
{
	return counter ? bpf_map_lookup_elem(&egress_ip_count, &counter) : NULL;
}

static __always_inline void count_translated(const struct __sk_buff *skb, __u32 policy, __u32 counter)
{
	struct egress_traffic *traffic = traffic_of(policy);
	struct egress_ip_traffic *ip = traffic_of_ip(counter);

	packet_count(skb, EGRESS_COUNT_TRANSLATED);
	if (traffic)
		count_up(&traffic->translated, skb);
	if (ip)
		count_up(&ip->translated, skb);
}

/* Without the node's own counter: the way to the pod counts that. */
static __always_inline void count_reversed(const struct __sk_buff *skb, __u32 policy, __u32 counter)
{
	struct egress_traffic *traffic = traffic_of(policy);
	struct egress_ip_traffic *ip = traffic_of_ip(counter);

	if (traffic)
		count_up(&traffic->reversed, skb);
	if (ip)
		count_up(&ip->reversed, skb);
}

static __always_inline void count_tunnelled(const struct __sk_buff *skb, __u32 policy)
{
	struct egress_traffic *traffic = traffic_of(policy);

	if (traffic)
		count_up(&traffic->tunnelled, skb);
}

static __always_inline void count_delivered(const struct __sk_buff *skb, __u32 policy)
{
	struct egress_traffic *traffic = traffic_of(policy);

	if (traffic)
		count_up(&traffic->delivered, skb);
}

#endif
