/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Packets that are larger than their way out. Whoever sent one is told, as a router would (RFC 1191, RFC 8201): else it
 * would send the same again.
 *
 *   is_too_big(skb, packet, mtu)          the packet, or each segment that it will be cut into
 *   tunnel_takes(skb, packet, config)     VERDICT_GO or EGRESS_DROP_TOO_BIG
 *   pod_takes(skb, ifindex, mtu)          the same for the device of a pod of this node; `mtu` is its
 *   answer_too_big(skb, mtu)              makes the packet the error about itself; 0 or EGRESS_DROP_TOO_BIG
 *   answer_back(skb, mtu)                 and sends it where it came from: what the program returns
 *
 * Without "don't fragment" a packet goes through the tunnel all the same, since the outer IPv4 packet is cut, and put
 * together by the other node. Nothing else can cut here: not an outer IPv6 packet, nor this program an inner one. Then
 * the sender is told too; Linux minds it whatever it wrote into its packet.
 */
/* The IP packet's length on a link, in octets. */
__noinline __u32 F(segment_length)(struct __sk_buff *skb, const struct F(packet) * packet)
{
	__u32 header = sizeof(struct udphdr);
	__u8 offset = 0;

	if (!packet)
		return 0;
	if (!skb->gso_size)
		return skb->len - ETH_HLEN;
	if (packet->protocol == IPPROTO_TCP) {
		if (bpf_skb_load_bytes(skb, packet->l4 + 12, &offset, sizeof(offset)))
			return 0;
		header = (offset >> 4) * 4;
	}
	return packet->l4 - ETH_HLEN + header + skb->gso_size;
}

static __always_inline bool F(is_too_big)(struct __sk_buff *skb, const struct F(packet) * packet, __u32 mtu)
{
	return skb->len > mtu + ETH_HLEN && F(segment_length)(skb, packet) > mtu;
}

static __always_inline int F(tunnel_takes)(struct __sk_buff *skb, const struct F(packet) * packet,
					   const struct egress_config *config)
{
	if (!config->tunnel_mtu || !F(is_too_big)(skb, packet, config->tunnel_mtu))
		return VERDICT_GO;
	if (config->outer_family == 6 || F(packet_is_whole)(skb))
		return EGRESS_DROP_TOO_BIG;
	packet_count(skb, EGRESS_COUNT_OUTER_FRAGMENTS);
	return VERDICT_GO;
}

/* A veth drops what is too large for it without a word. Every pod's takes what every IPv6 link does. */
static __always_inline int F(pod_takes)(struct __sk_buff *skb, __u32 ifindex, __u32 *mtu)
{
	if (skb->len <= FAMILY_LEAST_MTU6 + ETH_HLEN || skb->gso_size)
		return VERDICT_GO;
	return bpf_check_mtu(skb, ifindex, mtu, 0, 0) == BPF_MTU_CHK_RET_FRAG_NEEDED ? EGRESS_DROP_TOO_BIG : VERDICT_GO;
}

/*
 * A packet that the kernel put together leaves its checksum to the device. Quoted, it still does: the device would
 * write it into the quotation, and the error's own would be wrong. So it gets one that is already what the device
 * finds, c = ~(sum + c): half of ~sum, in the arithmetic of such sums the word turned by a bit. Nobody verifies it,
 * since the quotation is cut off.
 */
static __always_inline void F(answer_settle)(struct F(answer) * answer, __u32 offset, __u32 quoted)
{
	void *l4 = (void *)answer->quoted + F(FAMILY_IP_HEADER);
	__u16 *checksum = l4 + offset;
	__u16 sum;

	*checksum = 0;
	sum = checksum_of(octets_sum(l4, quoted - F(FAMILY_IP_HEADER), 0));
	*checksum = sum >> 1 | sum << 15;
}

static __always_inline void F(answer_turn)(struct F(answer) * answer)
{
	__u8 mac[ETH_ALEN];

	__builtin_memcpy(mac, answer->eth.h_dest, sizeof(mac));
	__builtin_memcpy(answer->eth.h_dest, answer->eth.h_source, sizeof(mac));
	__builtin_memcpy(answer->eth.h_source, mac, sizeof(mac));
}

/* As it came: before anything is rewritten. A function of its own to the verifier too, for the stack. */
__noinline int F(answer_too_big)(struct __sk_buff *skb, __u32 mtu)
{
	bool is_merged = skb->gso_size != 0;
	struct F(answer) * answer;

	/* Then it is longer than what is quoted, too. */
	if (mtu < F(FAMILY_LEAST_MTU) || mtu > 0xffff || skb->len <= sizeof(answer->eth) + sizeof(answer->quoted) ||
	    !answer_may(skb))
		return EGRESS_DROP_TOO_BIG;
	if (bpf_skb_change_tail(skb, sizeof(answer->eth) + sizeof(answer->quoted), 0) ||
	    bpf_skb_adjust_room(skb, F(FAMILY_IP_HEADER) + ICMP_HEADER, BPF_ADJ_ROOM_MAC, 0) ||
	    !packet_linear(skb, sizeof(*answer)))
		return EGRESS_DROP_TOO_BIG;
	answer = (void *)(long)skb->data;
	if ((void *)(answer + 1) > (void *)(long)skb->data_end)
		return EGRESS_DROP_TOO_BIG;
	F(answer_turn)(answer);
	answer->icmp = (struct icmp_error_header){
	    .type = F(FAMILY_TOO_BIG_TYPE),
	    .code = F(FAMILY_TOO_BIG_CODE),
	    .rest = bpf_htonl(mtu),
	};
	if (is_merged && F(answer_quotes_tcp)(answer))
		F(answer_settle)(answer, TCP_CHECKSUM_OFFSET, sizeof(answer->quoted));
	/* Back from where the packet was to go. */
	F(answer_header)(answer, answer->quoted + F(FAMILY_DESTINATION), sizeof(answer->quoted));
	return 0;
}

__noinline int F(answer_back)(struct __sk_buff *skb, __u32 mtu)
{
	int verdict = F(answer_too_big)(skb, mtu);

	if (verdict)
		return packet_drop(skb, verdict);
	packet_count(skb, EGRESS_COUNT_TOO_BIG_ANSWERED);
	return bpf_redirect(skb->ifindex, 0);
}
