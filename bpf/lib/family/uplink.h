/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * uplink_receive(): what the world sends to an egress IP. Any other packet costs one lookup.
 *
 * An unknown packet to an address that the node uses too is the node's; to an address that is ours alone it is
 * dropped, except the ping that the node answers, and what keeps an IPv6 link alive. ICMP errors aren't translated yet:
 * the node takes them for its own address, and they are dropped for ours.
 */

/* The pod is on this node: its own veth or its bridge. */
static __always_inline int F(uplink_deliver)(struct __sk_buff *skb, const struct F(packet) *packet,
					     const struct F(egress_rev) *rev)
{
	__u32 ifindex = rev->ifindex;
	const struct egress_pod *pod = bpf_map_lookup_elem(&egress_pods, &ifindex);
	int verdict;

	if (!pod || !F(address_equal)(&pod->F(address), &rev->source))
		return packet_drop(skb, EGRESS_DROP_NO_POD);
	verdict = F(rewrite_destination)(skb, packet, &rev->source, rev->source_port);
	if (verdict)
		return packet_drop(skb, verdict);
	packet_count(skb, EGRESS_COUNT_REVERSED);
	return F(deliver)(skb, pod);
}

/* Belongs to no translation. */
static __always_inline int F(uplink_unknown)(struct __sk_buff *skb, const struct F(packet) *packet, __u32 flags)
{
	if (flags & EGRESS_ENTRY_SHARED || F(packet_is_local)(skb, packet))
		return packet_pass();
	if (packet->fragment)
		return packet_drop(skb, EGRESS_DROP_FRAGMENT);
	if (F(packet_is_echo)(packet))
		return packet_pass();
	return packet_drop(skb, EGRESS_DROP_UNSOLICITED);
}

__noinline int F(uplink_receive)(struct __sk_buff *skb)
{
	const struct egress_config *config;
	const struct egress_ip *ip;
	struct F(packet) packet;
	struct F(egress_rev) *rev;
	__u32 entry, node;
	int verdict;

	/* Malformed: the stack knows what to do with it, and it can't be for us. */
	if (F(packet_parse_ip)(skb, &packet))
		return packet_pass();
	ip = bpf_map_lookup_elem(&F(egress_ips), &packet.destination);
	if (!ip)
		return packet_pass();
	if (packet.fragment || F(packet_parse_l4)(skb, &packet))
		return F(uplink_unknown)(skb, &packet, ip->flags);
	/* A request is never an answer. */
	if (F(packet_is_echo)(&packet))
		return F(uplink_unknown)(skb, &packet, ip->flags);
	rev = F(nat_answer)(&packet);
	if (!rev)
		return F(uplink_unknown)(skb, &packet, ip->flags);
	if (packet.ttl <= 1)
		return packet_drop(skb, EGRESS_DROP_TTL);
	config = config_read();
	if (!config)
		return packet_drop(skb, EGRESS_DROP_INTERNAL);
	verdict = F(mss_clamp)(skb, &packet, config->tunnel_mtu);
	if (verdict)
		return packet_drop(skb, verdict);
	node = rev->node;
	if (!node)
		return F(uplink_deliver)(skb, &packet, rev);
	entry = rev->entry;
	verdict = F(rewrite_destination)(skb, &packet, &rev->source, rev->source_port);
	if (verdict)
		return packet_drop(skb, verdict);
	return leave_by_tunnel(skb, EGRESS_VNI_REPLY | (entry & EGRESS_VNI_ENTRY_MASK), node,
			       EGRESS_COUNT_REVERSED);
}
