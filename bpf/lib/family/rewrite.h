/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Changes to a packet that keep every checksum right.
 *
 *   rewrite_source(skb, packet, address, port)       with one hop less to live
 *   rewrite(skb, packet, address, port, is_source)   or the destination
 *
 * Each returns 0 or EGRESS_DROP_INTERNAL. The IP header is changed directly. The L4 checksum is left to the kernel's
 * helper, which knows CHECKSUM_PARTIAL, CHECKSUM_COMPLETE and a UDP checksum of zero; it comes last, since it invalidates
 * packet pointers.
 */
#ifndef TCP_CHECKSUM_OFFSET
#define TCP_CHECKSUM_OFFSET    16
#define UDP_CHECKSUM_OFFSET    6
#define ICMP_CHECKSUM_OFFSET   2
#define ICMP_IDENTIFIER_OFFSET 4
#endif

/* Writes two bytes of the L4 header; `before` is what was there. False when they aren't there. */
static __always_inline bool F(rewrite_port)(struct __sk_buff *skb, const struct F(packet) *packet, __u32 offset,
					    __be16 port, __be16 *before)
{
	void *data = (void *)(long)skb->data;
	void *end = (void *)(long)skb->data_end;
	__be16 *field;

	if (packet->l4 != F(FAMILY_PLAIN_L4))
		return !bpf_skb_load_bytes(skb, packet->l4 + offset, before, sizeof(*before)) &&
		       !bpf_skb_store_bytes(skb, packet->l4 + offset, &port, sizeof(port), 0);
	if (data + F(FAMILY_PLAIN_L4) + 8 > end)
		return false;
	field = data + F(FAMILY_PLAIN_L4) + offset;
	*before = *field;
	*field = port;
	return true;
}

/* Where the port (or identifier) and the checksum are, from the L4 header's start. */
static __always_inline bool F(rewrite_offsets)(const struct F(packet) *packet, bool is_source, __u32 *port,
					       __u32 *checksum)
{
	switch (packet->protocol) {
	case IPPROTO_TCP:
		*port = is_source ? 0 : 2;
		*checksum = TCP_CHECKSUM_OFFSET;
		return true;
	case IPPROTO_UDP:
		*port = is_source ? 0 : 2;
		*checksum = UDP_CHECKSUM_OFFSET;
		return true;
	case F(FAMILY_ICMP):
		*port = ICMP_IDENTIFIER_OFFSET;
		*checksum = ICMP_CHECKSUM_OFFSET;
		return true;
	default:
		return false;
	}
}

/* ICMP of IPv4 is the one checksum without a pseudo header. */
static __always_inline bool F(rewrite_has_pseudo_header)(const struct F(packet) *packet)
{
	return IPV == 6 || packet->protocol != FAMILY_ICMP4;
}

static __always_inline int F(rewrite)(struct __sk_buff *skb, const struct F(packet) *packet, const ADDRESS *address,
				      __be16 port, bool is_source)
{
	const struct egress_config *config = IPV == 6 ? config_read() : NULL;
	__u64 flags = packet->protocol == IPPROTO_UDP ? BPF_F_MARK_MANGLED_0 : 0;
	__be16 port_before = port;
	ADDRESS before;
	__u32 at, checksum;

	if (!F(rewrite_offsets)(packet, is_source, &at, &checksum) ||
	    F(rewrite_address)(skb, address, is_source, &before))
		return EGRESS_DROP_INTERNAL;
	/* At a place that the verifier knows. */
	if (!(at == 0	? F(rewrite_port)(skb, packet, 0, port, &port_before)
	      : at == 2 ? F(rewrite_port)(skb, packet, 2, port, &port_before)
			: F(rewrite_port)(skb, packet, ICMP_IDENTIFIER_OFFSET, port, &port_before)))
		return EGRESS_DROP_INTERNAL;
	checksum += packet->l4;
	if (F(rewrite_has_pseudo_header)(packet) &&
	    bpf_l4_csum_replace(skb, checksum, 0, sum_fold(F(address_sum)(&before, address)),
				BPF_F_PSEUDO_HDR | flags | (config ? config->csum_ipv6 : 0)))
		return EGRESS_DROP_INTERNAL;
	if (port_before != port && bpf_l4_csum_replace(skb, checksum, port_before, port, flags | sizeof(port)))
		return EGRESS_DROP_INTERNAL;
	return 0;
}

static __always_inline int F(rewrite_source)(struct __sk_buff *skb, const struct F(packet) *packet,
					     const ADDRESS *address, __be16 port)
{
	return F(rewrite)(skb, packet, address, port, true);
}
