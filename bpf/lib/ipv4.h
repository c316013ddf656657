/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What is IPv4's own (RFC 791).
 *
 *   packet_parse_ip4(skb, packet)
 *   packet_is_local4(skb, packet)          never leaves the link
 *   rewrite_hop4(skb), rewrite_hop_back4(skb)   one hop less to live, one more
 *   rewrite_address4(skb, address, is_source, before)
 *   packet_is_error4(packet)               an ICMP error
 *   packet_quoted4(skb, at, packet)        the IP header at `at`, as an error quotes it
 *   packet_is_whole4(skb)                  nobody may cut it
 *   fragment_place4(skb, packet, id)       which of which packet's fragments it is
 *   quote_header4(skb, at, change)         the quoted header's checksum, and what it changed by
 *   answer_header4(...)                    the headers of an ICMP error of ours
 *   reset_ip4(ip, packet)                  the IP header of a TCP reset of ours
 *   route_ask4(fib, source, destination, tos), route_next4(fib, next)
 */
#define IPV4_DONT_FRAGMENT   0x4000
#define IPV4_MORE_FRAGMENTS  0x2000
#define IPV4_FRAGMENT_OFFSET 0x1fff

static __always_inline struct iphdr *packet_ip4(const struct __sk_buff *skb)
{
	void *data = (void *)(long)skb->data;
	void *end = (void *)(long)skb->data_end;

	if (data + ETH_HLEN + sizeof(struct iphdr) > end)
		return NULL;
	return data + ETH_HLEN;
}

static __always_inline int packet_parse_ip4(struct __sk_buff *skb, struct packet4 *packet)
{
	struct iphdr *ip;
	__u32 header, total;

	if (!packet_linear(skb, ETH_HLEN + sizeof(struct iphdr)))
		return EGRESS_DROP_MALFORMED;
	ip = packet_ip4(skb);
	if (!ip || ip->version != 4 || ip->ihl < 5)
		return EGRESS_DROP_MALFORMED;
	header = ip->ihl * 4;
	total = bpf_ntohs(ip->tot_len);
	if (total == 0 && skb->gso_size != 0)
		packet->l4_length = 0;
	else if (total < header || total + ETH_HLEN > skb->len)
		return EGRESS_DROP_MALFORMED;
	else
		packet->l4_length = total - header;
	packet->later = false;
	packet->is_first = false;
	packet->source.word[0] = ip->saddr;
	packet->destination.word[0] = ip->daddr;
	packet->source_port = 0;
	packet->destination_port = 0;
	packet->l4 = ETH_HLEN + header;
	packet->protocol = ip->protocol;
	packet->ttl = ip->ttl;
	packet->tos = ip->tos;
	packet->tcp_flags = 0;
	packet->icmp_type = 0;
	packet->fragment = (ip->frag_off & bpf_htons(IPV4_MORE_FRAGMENTS | IPV4_FRAGMENT_OFFSET)) != 0;
	return 0;
}

/* The ranges of the cluster have link-local, multicast and broadcast addresses. */
static __always_inline bool packet_is_local4(const struct __sk_buff *skb, const struct packet4 *packet)
{
	(void)skb;
	(void)packet;
	return false;
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

static __always_inline int rewrite_hops4(struct __sk_buff *skb, __u8 more)
{
	struct iphdr *ip = packet_ip4(skb);
	__u16 before;

	if (!ip)
		return EGRESS_DROP_INTERNAL;
	before = ttl_word(ip);
	ip->ttl += more;
	ip->check = checksum_replace(ip->check, 0, 0, before, ttl_word(ip));
	return 0;
}

static __always_inline int rewrite_hop4(struct __sk_buff *skb)
{
	return rewrite_hops4(skb, -1);
}

static __always_inline int rewrite_hop_back4(struct __sk_buff *skb)
{
	return rewrite_hops4(skb, 1);
}

/* With one hop less to live. The header's checksum covers itself, so that the sum over the whole packet stays. */
static __always_inline int rewrite_address4(struct __sk_buff *skb, const struct egress_address4 *address, bool is_source,
					    struct egress_address4 *before)
{
	struct iphdr *ip = packet_ip4(skb);
	__u16 word;

	if (!ip)
		return EGRESS_DROP_INTERNAL;
	before->word[0] = is_source ? ip->saddr : ip->daddr;
	word = ttl_word(ip);
	ip->ttl--;
	if (is_source)
		ip->saddr = address->word[0];
	else
		ip->daddr = address->word[0];
	ip->check = checksum_replace(ip->check, before->word[0], address->word[0], word, ttl_word(ip));
	return 0;
}

/* 0 or a drop's reason: a later fragment says nothing of its connection. */
static __always_inline int packet_quoted4(struct __sk_buff *skb, __u32 at, struct packet4 *packet)
{
	struct iphdr ip;

	if (bpf_skb_load_bytes(skb, at, &ip, sizeof(ip)) || ip.version != 4 || ip.ihl < 5)
		return EGRESS_DROP_MALFORMED;
	packet->source.word[0] = ip.saddr;
	packet->destination.word[0] = ip.daddr;
	packet->protocol = ip.protocol;
	packet->l4 = at + ip.ihl * 4;
	return ip.frag_off & bpf_htons(IPV4_FRAGMENT_OFFSET) ? EGRESS_DROP_ICMP_ERROR : 0;
}

static __always_inline bool packet_is_whole4(const struct __sk_buff *skb)
{
	const struct iphdr *ip = packet_ip4(skb);

	return ip && ip->frag_off & bpf_htons(IPV4_DONT_FRAGMENT);
}

/* Its offset in octets, or a negative number; `id` as on the wire. */
static __always_inline int fragment_place4(const struct __sk_buff *skb, const struct packet4 *packet, __u32 *id)
{
	const struct iphdr *ip = packet_ip4(skb);

	(void)packet;
	if (!ip)
		return -1;
	*id = ip->id;
	return (bpf_ntohs(ip->frag_off) & IPV4_FRAGMENT_OFFSET) * 8;
}

/* `change`: what its addresses changed by. False says that it worked. */
static __always_inline bool quote_header4(struct __sk_buff *skb, __u32 at, __u64 change, __u64 *sum)
{
	__u16 before, after;

	at += __builtin_offsetof(struct iphdr, check);
	if (bpf_skb_load_bytes(skb, at, &before, sizeof(before)))
		return true;
	after = checksum_of((__u16)~before + change);
	*sum += word_sum(before, after);
	return bpf_skb_store_bytes(skb, at, &after, sizeof(after), 0);
}

/* An ICMP error of ours: 576 octets (RFC 1812, 4.3.2.3). */
struct answer4 {
	struct ethhdr eth;
	struct iphdr ip;
	struct icmp_error_header icmp;
	__u8 quoted[576 - sizeof(struct iphdr) - sizeof(struct icmp_error_header)];
} __attribute__((packed));

/* Behind a header without options. */
static __always_inline bool answer_quotes_tcp4(const struct answer4 *answer)
{
	const struct iphdr *about = (const void *)answer->quoted;

	return about->ihl == 5 && about->protocol == IPPROTO_TCP;
}

/* From `source`, about so many octets of the packet, a constant multiple of four. */
static __always_inline void answer_header4(struct answer4 *answer, const void *source, __u32 quoted)
{
	const struct iphdr *about = (const void *)answer->quoted;
	const __u32 length = sizeof(answer->icmp) + quoted;

	answer->ip = (struct iphdr){
	    .version = 4,
	    .ihl = sizeof(answer->ip) / 4,
	    .tos = 0xc0, /* internetwork control (RFC 1812, 4.3.2.5) */
	    .tot_len = bpf_htons(sizeof(answer->ip) + length),
	    .frag_off = bpf_htons(IPV4_DONT_FRAGMENT),
	    .ttl = 64,
	    .protocol = FAMILY_ICMP4,
	    .daddr = about->saddr,
	};
	__builtin_memcpy(&answer->ip.saddr, source, sizeof(answer->ip.saddr));
	answer->ip.check = checksum_of(octets_sum(&answer->ip, sizeof(answer->ip), 0));
	answer->icmp.checksum = checksum_of(octets_sum(&answer->icmp, length, 0));
}

/* Of a TCP reset: from where the packet was to go. Returns the sum of TCP's pseudo header (RFC 9293, 3.1). */
static __always_inline __u64 reset_ip4(struct iphdr *ip, const struct packet4 *packet)
{
	__u64 sum;

	*ip = (struct iphdr){
	    .version = 4,
	    .ihl = sizeof(*ip) / 4,
	    .tot_len = bpf_htons(sizeof(*ip) + sizeof(struct tcphdr)),
	    .frag_off = bpf_htons(IPV4_DONT_FRAGMENT),
	    .ttl = 64,
	    .protocol = IPPROTO_TCP,
	    .saddr = packet->destination.word[0],
	    .daddr = packet->source.word[0],
	};
	ip->check = checksum_of(octets_sum(ip, sizeof(*ip), 0));
	sum = (__u64)ip->saddr + ip->daddr;
	return sum + bpf_htons(IPPROTO_TCP) + bpf_htons(sizeof(struct tcphdr));
}

static __always_inline void route_ask4(struct bpf_fib_lookup *fib, const struct egress_address4 *source,
				       const struct egress_address4 *destination, __u8 tos)
{
	fib->tos = tos;
	fib->ipv4_src = source->word[0];
	fib->ipv4_dst = destination->word[0];
}
