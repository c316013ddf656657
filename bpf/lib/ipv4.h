/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What is IPv4's own (RFC 791).
 *
 *   packet_parse_ip4(skb, packet)
 *   packet_is_local4(skb, packet)          never leaves the link
 *   rewrite_hop4(skb)                      one hop less to live
 *   rewrite_address4(skb, address, is_source, before)
 *   route_ask4(fib, source, destination, tos), route_next4(fib, next)
 */
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
	packet->reserved[0] = packet->reserved[1] = 0;
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

static __always_inline int rewrite_hop4(struct __sk_buff *skb)
{
	struct iphdr *ip = packet_ip4(skb);
	__u16 before;

	if (!ip)
		return EGRESS_DROP_INTERNAL;
	before = ttl_word(ip);
	ip->ttl--;
	ip->check = checksum_replace(ip->check, 0, 0, before, ttl_word(ip));
	return 0;
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

static __always_inline void route_ask4(struct bpf_fib_lookup *fib, const struct egress_address4 *source,
				       const struct egress_address4 *destination, __u8 tos)
{
	fib->tos = tos;
	fib->ipv4_src = source->word[0];
	fib->ipv4_dst = destination->word[0];
}
