/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The packet that an ICMP error quotes, from the IP header on and as much of it as the error has room for.
 *
 *   quote_read(skb, error)                            into the scratch; 0 or a drop's reason
 *   quote_is(quoted, echo)                            no ICMP, or this message
 *   quote_rewrite(skb, from, to, port, is_source)     one of its ends, with every checksum; 0 or EGRESS_DROP_INTERNAL
 */

/* The quoted packet, in the scratch: its ports or identifier. 0 or a drop's reason. */
__noinline int F(quote_read)(struct __sk_buff *skb, const struct F(packet) * error)
{
	struct F(scratch) *scratch = F(scratch_read)();
	struct F(quote) * quote;
	__be16 first[4];
	int verdict;

	if (!scratch || !error)
		return EGRESS_DROP_INTERNAL;
	quote = &scratch->quote;
	__builtin_memset(quote, 0, sizeof(*quote));
	quote->at = error->l4 + ICMP_HEADER;
	quote->end = error->l4 + error->l4_length;
	verdict = F(packet_quoted)(skb, quote->at, &quote->packet);
	if (verdict)
		return verdict;
	/* Eight octets of what is behind the IP header (RFC 792); the frame may be longer than the packet. */
	if (quote->packet.l4 + sizeof(first) > quote->end ||
	    bpf_skb_load_bytes(skb, quote->packet.l4, first, sizeof(first)))
		return EGRESS_DROP_MALFORMED;
	switch (quote->packet.protocol) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
		quote->packet.source_port = first[0];
		quote->packet.destination_port = first[1];
		return 0;
	case F(FAMILY_ICMP):
		quote->packet.icmp_type = bpf_ntohs(first[0]) >> 8;
		quote->packet.source_port = first[2];
		quote->packet.destination_port = first[2];
		return 0;
	default:
		return EGRESS_DROP_ICMP_ERROR;
	}
}

/* Whether an ICMP message that is quoted is the one that goes this way: errors quote a pod's echo requests, or replies
 * to it. */
static __always_inline bool F(quote_is)(const struct F(packet) * quoted, __u8 echo)
{
	return !F(packet_is_icmp)(quoted) || quoted->icmp_type == echo;
}

/* The L4 checksum of what is quoted, where it is quoted and was made. Adds its change to the quotation's. */
static __always_inline int F(quote_checksum)(struct __sk_buff *skb, struct F(quote) * quote, __u64 change)
{
	__u32 at = quote->packet.l4;
	__u16 before, after;

	at += quote->packet.protocol == IPPROTO_TCP   ? TCP_CHECKSUM_OFFSET
	      : quote->packet.protocol == IPPROTO_UDP ? UDP_CHECKSUM_OFFSET
						      : ICMP_CHECKSUM_OFFSET;
	if (at + sizeof(before) > quote->end)
		return 0;
	if (bpf_skb_load_bytes(skb, at, &before, sizeof(before)))
		return EGRESS_DROP_INTERNAL;
	if (quote->packet.protocol == IPPROTO_UDP && !before)
		return 0;
	after = checksum_of((__u16)~before + change);
	if (quote->packet.protocol == IPPROTO_UDP && !after)
		after = 0xffff;
	quote->sum += word_sum(before, after);
	return bpf_skb_store_bytes(skb, at, &after, sizeof(after), 0) ? EGRESS_DROP_INTERNAL : 0;
}

/*
 * Gives the quoted packet's source or destination another address and port, and the error its checksum. The quotation's
 * sum is what has been changed until now. A function of its own to the verifier too, for the stack. 0 or a drop's
 * reason.
 */
__noinline int F(quote_rewrite)(struct __sk_buff *skb, const ADDRESS *from, const ADDRESS *to, __u32 port,
				__u32 is_source)
{
	struct F(scratch) *scratch = F(scratch_read)();
	struct F(quote) * quote;
	__be16 after = port, before;
	__u64 addresses, change;
	__u32 at;

	if (!scratch || !from || !to)
		return EGRESS_DROP_INTERNAL;
	quote = &scratch->quote;
	addresses = F(address_sum)(from, to);
	at = quote->at + (is_source ? F(FAMILY_SOURCE) : F(FAMILY_DESTINATION));
	if (bpf_skb_store_bytes(skb, at, to, sizeof(*to), 0) || F(quote_header)(skb, quote->at, addresses, &quote->sum))
		return EGRESS_DROP_INTERNAL;
	at = quote->packet.l4;
	if (F(packet_is_icmp)(&quote->packet))
		at += ICMP_IDENTIFIER_OFFSET;
	else if (!is_source)
		at += sizeof(before);
	if (bpf_skb_load_bytes(skb, at, &before, sizeof(before)) ||
	    bpf_skb_store_bytes(skb, at, &after, sizeof(after), 0))
		return EGRESS_DROP_INTERNAL;
	change = word_sum(before, after);
	quote->sum += addresses + change;
	if (F(rewrite_has_pseudo_header)(&quote->packet))
		change += addresses;
	at = quote->at - ICMP_HEADER + ICMP_CHECKSUM_OFFSET;
	if (F(quote_checksum)(skb, quote, change) || bpf_l4_csum_replace(skb, at, 0, sum_fold(quote->sum), 0))
		return EGRESS_DROP_INTERNAL;
	return 0;
}
