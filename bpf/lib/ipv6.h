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
	packet->later = false;
	packet->is_first = false;
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

static __always_inline int rewrite_hops6(struct __sk_buff *skb, __u8 more)
{
	struct ipv6hdr *ip = packet_ip6(skb);

	if (!ip)
		return EGRESS_DROP_INTERNAL;
	ip->hop_limit += more;
	return 0;
}

static __always_inline int rewrite_hop6(struct __sk_buff *skb)
{
	return rewrite_hops6(skb, -1);
}

static __always_inline int rewrite_hop_back6(struct __sk_buff *skb)
{
	return rewrite_hops6(skb, 1);
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

static __always_inline bool packet_is_whole6(const struct __sk_buff *skb)
{
	(void)skb;
	return true;
}

struct ipv6_fragment {
	__u8 next;
	__u8 reserved;
	__be16 offset; /* the lowest three bits aren't its */
	__be32 id;
};

static __always_inline int fragment_place6(struct __sk_buff *skb, const struct packet6 *packet, __u32 *id)
{
	struct ipv6_fragment header;

	if (bpf_skb_load_bytes(skb, packet->l4 - sizeof(header), &header, sizeof(header)))
		return -1;
	*id = header.id;
	return bpf_ntohs(header.offset) & 0xfff8;
}

static __always_inline int packet_quoted6(struct __sk_buff *skb, __u32 at, struct packet6 *packet)
{
	struct ipv6hdr ip;
	int verdict;
	__u32 id;

	if (bpf_skb_load_bytes(skb, at, &ip, sizeof(ip)) || ip.version != 6)
		return EGRESS_DROP_MALFORMED;
	__builtin_memcpy(&packet->source, &ip.saddr, sizeof(packet->source));
	__builtin_memcpy(&packet->destination, &ip.daddr, sizeof(packet->destination));
	packet->protocol = ip.nexthdr;
	packet->l4 = at + sizeof(ip);
	if (!ipv6_is_extension(packet->protocol))
		return 0;
	verdict = ipv6_extensions(skb, packet);
	if (verdict || !packet->fragment)
		return verdict;
	return fragment_place6(skb, packet, &id) ? EGRESS_DROP_ICMP_ERROR : 0;
}

/* The header has no checksum. */
static __always_inline bool quote_header6(struct __sk_buff *skb, __u32 at, __u64 change, __u64 *sum)
{
	(void)skb;
	(void)at;
	(void)change;
	(void)sum;
	return false;
}

/* An ICMPv6 error of ours: 1280 octets (RFC 4443, 2.4 c). */
struct answer6 {
	struct ethhdr eth;
	struct ipv6hdr ip;
	struct icmp_error_header icmp;
	__u8 quoted[1280 - sizeof(struct ipv6hdr) - sizeof(struct icmp_error_header)];
} __attribute__((packed));

static __always_inline bool answer_quotes_tcp6(const struct answer6 *answer)
{
	return ((const struct ipv6hdr *)answer->quoted)->nexthdr == IPPROTO_TCP;
}

static __always_inline void answer_header6(struct answer6 *answer, const void *source, __u32 quoted)
{
	const struct ipv6hdr *about = (const void *)answer->quoted;
	const __u32 length = sizeof(answer->icmp) + quoted;
	__u32 sum;

	answer->ip = (struct ipv6hdr){
	    .version = 6,
	    .payload_len = bpf_htons(length),
	    .nexthdr = FAMILY_ICMP6,
	    .hop_limit = 64,
	};
	__builtin_memcpy(&answer->ip.saddr, source, sizeof(about->daddr));
	__builtin_memcpy(&answer->ip.daddr, &about->saddr, sizeof(about->saddr));
	/* The pseudo header (RFC 8200, 8.1): both addresses lie side by side. */
	sum = sum_fold(bpf_htonl(length) + (__u64)bpf_htonl(FAMILY_ICMP6));
	sum = octets_sum(&answer->ip.saddr, 2 * sizeof(about->saddr), sum);
	answer->icmp.checksum = checksum_of(octets_sum(&answer->icmp, length, sum));
}

static __always_inline __u64 reset_ip6(struct ipv6hdr *ip, const struct packet6 *packet)
{
	__u64 sum = bpf_htons(IPPROTO_TCP) + bpf_htons(sizeof(struct tcphdr));

	*ip = (struct ipv6hdr){
	    .version = 6,
	    .payload_len = bpf_htons(sizeof(struct tcphdr)),
	    .nexthdr = IPPROTO_TCP,
	    .hop_limit = 64,
	};
	__builtin_memcpy(&ip->saddr, &packet->destination, sizeof(ip->saddr));
	__builtin_memcpy(&ip->daddr, &packet->source, sizeof(ip->daddr));
	_Pragma("unroll") for (__u32 word = 0; word < 4; word++) sum +=
	    (__u64)packet->destination.word[word] + packet->source.word[word];
	return sum;
}

static __always_inline void route_ask6(struct bpf_fib_lookup *fib, const struct egress_address6 *source,
				       const struct egress_address6 *destination, __u8 tos)
{
	/* The traffic class, for rules that look at it. */
	fib->flowinfo = bpf_htonl((__u32)tos << 20);
	__builtin_memcpy(fib->ipv6_src, source, sizeof(fib->ipv6_src));
	__builtin_memcpy(fib->ipv6_dst, destination, sizeof(fib->ipv6_dst));
}
