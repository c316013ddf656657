/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Both sides of a pod's veth.
 *
 *   pod_sends_ipv4(skb), pod_sends_ipv6(skb)   what the program returns
 *   pod_is_given(skb)                          notes who opened what; never drops
 */
#ifndef EGRESS_POD_H
#define EGRESS_POD_H

#include <linux/icmpv6.h>
#include <linux/ipv6.h>

#include "mss.h"
#include "translate.h"

#define ND_FIRST 133 /* router solicitation */
#define ND_LAST	 137 /* redirect */

static __always_inline int pod_sends_ipv4(struct __sk_buff *skb)
{
	__u32 ifindex = skb->ifindex;
	const struct egress_config *config;
	const struct egress_pod *pod;
	struct steering steering = {};
	struct packet packet;
	int verdict;

	verdict = packet_parse_ip(skb, &packet);
	if (verdict)
		return packet_drop(skb, verdict);
	if (in_cluster4(packet.destination))
		return packet_pass();
	pod = bpf_map_lookup_elem(&egress_pods, &ifindex);
	if (!pod)
		return packet_drop(skb, EGRESS_DROP_NO_RECORD);
	if (!pod->ipv4 || packet.source != pod->ipv4)
		return packet_drop(skb, EGRESS_DROP_SPOOFED);
	verdict = steer(skb, &packet, pod, &steering);
	if (verdict == VERDICT_PASS)
		return packet_pass();
	config = config_read();
	if (!config)
		return packet_drop(skb, EGRESS_DROP_INTERNAL);
	if (verdict == VERDICT_GO)
		verdict = mss_clamp(skb, &packet, config->tunnel_mtu);
	if (verdict != VERDICT_GO)
		return packet_drop(skb, verdict);
	if (steering.place == EGRESS_PLACE_LOCAL)
		return translate_and_leave(skb, &packet, steering.entry, 0);
	verdict = rewrite_ttl(skb);
	if (verdict)
		return packet_drop(skb, verdict);
	return leave_by_tunnel(skb, config, steering.entry & EGRESS_VNI_ENTRY_MASK, steering.gateway,
			       EGRESS_COUNT_TUNNELLED);
}

/* Neighbour discovery, and what never leaves the link. */
static __always_inline bool pod_ipv6_is_local(const struct ipv6hdr *ip, const void *end)
{
	const struct icmp6hdr *icmp = (const void *)(ip + 1);
	const __u8 *to = ip->daddr.s6_addr;

	if (to[0] == 0xff || (to[0] == 0xfe && (to[1] & 0xc0) == 0x80))
		return true;
	return ip->nexthdr == IPPROTO_ICMPV6 && (const void *)(&icmp->icmp6_code) <= end &&
	       icmp->icmp6_type >= ND_FIRST && icmp->icmp6_type <= ND_LAST;
}

/* IPv6 isn't carried yet: what a policy claims is dropped, not let go by another address. */
static __always_inline int pod_sends_ipv6(struct __sk_buff *skb)
{
	__u32 ifindex = skb->ifindex;
	const struct egress_rule *rule;
	const struct egress_pod *pod;
	const struct ipv6hdr *ip;
	struct in6_addr to;
	const void *end;

	if (!packet_linear(skb, ETH_HLEN + sizeof(*ip) + 2) && !packet_linear(skb, ETH_HLEN + sizeof(*ip)))
		return packet_drop(skb, EGRESS_DROP_MALFORMED);
	ip = (void *)(long)skb->data + ETH_HLEN;
	end = (void *)(long)skb->data_end;
	if ((const void *)(ip + 1) > end)
		return packet_drop(skb, EGRESS_DROP_MALFORMED);
	if (pod_ipv6_is_local(ip, end))
		return packet_pass();
	to = ip->daddr;
	if (in_cluster6(&to))
		return packet_pass();
	pod = bpf_map_lookup_elem(&egress_pods, &ifindex);
	if (!pod)
		return packet_drop(skb, EGRESS_DROP_NO_RECORD);
	rule = rule6_find(pod->set, &to);
	if (!rule)
		return packet_pass();
	if (rule->action == EGRESS_ACTION_EXCLUDE) {
		packet_count(skb, EGRESS_COUNT_EXCLUDED);
		return packet_pass();
	}
	if (rule->action == EGRESS_ACTION_DROP && rule->reason)
		return packet_drop(skb, rule->reason);
	return packet_drop(skb, EGRESS_DROP_FAMILY);
}

/* Whether a packet without a record may be the first of a connection that somebody outside opens. */
static __always_inline bool pod_is_called(const struct packet *packet, __u32 ifindex)
{
	const struct egress_pod *pod;

	if (packet->protocol == IPPROTO_TCP)
		return packet_opens_tcp(packet);
	if (packet->protocol == IPPROTO_ICMP)
		return packet->icmp_type == ICMP_ECHO;
	/* UDP doesn't tell. From where no policy claims anything an answer needs no record, and there are many. */
	pod = bpf_map_lookup_elem(&egress_pods, &ifindex);
	return pod && rule4_find(pod->set, packet->source);
}

static __always_inline void pod_is_given(struct __sk_buff *skb)
{
	struct egress_flow called = {.kind = EGRESS_FLOW_IN};
	__u32 ifindex = skb->ifindex;
	struct egress_flow_key key;
	struct egress_flow *flow;
	struct packet packet;

	if (packet_parse_ip(skb, &packet) || in_cluster4(packet.source) || packet.fragment ||
	    packet_parse_l4(skb, &packet))
		return;
	flow_of_given(&packet, ifindex, &key);
	flow = bpf_map_lookup_elem(&egress_flows, &key);
	if (flow && !(flow->kind == EGRESS_FLOW_IN && packet_opens_tcp(&packet))) {
		flow_touch(flow, &packet, false);
		return;
	}
	if (!pod_is_called(&packet, ifindex))
		return;
	called.last = clock_seconds();
	if (bpf_map_update_elem(&egress_flows, &key, &called, flow ? BPF_EXIST : BPF_NOEXIST) && !flow)
		packet_count(skb, EGRESS_COUNT_UNRECORDED);
}

#endif
