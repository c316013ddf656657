/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * uplink_receive(): what the world sends to an egress IP. Any other packet costs one lookup.
 *
 * An unknown packet to an address that the node uses too is the node's; to an address that is ours alone it is
 * dropped, except the ping that the node answers. ICMP errors aren't translated yet: the node takes them for its own
 * address, and they are dropped for ours.
 */
#ifndef EGRESS_UPLINK_H
#define EGRESS_UPLINK_H

#include "flows.h"
#include "mss.h"
#include "rewrite.h"
#include "route.h"

/* The pod is on this node: its own veth or its bridge. */
static __always_inline int uplink_deliver(struct __sk_buff *skb, const struct packet *packet, __u32 ifindex,
					  __be32 address, __be16 port)
{
	const struct egress_pod *pod = bpf_map_lookup_elem(&egress_pods, &ifindex);
	struct packet given = *packet;
	struct egress_flow_key key;
	struct egress_flow *flow;
	int verdict;

	if (!pod || pod->ipv4 != address)
		return packet_drop(skb, EGRESS_DROP_NO_POD);
	given.destination_port = port;
	flow_of_given(&given, ifindex, &key);
	flow = bpf_map_lookup_elem(&egress_flows, &key);
	if (flow)
		flow_touch(flow, packet, false);
	verdict = rewrite_destination(skb, packet, address, port);
	if (verdict)
		return packet_drop(skb, verdict);
	packet_count(skb, EGRESS_COUNT_REVERSED);
	return deliver(skb, pod);
}

/* Belongs to no translation. */
static __always_inline int uplink_unknown(const struct __sk_buff *skb, const struct packet *packet, __u32 flags)
{
	if (flags & EGRESS_ENTRY_SHARED)
		return packet_pass();
	if (packet->fragment)
		return packet_drop(skb, EGRESS_DROP_FRAGMENT);
	if (packet->protocol == IPPROTO_ICMP && packet->icmp_type == ICMP_ECHO)
		return packet_pass();
	return packet_drop(skb, EGRESS_DROP_UNSOLICITED);
}

static __always_inline int uplink_receive(struct __sk_buff *skb)
{
	const struct egress_config *config;
	const struct egress_ip *ip;
	struct packet packet;
	struct egress_rev *rev;
	__u32 flags, entry, ifindex;
	__be32 address, node;
	__be16 port;
	int verdict;

	/* Malformed: the stack knows what to do with it, and it can't be for us. */
	if (packet_parse_ip(skb, &packet))
		return packet_pass();
	ip = bpf_map_lookup_elem(&egress_ips, &packet.destination);
	if (!ip)
		return packet_pass();
	flags = ip->flags;
	if (packet.fragment || packet_parse_l4(skb, &packet))
		return uplink_unknown(skb, &packet, flags);
	/* A request is never an answer. */
	if (packet.protocol == IPPROTO_ICMP && packet.icmp_type == ICMP_ECHO)
		return uplink_unknown(skb, &packet, flags);
	rev = nat_answer(&packet);
	if (!rev)
		return uplink_unknown(skb, &packet, flags);
	address = rev->source;
	port = rev->source_port;
	entry = rev->entry;
	node = rev->node;
	ifindex = rev->ifindex;
	if (packet.ttl <= 1)
		return packet_drop(skb, EGRESS_DROP_TTL);
	config = config_read();
	if (!config)
		return packet_drop(skb, EGRESS_DROP_INTERNAL);
	verdict = mss_clamp(skb, &packet, config->tunnel_mtu);
	if (verdict)
		return packet_drop(skb, verdict);
	if (!node)
		return uplink_deliver(skb, &packet, ifindex, address, port);
	verdict = rewrite_destination(skb, &packet, address, port);
	if (verdict)
		return packet_drop(skb, verdict);
	return leave_by_tunnel(skb, config, EGRESS_VNI_REPLY | (entry & EGRESS_VNI_ENTRY_MASK), node,
			       EGRESS_COUNT_REVERSED);
}

#endif
