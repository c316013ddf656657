/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * tunnel_receive(): what other nodes send. The device is ours alone, so that whatever isn't right is dropped: the
 * token first, then the outer source, then what the identifier says.
 */
#ifndef EGRESS_TUNNEL_H
#define EGRESS_TUNNEL_H

#include "translate.h"

/* A pod's packet that its node sends here, since this node is the gateway. */
static __always_inline int tunnel_request(struct __sk_buff *skb, struct packet *packet, __u32 entry, __be32 sender,
					  const struct egress_node *node)
{
	int verdict;

	if ((packet->source & node->pod_mask) != node->pod_network)
		return packet_drop(skb, EGRESS_DROP_INNER_SOURCE);
	if (packet->fragment)
		return packet_drop(skb, EGRESS_DROP_FRAGMENT);
	verdict = packet_parse_l4(skb, packet);
	if (verdict)
		return packet_drop(skb, verdict);
	if (packet->protocol == IPPROTO_ICMP && packet->icmp_type != ICMP_ECHO)
		return packet_drop(skb, EGRESS_DROP_PROTOCOL);
	if (packet->ttl <= 1)
		return packet_drop(skb, EGRESS_DROP_TTL);
	return translate_and_leave(skb, packet, entry, sender);
}

/* An answer for a pod of this node: only onto a connection that the pod itself opened. */
static __always_inline int tunnel_reply(struct __sk_buff *skb, struct packet *packet, __u32 entry, __be32 sender)
{
	const struct egress_pod *pod = NULL;
	struct egress_flow_key key;
	struct egress_flow *flow;
	__u32 *ifindex;
	int verdict;

	ifindex = bpf_map_lookup_elem(&egress_pod_ips, &packet->destination);
	if (ifindex)
		pod = bpf_map_lookup_elem(&egress_pods, ifindex);
	if (!ifindex || !pod || pod->ipv4 != packet->destination)
		return packet_drop(skb, EGRESS_DROP_NO_POD);
	if (packet->fragment)
		return packet_drop(skb, EGRESS_DROP_FRAGMENT);
	verdict = packet_parse_l4(skb, packet);
	if (verdict)
		return packet_drop(skb, verdict);
	flow_of_given(packet, *ifindex, &key);
	flow = bpf_map_lookup_elem(&egress_flows, &key);
	if (!flow || flow->kind != EGRESS_FLOW_OUT || flow->entry != entry || flow->gateway != sender)
		return packet_drop(skb, EGRESS_DROP_REPLY_UNKNOWN);
	if (packet->ttl <= 1)
		return packet_drop(skb, EGRESS_DROP_TTL);
	flow_touch(flow, packet, false);
	verdict = rewrite_ttl(skb);
	if (verdict)
		return packet_drop(skb, verdict);
	return deliver(skb, pod);
}

static __always_inline int tunnel_receive(struct __sk_buff *skb)
{
	const struct egress_config *config = config_read();
	const struct egress_node *node;
	struct bpf_tunnel_key key = {};
	struct packet packet;
	__be32 sender;
	__u32 entry;
	int verdict;

	if (!config || !token_accepted(skb, config))
		return packet_drop(skb, EGRESS_DROP_TOKEN);
	if (bpf_skb_get_tunnel_key(skb, &key, TUNNEL_KEY_SIZE, 0))
		return packet_drop(skb, EGRESS_DROP_TUNNEL);
	sender = bpf_htonl(key.remote_ipv4);
	node = bpf_map_lookup_elem(&egress_nodes, &sender);
	if (!node)
		return packet_drop(skb, EGRESS_DROP_OUTER_SOURCE);
	if (key.tunnel_id & EGRESS_VNI_PROBE)
		return packet_drop(skb, EGRESS_DROP_PROBE);
	entry = key.tunnel_id & EGRESS_VNI_ENTRY_MASK;
	if (!entry)
		return packet_drop(skb, EGRESS_DROP_NO_ENTRY);
	if (skb->protocol != bpf_htons(ETH_P_IP))
		return packet_drop(skb, EGRESS_DROP_FAMILY);
	verdict = packet_parse_ip(skb, &packet);
	if (verdict)
		return packet_drop(skb, verdict);
	if (key.tunnel_id & EGRESS_VNI_REPLY)
		return tunnel_reply(skb, &packet, entry, sender);
	return tunnel_request(skb, &packet, entry, sender, node);
}

#endif
