/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * uplink_receive(): what the world sends to an egress IP. Any other packet costs one lookup.
 *
 * An unknown packet to an address that the node uses too is the node's; to an address that is ours alone it is
 * dropped, except the ping that the node answers, and what keeps an IPv6 link alive.
 */

/* The pod is on this node: its own veth or its bridge. A function of its own to the verifier too, for the stack. */
__noinline int F(uplink_deliver)(struct __sk_buff *skb, const struct F(packet) *packet,
					     const struct F(egress_rev) *rev)
{
	const struct egress_pod *pod;
	__u32 ifindex;
	__u32 mtu = 0;
	bool by_stack;
	int verdict = 0;

	if (!packet || !rev)
		return packet_drop(skb, EGRESS_DROP_INTERNAL);
	ifindex = rev->ifindex;
	pod = bpf_map_lookup_elem(&egress_pods, &ifindex);
	if (!pod || !F(address_equal)(&pod->F(address), &rev->source))
		return packet_drop(skb, EGRESS_DROP_NO_POD);
	if (F(pod_takes)(skb, pod->deliver_ifindex, &mtu) != VERDICT_GO)
		return F(answer_back)(skb, mtu);
	by_stack = pod->steering == EGRESS_STEERING_STACK && F(flow_answers_by_stack)(rev, &packet->source, packet->source_port, packet->protocol);
	/* Forwarding takes the hop. */
	if (by_stack)
		verdict = F(rewrite_hop_back)(skb);
	if (!verdict)
		verdict = F(fragment_rewrite)(skb, packet, &rev->source, rev->source_port, false);
	if (verdict)
		return packet_drop(skb, verdict);
	packet_count(skb, EGRESS_COUNT_REVERSED);
	count_reversed(skb, rev->policy, rev->counter);
	return by_stack ? deliver_by_stack(skb) : F(deliver)(skb, pod);
}

/* Belongs to no translation. */
static __always_inline int F(uplink_unknown)(struct __sk_buff *skb, const struct F(packet) *packet, __u32 flags)
{
	if (flags & EGRESS_ENTRY_SHARED || F(packet_is_local)(skb, packet))
		return packet_pass();
	if (packet->later)
		return packet_drop(skb, EGRESS_DROP_FIRST_FRAGMENT);
	if (F(packet_is_echo)(packet))
		return packet_pass();
	return packet_drop(skb, EGRESS_DROP_UNSOLICITED);
}

/* Most of what the node is sent: seen at once where the header lies open. */
static __always_inline bool F(uplink_is_others)(const struct __sk_buff *skb)
{
	const __auto_type ip = F(packet_ip)(skb);
	ADDRESS to;

	if (!ip)
		return false;
	__builtin_memcpy(&to, &ip->daddr, sizeof(to));
	return !bpf_map_lookup_elem(&F(egress_ips), &to);
}

__noinline int F(uplink_receive)(struct __sk_buff *skb)
{
	const struct egress_config *config;
	const struct egress_ip *ip;
	struct F(packet) packet;
	struct F(egress_rev) *rev;
	__u32 entry, node;
	int verdict;

	if (F(uplink_is_others)(skb))
		return packet_pass();
	/* Malformed: the stack knows what to do with it, and it can't be for us. */
	if (F(packet_parse_ip)(skb, &packet))
		return packet_pass();
	ip = bpf_map_lookup_elem(&F(egress_ips), &packet.destination);
	if (!ip)
		return packet_pass();
	verdict = packet.fragment ? F(fragment_read)(skb, &packet, EGRESS_FRAG_UPLINK, 0) : F(packet_parse_l4)(skb, &packet);
	if (verdict && F(packet_is_error)(&packet))
		return F(error_arrives)(skb, &packet, ip->flags);
	if (verdict)
		return F(uplink_unknown)(skb, &packet, ip->flags);
	/* A request is never an answer. */
	if (F(packet_is_echo)(&packet))
		return F(uplink_unknown)(skb, &packet, ip->flags);
	rev = F(nat_answer)(&packet);
	if (!rev)
		return F(uplink_unknown)(skb, &packet, ip->flags);
	/* Another's: see foreign.h. */
	if (!rev->entry)
		return packet_pass();
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
	if (F(tunnel_takes)(skb, &packet, config) != VERDICT_GO)
		return F(answer_back)(skb, config->tunnel_mtu);
	verdict = F(fragment_rewrite)(skb, &packet, &rev->source, rev->source_port, false);
	if (verdict)
		return packet_drop(skb, verdict);
	count_reversed(skb, rev->policy, rev->counter);
	return leave_by_tunnel(skb, EGRESS_VNI_REPLY | (entry & EGRESS_VNI_ENTRY_MASK), node,
			       EGRESS_COUNT_REVERSED);
}
