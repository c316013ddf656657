/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What is IPv6's own (RFC 8200); the functions are ipv4.h's.
 *
 * Extension headers are followed as far as they leave the L4 header where it says: hop-by-hop options, destination
 * options, a routing header that is used up, and the fragment header. What authenticates or hides the packet can't be
 * translated.
 */
#define IPV6_EXTENSIONS	      6
#define IPV6_FRAGMENT_OFFSETS 0xfff9 /* offset and "more" in the fragment header's second word */
#define ND_FIRST	      133    /* router solicitation */
#define ND_LAST		      137    /* redirect */

static __always_inline struct ipv6hdr *packet_ip6(const struct __sk_buff *skb)
{
	void *data = (void *)(long)skb->data;
	void *end = (void *)(long)skb->data_end;

	if (data + ETH_HLEN + sizeof(struct ipv6hdr) > end)
		return NULL;
	return data + ETH_HLEN;
}

static __always_inline bool ipv6_is_extension(__u8 header)
{
	return header == IPPROTO_HOPOPTS || header == IPPROTO_ROUTING || header == IPPROTO_DSTOPTS ||
	       header == IPPROTO_FRAGMENT;
}

/* One extension header; the next one's kind is in packet->protocol. 0 or a drop's reason. */
static __always_inline int ipv6_skip(struct __sk_buff *skb, struct packet6 *packet)
{
	__u8 header[4];
	__u32 length;

	if (bpf_skb_load_bytes(skb, packet->l4, header, sizeof(header)))
		return EGRESS_DROP_MALFORMED;
	/* Segments left: the destination isn't the last one yet, which checksums cover. */
	if (packet->protocol == IPPROTO_ROUTING && header[3] != 0)
		return EGRESS_DROP_EXTENSION;
	length = (header[1] + 1) * 8;
	if (packet->protocol == IPPROTO_FRAGMENT) {
		length = 8;
		/* An atomic fragment is a whole packet (RFC 6946). */
		if ((header[2] << 8 | header[3]) & IPV6_FRAGMENT_OFFSETS)
			packet->fragment = true;
	}
	if (packet->l4_length && packet->l4_length < length)
		return EGRESS_DROP_MALFORMED;
	packet->l4 += length;
	if (packet->l4_length)
		packet->l4_length -= length;
	packet->protocol = header[0];
	return 0;
}

/* A function of its own to the verifier too, for packets that have any. 0 or a drop's reason. */
__noinline int ipv6_extensions(struct __sk_buff *skb, struct packet6 *packet)
{
	int verdict;

	if (!packet)
		return EGRESS_DROP_INTERNAL;
	_Pragma("unroll") for (__u32 at = 0; at < IPV6_EXTENSIONS; at++)
	{
		if (!ipv6_is_extension(packet->protocol) || packet->fragment)
			return 0;
		verdict = ipv6_skip(skb, packet);
		if (verdict)
			return verdict;
	}
	return ipv6_is_extension(packet->protocol) && !packet->fragment ? EGRESS_DROP_EXTENSION : 0;
}

static __always_inline int packet_parse_ip6(struct __sk_buff *skb, struct packet6 *packet)
{
	struct ipv6hdr *ip;
	__u32 length;

	if (!packet_linear(skb, ETH_HLEN + sizeof(struct ipv6hdr)))
		return EGRESS_DROP_MALFORMED;
	ip = packet_ip6(skb);
	if (!ip || ip->version != 6)
		return EGRESS_DROP_MALFORMED;
	length = bpf_ntohs(ip->payload_len);
	/* 0 is BIG TCP's, whose length is in an option (RFC 2675), or nobody's. */
	if ((length == 0 && skb->gso_size == 0 && ip->nexthdr != IPPROTO_NONE) ||
	    length + ETH_HLEN + sizeof(*ip) > skb->len)
		return EGRESS_DROP_MALFORMED;
	packet->l4_length = length;
	packet->reserved[0] = packet->reserved[1] = 0;
	__builtin_memcpy(&packet->source, &ip->saddr, sizeof(packet->source));
	__builtin_memcpy(&packet->destination, &ip->daddr, sizeof(packet->destination));
	packet->source_port = 0;
	packet->destination_port = 0;
	packet->l4 = ETH_HLEN + sizeof(*ip);
	packet->protocol = ip->nexthdr;
	packet->ttl = ip->hop_limit;
	packet->tos = ip->priority << 4 | ip->flow_lbl[0] >> 4;
	packet->tcp_flags = 0;
	packet->icmp_type = 0;
	packet->fragment = false;
	return ipv6_is_extension(packet->protocol) ? ipv6_extensions(skb, packet) : 0;
}

/* Multicast, link-local, and neighbour discovery whatever address it goes to. */
static __always_inline bool packet_is_local6(struct __sk_buff *skb, const struct packet6 *packet)
{
	__u32 first = bpf_ntohl(packet->destination.word[0]);
	__u8 type;

	if (first >> 24 == 0xff || first >> 22 == 0xfe80 >> 6)
		return true;
	return packet->protocol == IPPROTO_ICMPV6 && !packet->fragment &&
	       !bpf_skb_load_bytes(skb, packet->l4, &type, sizeof(type)) && type >= ND_FIRST && type <= ND_LAST;
}

static __always_inline int rewrite_hop6(struct __sk_buff *skb)
{
	struct ipv6hdr *ip = packet_ip6(skb);

	if (!ip)
		return EGRESS_DROP_INTERNAL;
	ip->hop_limit--;
	return 0;
}

/* With one hop less to live. The header has no checksum. */
static __always_inline int rewrite_address6(struct __sk_buff *skb, const struct egress_address6 *address, bool is_source,
					    struct egress_address6 *before)
{
	struct ipv6hdr *ip = packet_ip6(skb);
	struct in6_addr *field;

	if (!ip)
		return EGRESS_DROP_INTERNAL;
	field = is_source ? &ip->saddr : &ip->daddr;
	__builtin_memcpy(before, field, sizeof(*before));
	__builtin_memcpy(field, address, sizeof(*address));
	ip->hop_limit--;
	return 0;
}

static __always_inline void route_ask6(struct bpf_fib_lookup *fib, const struct egress_address6 *source,
				       const struct egress_address6 *destination, __u8 tos)
{
	(void)tos;
	__builtin_memcpy(fib->ipv6_src, source, sizeof(fib->ipv6_src));
	__builtin_memcpy(fib->ipv6_dst, destination, sizeof(fib->ipv6_dst));
}
