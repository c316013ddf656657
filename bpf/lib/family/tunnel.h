/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What other nodes send, once the token, the sender and the entry's number are right (tunnel.h).
 *
 *   tunnel_request(skb, entry, sender)   a pod's packet that its node sends here, since this node is the gateway
 *   tunnel_reply(skb, entry, sender)     an answer for a pod of this node
 */

/*
 * An established translation whose way is kept: what the program returns; else ASKS. A function of its own to the
 * verifier too, for the stack.
 */
__noinline int F(tunnel_goes_on)(struct __sk_buff *skb, struct F(packet) *packet, __u32 entry, __u32 sender)
{
	const struct egress_config *config = config_read();
	const struct F(egress_half) *half;
	struct F(egress_fwd_key) key;

	if (!config || !packet)
		return ASKS;
	F(nat_forward_key)(&key, packet, entry);
	half = bpf_map_lookup_elem(&F(egress_nat_fwd), &key);
	packet->is_first = !half;
	if (!half || half->node != sender || half->flags || !F(way_is_kept)(config, half) ||
	    !F(packet_is_ordinary)(packet) || !F(way_carries)(skb, packet, half))
		return ASKS;
	return F(leave_as_kept)(skb, packet, half);
}

/* Whether a pod of this address may be behind the sender. A function of its own to the verifier too, for the stack. */
__noinline int F(tunnel_sends)(__u32 sender, const ADDRESS *source)
{
	const struct egress_node *node = bpf_map_lookup_elem(&egress_nodes, &sender);

	return node && source && F(address_in)(&node->F(pods), source);
}

__noinline int F(tunnel_request)(struct __sk_buff *skb, __u32 entry, __u32 sender)
{
	struct steering steering = {.entry = entry};
	struct F(packet) packet;
	int verdict;

	if (!bpf_map_lookup_elem(&egress_nodes, &sender))
		return packet_drop(skb, EGRESS_DROP_OUTER_SOURCE);
	verdict = F(packet_parse_ip)(skb, &packet);
	if (verdict)
		return packet_drop(skb, verdict);
	verdict = packet.fragment ? F(fragment_read)(skb, &packet, EGRESS_FRAG_REQUEST, sender)
				  : F(packet_parse_l4)(skb, &packet);
	if (verdict && !F(packet_is_error)(&packet))
		return packet_drop(skb, verdict);
	if (!F(tunnel_sends)(sender, &packet.source))
		return packet_drop(skb, EGRESS_DROP_INNER_SOURCE);
	if (verdict)
		return F(error_leaves)(skb, &packet, entry, sender, 0);
	if (F(packet_is_icmp)(&packet) && !F(packet_is_echo)(&packet))
		return packet_drop(skb, EGRESS_DROP_PROTOCOL);
	verdict = packet.fragment ? ASKS : F(tunnel_goes_on)(skb, &packet, entry, sender);
	if (verdict != ASKS)
		return verdict;
	if (packet.ttl <= 1)
		return F(expired_to_sender)(skb, &packet, entry, sender);
	verdict = F(translate_and_leave)(skb, &packet, &steering, sender);
	return verdict == LOST ? F(reset_lost)(skb, &packet, &steering, sender) : verdict;
}

/* Larger than the pod's device takes: the far end is told as the pod would tell it, through the gateway. */
static __always_inline int F(tunnel_too_big)(struct __sk_buff *skb, __u32 entry, __u32 gateway, __u32 mtu)
{
	int verdict = F(answer_too_big)(skb, mtu);

	if (verdict)
		return packet_drop(skb, verdict);
	return leave_by_tunnel(skb, entry & EGRESS_VNI_ENTRY_MASK, gateway, EGRESS_COUNT_TOO_BIG_ANSWERED);
}

/* Only onto a connection that the pod itself opened, and from where it leaves. */
__noinline int F(tunnel_reply)(struct __sk_buff *skb, __u32 entry, __u32 sender)
{
	const struct egress_pod *pod;
	struct F(egress_flow_key) key;
	struct F(egress_flow) *flow;
	struct F(packet) packet;
	__u32 ifindex, mtu = 0;
	int verdict;

	if (!bpf_map_lookup_elem(&egress_nodes, &sender))
		return packet_drop(skb, EGRESS_DROP_OUTER_SOURCE);
	verdict = F(packet_parse_ip)(skb, &packet);
	if (verdict)
		return packet_drop(skb, verdict);
	verdict = packet.fragment ? F(fragment_read)(skb, &packet, EGRESS_FRAG_REPLY, sender)
				  : F(packet_parse_l4)(skb, &packet);
	if (verdict && F(packet_is_error)(&packet))
		return F(error_is_given)(skb, &packet, entry, sender);
	if (verdict)
		return packet_drop(skb, verdict);
	F(flow_of_given)(&packet, &key);
	flow = bpf_map_lookup_elem(&F(egress_flows), &key);
	if (!flow) {
		if (!bpf_map_lookup_elem(&F(egress_pod_ips), &packet.destination))
			return packet_drop(skb, EGRESS_DROP_NO_POD);
		return packet_drop(skb, EGRESS_DROP_REPLY_UNKNOWN);
	}
	ifindex = flow->ifindex;
	pod = bpf_map_lookup_elem(&egress_pods, &ifindex);
	if (!pod || !F(address_equal)(&pod->F(address), &packet.destination))
		return packet_drop(skb, EGRESS_DROP_NO_POD);
	if (flow->kind != EGRESS_FLOW_OUT || flow->place != EGRESS_PLACE_REMOTE || flow->entry != entry ||
	    flow->half.node != sender)
		return packet_drop(skb, EGRESS_DROP_REPLY_UNKNOWN);
	if (packet.ttl <= 1)
		return packet_drop(skb, EGRESS_DROP_TTL);
	F(flow_is_given)(flow, &packet);
	if (F(pod_takes)(skb, pod->deliver_ifindex, &mtu) != VERDICT_GO)
		return F(tunnel_too_big)(skb, entry, sender, mtu);
	if (flow->half.flags & EGRESS_FLOW_STACK)
		return deliver_by_stack(skb);
	verdict = F(rewrite_hop)(skb);
	if (verdict)
		return packet_drop(skb, verdict);
	count_delivered(skb, flow->policy);
	return F(deliver)(skb, pod);
}
