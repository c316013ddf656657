/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Keeps TCP segments small enough for the tunnel: mss_clamp() lowers the option of a SYN or SYN-ACK (RFC 9293, 3.7.1).
 * Done for a local gateway too, since the next one may be remote.
 */
#ifndef TCP_OPTION_END
#define TCP_OPTION_END	      0
#define TCP_OPTION_NOP	      1
#define TCP_OPTION_MSS	      2
#define TCP_OPTION_MSS_LENGTH 4
/* Every system writes the MSS first or nearly so; a SYN that hides it behind more than these keeps it. */
#define TCP_OPTIONS_READ 12

/* Offset of the MSS option from the frame's start; negative when there is none among `options` bytes. */
static __always_inline int mss_find(struct __sk_buff *skb, __u32 at, __u32 options)
{
	__u32 end = at + options;
	__u8 option[2];

	for (int i = 0; i < TCP_OPTIONS_READ; i++) {
		if (at + TCP_OPTION_MSS_LENGTH > end || bpf_skb_load_bytes(skb, at, option, sizeof(option)))
			return -1;
		if (option[0] == TCP_OPTION_MSS)
			return option[1] == TCP_OPTION_MSS_LENGTH ? (int)at : -1;
		if (option[0] == TCP_OPTION_END || (option[0] != TCP_OPTION_NOP && option[1] < 2))
			return -1;
		at += option[0] == TCP_OPTION_NOP ? 1 : option[1];
	}
	return -1;
}

/* For SYN alone, and a function of its own to the verifier too. 0 or EGRESS_DROP_INTERNAL. */
__noinline int mss_lower(struct __sk_buff *skb, __u32 l4, __u32 options, __u32 most)
{
	__u32 from, to;
	__be16 before, after = bpf_htons(most);
	int at = mss_find(skb, l4 + sizeof(struct tcphdr), options);

	if (at < 0)
		return 0;
	if (bpf_skb_load_bytes(skb, at + 2, &before, sizeof(before)))
		return EGRESS_DROP_INTERNAL;
	if (bpf_ntohs(before) <= most)
		return 0;
	/* At an odd offset the two bytes lie in the other halves of the checksum's words. */
	from = (at & 1) ? (__u16)__builtin_bswap16(before) : before;
	to = (at & 1) ? (__u16)__builtin_bswap16(after) : after;
	if (bpf_skb_store_bytes(skb, at + 2, &after, sizeof(after), 0) ||
	    bpf_l4_csum_replace(skb, l4 + TCP_CHECKSUM_OFFSET, from, to, sizeof(after)))
		return EGRESS_DROP_INTERNAL;
	return 0;
}

#endif

/* `mtu` is the largest inner IP packet; 0 leaves the packet as it is. Returns 0 or a drop's reason. */
static __always_inline int F(mss_clamp)(struct __sk_buff *skb, const struct F(packet) *packet, __u32 mtu)
{
	const struct tcphdr *tcp;
	struct tcphdr copy;
	__u32 options;

	if (packet->protocol != IPPROTO_TCP || !(packet->tcp_flags & TCP_SYN))
		return 0;
	if (mtu <= F(FAMILY_IP_HEADER) + sizeof(struct tcphdr) || mtu > 0xffff)
		return 0;
	tcp = F(packet_l4)(skb, packet, &copy, sizeof(*tcp));
	if (!tcp)
		return EGRESS_DROP_INTERNAL;
	options = tcp->doff * 4 - sizeof(*tcp);
	if (packet->l4_length && packet->l4_length < sizeof(*tcp) + options)
		return EGRESS_DROP_MALFORMED;
	return mss_lower(skb, packet->l4, options, mtu - F(FAMILY_IP_HEADER) - sizeof(struct tcphdr));
}
