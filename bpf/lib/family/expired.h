/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Packets whose last hop is here. Whoever sent one is told, as a router would (RFC 792, RFC 4443), so that a pod sees
 * where its packets go: its node, then the gateway.
 *
 *   expired_back(skb, packet)                     to the pod, here: what the program returns
 *   expired_to_sender(skb, packet, entry, sender) to the pod behind the tunnel
 *
 * With the IP header and a TCP header's length of what is behind it, since the kernel cuts off no checksum that it left to a
 * device; zeros follow a shorter packet. About an ICMP error nothing is said, nor about a fragment, nor
 * where the node has no address of the family.
 */
#ifndef EXPIRED_BEHIND
#define EXPIRED_BEHIND 20
#endif

/* Makes the packet, as it came, the error about itself; 0 or EGRESS_DROP_TTL. A function of its own to the verifier too. */
__noinline int F(expired_answer)(struct __sk_buff *skb, const struct F(packet) * packet)
{
	const __u32 quoted = F(FAMILY_IP_HEADER) + EXPIRED_BEHIND;
	const __u32 length = ETH_HLEN + F(FAMILY_IP_HEADER) + ICMP_HEADER + quoted;
	const struct egress_config *config = config_read();
	struct F(answer) * answer;

	if (!config || !packet || F(address_is_zero)(&config->F(hop)) || packet->fragment ||
	    packet->l4 != F(FAMILY_PLAIN_L4) || skb->gso_size || F(packet_is_error)(packet) ||
	    skb->len < F(FAMILY_PLAIN_L4) + 8 || !answer_may(skb))
		return EGRESS_DROP_TTL;
	if (bpf_skb_change_tail(skb, ETH_HLEN + quoted, 0) ||
	    bpf_skb_adjust_room(skb, F(FAMILY_IP_HEADER) + ICMP_HEADER, BPF_ADJ_ROOM_MAC, 0) || !packet_linear(skb, length))
		return EGRESS_DROP_TTL;
	answer = (void *)(long)skb->data;
	if ((void *)answer + length > (void *)(long)skb->data_end)
		return EGRESS_DROP_TTL;
	F(answer_turn)(answer);
	answer->icmp = (struct icmp_error_header){.type = F(FAMILY_EXPIRED_TYPE)};
	/* Two ways that don't end alike: made one by the compiler they would be a packet pointer plus a variable. */
	if (packet->protocol == IPPROTO_TCP) {
		F(answer_settle)(answer, TCP_CHECKSUM_OFFSET, quoted);
		asm volatile("# TCP");
	} else if (packet->protocol == IPPROTO_UDP) {
		F(answer_settle)(answer, UDP_CHECKSUM_OFFSET, quoted);
		asm volatile("# UDP");
	}
	F(answer_header)(answer, &config->F(hop), quoted);
	return 0;
}

static __always_inline int F(expired_back)(struct __sk_buff *skb, const struct F(packet) * packet)
{
	int verdict = F(expired_answer)(skb, packet);

	if (verdict)
		return packet_drop(skb, verdict);
	packet_count(skb, EGRESS_COUNT_TTL_ANSWERED);
	return bpf_redirect(skb->ifindex, 0);
}

static __always_inline int F(expired_to_sender)(struct __sk_buff *skb, const struct F(packet) * packet, __u32 entry,
						__u32 sender)
{
	int verdict = F(expired_answer)(skb, packet);

	if (verdict)
		return packet_drop(skb, verdict);
	return leave_by_tunnel(skb, EGRESS_VNI_REPLY | (entry & EGRESS_VNI_ENTRY_MASK), sender, EGRESS_COUNT_TTL_ANSWERED);
}
