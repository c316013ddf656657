/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What becomes of a destination.
 *
 *   in_cluster4(address), in_cluster6(address)   never steered
 *   rule4_find(set, address), rule6_find(...)    the longest prefix of a set
 *   steer(skb, packet, pod, steering)            a pod's packet: VERDICT_GO with a gateway, VERDICT_PASS, or a reason
 */
#ifndef EGRESS_CLASSIFY_H
#define EGRESS_CLASSIFY_H

#include <linux/in6.h>

#include "flows.h"

struct steering {
	__u32 entry;
	__be32 gateway;
	__u8 place; /* enum egress_place */
};

static __always_inline bool in_cluster4(__be32 address)
{
	struct egress_lpm4_key key = {.prefixlen = 32, .address = address};

	return bpf_map_lookup_elem(&egress_cluster4, &key) != NULL;
}

static __always_inline bool in_cluster6(const struct in6_addr *address)
{
	struct egress_lpm6_key key = {.prefixlen = 128};

	__builtin_memcpy(key.address, address, sizeof(key.address));
	return bpf_map_lookup_elem(&egress_cluster6, &key) != NULL;
}

static __always_inline const struct egress_rule *rule4_find(__u32 set, __be32 destination)
{
	struct egress_rule4_key key = {.prefixlen = 64, .set = set, .destination = destination};

	return bpf_map_lookup_elem(&egress_rules4, &key);
}

static __always_inline const struct egress_rule *rule6_find(__u32 set, const struct in6_addr *destination)
{
	struct egress_rule6_key key = {.prefixlen = 160, .set = set};

	__builtin_memcpy(key.destination, destination, sizeof(key.destination));
	return bpf_map_lookup_elem(&egress_rules6, &key);
}

/* The first healthy gateway of the policy for this pod. */
static __always_inline int steer_choose(const struct __sk_buff *skb, __u32 policy, struct steering *steering)
{
	struct egress_choice_key key = {.ifindex = skb->ifindex, .policy = policy};
	const struct egress_choice *choice = bpf_map_lookup_elem(&egress_choices, &key);
	int reason = EGRESS_DROP_NO_GATEWAY;

	if (!choice)
		return reason;
	for (__u32 rank = 0; rank < EGRESS_RANKED_GATEWAYS; rank++) {
		const struct egress_gateway *gateway;
		__be32 address;

		if (rank >= choice->count)
			break;
		address = choice->ranked[rank].gateway;
		gateway = bpf_map_lookup_elem(&egress_gateways, &address);
		if (!gateway || !gateway->healthy)
			continue;
		if (choice->ranked[rank].entry == 0) {
			reason = EGRESS_DROP_NOT_ANNOUNCED;
			continue;
		}
		steering->entry = choice->ranked[rank].entry;
		steering->gateway = address;
		steering->place = gateway->place;
		return VERDICT_GO;
	}
	if (choice->on_no_gateway != EGRESS_NO_GATEWAY_BYPASS)
		return reason;
	packet_count(skb, EGRESS_COUNT_BYPASSED);
	return VERDICT_PASS;
}

/* A packet that no record decides: by the rules of the pod's set. `unreadable` is why its ports couldn't be read. */
static __always_inline int steer_by_rules(struct __sk_buff *skb, const struct packet *packet,
					  const struct egress_pod *pod, const struct egress_flow_key *key,
					  int unreadable, struct steering *steering)
{
	const struct egress_rule *rule = rule4_find(pod->set, packet->destination);
	struct egress_flow flow = {.kind = EGRESS_FLOW_OUT};
	int verdict;

	if (!rule)
		return VERDICT_PASS;
	if (rule->action == EGRESS_ACTION_EXCLUDE) {
		packet_count(skb, EGRESS_COUNT_EXCLUDED);
		return VERDICT_PASS;
	}
	if (rule->action != EGRESS_ACTION_GATEWAY)
		return rule->reason ? rule->reason : EGRESS_DROP_NO_GATEWAY;
	if (packet->fragment)
		return EGRESS_DROP_FRAGMENT;
	if (unreadable)
		return unreadable;
	if (packet->protocol == IPPROTO_ICMP && packet->icmp_type != ICMP_ECHO)
		return EGRESS_DROP_PROTOCOL;
	if (packet_continues_tcp(packet))
		return EGRESS_DROP_NO_FLOW;
	if (packet->ttl <= 1)
		return EGRESS_DROP_TTL;
	flow.policy = rule->policy;
	verdict = steer_choose(skb, flow.policy, steering);
	if (verdict != VERDICT_GO)
		return verdict;
	flow.entry = steering->entry;
	flow.gateway = steering->gateway;
	flow.last = clock_seconds();
	if (bpf_map_update_elem(&egress_flows, key, &flow, BPF_ANY))
		return EGRESS_DROP_FLOWS_FULL;
	return VERDICT_GO;
}

/* The record doesn't decide. */
#define STEER_BY_RULES (-2)

/* A packet with a record: VERDICT_PASS when it is left alone, VERDICT_GO when steering says where it goes. */

static __always_inline int steer_by_record(struct __sk_buff *skb, const struct packet *packet, struct egress_flow *flow,
					   struct steering *steering)
{
	const struct egress_gateway *gateway;
	__be32 address;

	/* A request is never an answer, an answer never a request: each needs the record of its own direction. */
	if (packet->protocol == IPPROTO_ICMP && (packet->icmp_type == ICMP_ECHO) != (flow->kind == EGRESS_FLOW_OUT))
		return STEER_BY_RULES;
	if (flow->kind != EGRESS_FLOW_OUT) {
		flow_touch(flow, packet, true);
		packet_count(skb, EGRESS_COUNT_INBOUND);
		return VERDICT_PASS;
	}
	address = flow->gateway;
	gateway = bpf_map_lookup_elem(&egress_gateways, &address);
	if (!gateway)
		return STEER_BY_RULES;
	/* TCP stays where its translation is; what can begin anew goes on by a gateway that works. */
	if (!gateway->healthy && packet->protocol != IPPROTO_TCP)
		return STEER_BY_RULES;
	flow_touch(flow, packet, true);
	steering->entry = flow->entry;
	steering->gateway = address;
	steering->place = gateway->place;
	return VERDICT_GO;
}

static __always_inline int steer(struct __sk_buff *skb, struct packet *packet, const struct egress_pod *pod,
				 struct steering *steering)
{
	int unreadable = packet->fragment ? 0 : packet_parse_l4(skb, packet);
	struct egress_flow_key key;
	struct egress_flow *flow;
	int verdict;

	flow_of_sent(packet, skb->ifindex, &key);
	if (!packet->fragment && !unreadable && !packet_opens_tcp(packet)) {
		flow = bpf_map_lookup_elem(&egress_flows, &key);
		if (flow) {
			verdict = steer_by_record(skb, packet, flow, steering);
			if (verdict == VERDICT_GO && packet->ttl <= 1)
				return EGRESS_DROP_TTL;
			if (verdict != STEER_BY_RULES)
				return verdict;
		}
	}
	return steer_by_rules(skb, packet, pod, &key, unreadable, steering);
}

#endif
