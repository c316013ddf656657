/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A pod whose node enforces policy in FORWARD is steered by the stack: egress_pod marks its packets, a rule and a route
 * lead them through FORWARD to the tunnel device, and here they go on. The mark says that it is one of them, the pod's
 * record and its connection's say everything else. Answers are led through the stack as long as the connection's last
 * packet was. An ICMP error goes as the connection does that it quotes, so that tracking knows it as RELATED.
 *
 *   stack_send(skb)             at the tunnel device's egress; the mark is cleared already
 */

/* By the rules of now, as egress_pod did it. A function of its own to the verifier too, for the stack. */
__noinline int F(stack_decides)(struct __sk_buff *skb, const struct F(packet) *packet, int unreadable,
				struct steering *steering)
{
	const struct egress_pod *pod;
	__u32 *ifindex;
	int verdict;

	if (!packet || !steering)
		return EGRESS_DROP_INTERNAL;
	ifindex = bpf_map_lookup_elem(&F(egress_pod_ips), &packet->source);
	pod = ifindex ? bpf_map_lookup_elem(&egress_pods, ifindex) : NULL;
	if (!pod || !F(address_equal)(&pod->F(address), &packet->source) || F(in_cluster)(&packet->destination))
		return EGRESS_DROP_STACK;
	F(steer_pod)(pod, *ifindex, steering);
	verdict = F(packet_is_error)(packet) ? F(error_steer)(skb, packet, steering)
					     : F(steer)(skb, packet, unreadable, steering);
	return verdict == VERDICT_PASS ? EGRESS_DROP_STACK : verdict;
}

/* From now on answers go by the stack. A function of its own to the verifier too, for the stack. */
__noinline int F(stack_notes)(const struct F(packet) *packet, __u32 ifindex)
{
	struct F(egress_flow_key) key;
	struct F(egress_flow) *flow;

	if (!packet)
		return 0;
	F(flow_of_sent)(packet, &key);
	flow = bpf_map_lookup_elem(&F(egress_flows), &key);
	if (flow && flow->ifindex == ifindex && !(flow->half.flags & EGRESS_FLOW_STACK))
		flow->half.flags |= EGRESS_FLOW_STACK;
	return 0;
}

__noinline int F(stack_send)(struct __sk_buff *skb)
{
	struct steering steering = {};
	struct F(packet) packet;
	int verdict, unreadable;

	/* Forwarding took the hop that the rewrite takes. */
	verdict = F(rewrite_hop_back)(skb);
	if (!verdict)
		verdict = F(packet_parse_ip)(skb, &packet);
	if (verdict)
		return packet_drop(skb, verdict);
	/* Tracking put a fragmented packet together, and forwarding took it apart again: the first comes first. */
	unreadable = packet.fragment ? F(fragment_read)(skb, &packet, EGRESS_FRAG_POD, skb->ifindex)
				     : F(packet_parse_l4)(skb, &packet);
	verdict = F(stack_decides)(skb, &packet, unreadable, &steering);
	if (verdict == EGRESS_DROP_NO_FLOW && steering.lost)
		return F(reset_lost)(skb, &packet, &steering, 0);
	if (verdict != VERDICT_GO)
		return packet_drop(skb, verdict);
	if (steering.place != EGRESS_PLACE_LOCAL)
		verdict = F(pod_leaves_by_tunnel)(skb, steering.entry, steering.gateway, steering.policy);
	else if (F(packet_is_error)(&packet))
		return F(error_leaves)(skb, &packet, steering.entry, 0, steering.ifindex);
	else
		verdict = F(translate_and_leave)(skb, &packet, &steering, 0);
	if (verdict == LOST)
		return F(reset_lost)(skb, &packet, &steering, 0);
	F(stack_notes)(&packet, steering.ifindex);
	return verdict;
}
