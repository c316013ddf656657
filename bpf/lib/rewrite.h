/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Changes to a packet that keep every checksum right.
 *
 *   rewrite_source(skb, packet, address, port)       with one hop less to live
 *   rewrite_destination(skb, packet, address, port)  the same
 *   rewrite_ttl(skb)                                 one hop less, nothing else
 *
 * Each returns 0 or EGRESS_DROP_INTERNAL. The IP header is changed directly: its checksum covers itself, so that the
 * sum over the whole packet stays. The L4 checksum is left to the kernel's helper, which knows CHECKSUM_PARTIAL,
 * CHECKSUM_COMPLETE and a UDP checksum of zero; it comes last, since it invalidates packet pointers.
 */
#ifndef EGRESS_REWRITE_H
#define EGRESS_REWRITE_H

#include "parse.h"

#define TCP_CHECKSUM_OFFSET    16
#define UDP_CHECKSUM_OFFSET    6
#define ICMP_CHECKSUM_OFFSET   2
#define ICMP_IDENTIFIER_OFFSET 4

static __always_inline __u16 checksum_fold(__u32 sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* RFC 1624, equation 3, over two 16-bit halves and one more word. */
static __always_inline __u16 checksum_replace(__u16 checksum, __u32 from, __u32 to, __u16 word_from, __u16 word_to)
{
	__u32 sum = (__u16)~checksum;

	sum += (__u16) ~(from & 0xffff);
	sum += (__u16) ~(from >> 16);
	sum += (to & 0xffff) + (to >> 16);
	sum += (__u16)~word_from;
	sum += word_to;
	return ~checksum_fold(sum);
}

/* The word of TTL and protocol, as it lies in the packet. */
static __always_inline __u16 ttl_word(const struct iphdr *ip)
{
	return *(const __u16 *)&ip->ttl;
}

static __always_inline int rewrite_ttl(struct __sk_buff *skb)
{
	struct iphdr *ip = packet_ip(skb);
	__u16 before;

	if (!ip)
		return EGRESS_DROP_INTERNAL;
	before = ttl_word(ip);
	ip->ttl--;
	ip->check = checksum_replace(ip->check, 0, 0, before, ttl_word(ip));
	return 0;
}

static __always_inline __be32 rewrite_ip(struct iphdr *ip, __be32 address, bool is_source)
{
	__be32 before = is_source ? ip->saddr : ip->daddr;
	__u16 word = ttl_word(ip);

	ip->ttl--;
	if (is_source)
		ip->saddr = address;
	else
		ip->daddr = address;
	ip->check = checksum_replace(ip->check, before, address, word, ttl_word(ip));
	return before;
}

/* Writes two bytes of the L4 header; `before` is what was there. False when they aren't there. */
static __always_inline bool rewrite_port(struct __sk_buff *skb, const struct packet *packet, __u32 offset, __be16 port,
					 __be16 *before)
{
	void *data = (void *)(long)skb->data;
	void *end = (void *)(long)skb->data_end;
	__be16 *field;

	if (packet->l4 != L4_WITHOUT_OPTIONS)
		return !bpf_skb_load_bytes(skb, packet->l4 + offset, before, sizeof(*before)) &&
		       !bpf_skb_store_bytes(skb, packet->l4 + offset, &port, sizeof(port), 0);
	if (data + L4_WITHOUT_OPTIONS + 8 > end)
		return false;
	field = data + L4_WITHOUT_OPTIONS + offset;
	*before = *field;
	*field = port;
	return true;
}

/* Where the port (or identifier) and the checksum are, from the L4 header's start. */
static __always_inline bool rewrite_offsets(const struct packet *packet, bool is_source, __u32 *port, __u32 *checksum)
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
	case IPPROTO_ICMP:
		*port = ICMP_IDENTIFIER_OFFSET;
		*checksum = ICMP_CHECKSUM_OFFSET;
		return true;
	default:
		return false;
	}
}

static __always_inline int rewrite(struct __sk_buff *skb, const struct packet *packet, __be32 address, __be16 port,
				   bool is_source)
{
	__u32 flags = packet->protocol == IPPROTO_UDP ? BPF_F_MARK_MANGLED_0 : 0, at, checksum;
	struct iphdr *ip = packet_ip(skb);
	__be16 port_before = port;
	__be32 address_before;

	if (!ip || !rewrite_offsets(packet, is_source, &at, &checksum))
		return EGRESS_DROP_INTERNAL;
	address_before = rewrite_ip(ip, address, is_source);
	/* At a place that the verifier knows. */
	if (!(at == 0	? rewrite_port(skb, packet, 0, port, &port_before)
	      : at == 2 ? rewrite_port(skb, packet, 2, port, &port_before)
			: rewrite_port(skb, packet, ICMP_IDENTIFIER_OFFSET, port, &port_before)))
		return EGRESS_DROP_INTERNAL;
	checksum += packet->l4;
	if (packet->protocol != IPPROTO_ICMP && address_before != address &&
	    bpf_l4_csum_replace(skb, checksum, address_before, address, BPF_F_PSEUDO_HDR | flags | sizeof(address)))
		return EGRESS_DROP_INTERNAL;
	if (port_before != port && bpf_l4_csum_replace(skb, checksum, port_before, port, flags | sizeof(port)))
		return EGRESS_DROP_INTERNAL;
	return 0;
}

static __always_inline int rewrite_source(struct __sk_buff *skb, const struct packet *packet, __be32 address,
					  __be16 port)
{
	return rewrite(skb, packet, address, port, true);
}

static __always_inline int rewrite_destination(struct __sk_buff *skb, const struct packet *packet, __be32 address,
					       __be16 port)
{
	return rewrite(skb, packet, address, port, false);
}

#endif
