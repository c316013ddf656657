/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the datapath needs to know of a packet, as plain numbers: helper functions invalidate packet pointers, numbers
 * survive.
 *
 *   packet_parse_ip(skb, packet)   addresses, protocol, fragment or not; 0 or a drop's reason (ipv4.h, ipv6.h)
 *   packet_parse_l4(skb, packet)   ports or identifier, flags; 0, EGRESS_DROP_MALFORMED or EGRESS_DROP_PROTOCOL
 *   packet_is_error(packet)        an ICMP error, which quotes another packet
 *   packet_l4(skb, packet, copy, length)   the L4 header for reading, NULL when `length` bytes aren't there
 */
struct F(packet) {
	ADDRESS source;
	ADDRESS destination;
	__be16 source_port; /* ICMP echo: the identifier, in both */
	__be16 destination_port;
	__u32 l4;	 /* offset of the L4 header from the frame's start */
	__u32 l4_length; /* header and payload, by the IP header; 0 when the packet is BIG TCP */
	__u8 protocol;
	__u8 ttl;
	__u8 tos;
	__u8 tcp_flags;
	__u8 icmp_type;
	bool fragment;
	bool later;    /* a fragment that isn't the first: no L4 header */
	bool is_first; /* its connection was looked for, and there was none */
};

/*
 * The first `length` bytes of the L4 header: in the packet where its place is a constant, else copied to `copy` (an IP
 * header with options or extensions; a packet pointer plus a variable takes CAP_PERFMON). NULL when they aren't there.
 */
static __always_inline const void *F(packet_l4)(const struct __sk_buff *skb, const struct F(packet) *packet, void *copy,
						__u32 length)
{
	void *data = (void *)(long)skb->data;
	void *end = (void *)(long)skb->data_end;

	if (packet->l4 == F(FAMILY_PLAIN_L4) && data + F(FAMILY_PLAIN_L4) + length <= end)
		return data + F(FAMILY_PLAIN_L4);
	return bpf_skb_load_bytes(skb, packet->l4, copy, length) ? NULL : copy;
}

/* The packet that an ICMP error quotes. */
struct F(quote) {
	struct F(packet) packet;
	__u32 at;  /* its IP header's offset from the frame's start */
	__u32 end; /* of the error, as its own IP header says */
	__u64 sum; /* what the error's checksum changes by; not folded */
};

static __always_inline bool F(packet_has_l4)(const struct F(packet) *packet, __u32 length)
{
	return packet->l4_length == 0 || packet->l4_length >= length;
}

static __always_inline int F(packet_parse_tcp)(struct __sk_buff *skb, struct F(packet) *packet)
{
	const struct tcphdr *tcp;
	struct tcphdr copy;

	if (!F(packet_has_l4)(packet, sizeof(*tcp)))
		return EGRESS_DROP_MALFORMED;
	tcp = F(packet_l4)(skb, packet, &copy, sizeof(*tcp));
	if (!tcp || tcp->doff < 5)
		return EGRESS_DROP_MALFORMED;
	packet->source_port = tcp->source;
	packet->destination_port = tcp->dest;
	packet->tcp_flags = ((const __u8 *)tcp)[13];
	return 0;
}

static __always_inline int F(packet_parse_udp)(struct __sk_buff *skb, struct F(packet) *packet)
{
	const struct udphdr *udp;
	struct udphdr copy;

	if (!F(packet_has_l4)(packet, sizeof(*udp)))
		return EGRESS_DROP_MALFORMED;
	udp = F(packet_l4)(skb, packet, &copy, sizeof(*udp));
	if (!udp)
		return EGRESS_DROP_MALFORMED;
	packet->source_port = udp->source;
	packet->destination_port = udp->dest;
	return 0;
}

static __always_inline int F(packet_parse_icmp)(struct __sk_buff *skb, struct F(packet) *packet)
{
	const struct icmp_echo *icmp;
	struct icmp_echo copy;

	if (!F(packet_has_l4)(packet, sizeof(*icmp)))
		return EGRESS_DROP_MALFORMED;
	icmp = F(packet_l4)(skb, packet, &copy, sizeof(*icmp));
	if (!icmp)
		return EGRESS_DROP_MALFORMED;
	packet->icmp_type = icmp->type;
	if (icmp->type != F(FAMILY_ECHO) && icmp->type != F(FAMILY_ECHO_REPLY))
		return EGRESS_DROP_PROTOCOL;
	packet->source_port = icmp->id;
	packet->destination_port = icmp->id;
	return 0;
}

/* For a fragment see fragment_read(): what follows its IP header need not be an L4 header. */
static __always_inline int F(packet_parse_l4)(struct __sk_buff *skb, struct F(packet) *packet)
{
	switch (packet->protocol) {
	case IPPROTO_TCP:
		return F(packet_parse_tcp)(skb, packet);
	case IPPROTO_UDP:
		return F(packet_parse_udp)(skb, packet);
	case F(FAMILY_ICMP):
		return F(packet_parse_icmp)(skb, packet);
	default:
		return EGRESS_DROP_PROTOCOL;
	}
}

static __always_inline bool F(packet_is_icmp)(const struct F(packet) *packet)
{
	return packet->protocol == F(FAMILY_ICMP);
}

static __always_inline bool F(packet_is_echo)(const struct F(packet) *packet)
{
	return F(packet_is_icmp)(packet) && packet->icmp_type == F(FAMILY_ECHO);
}

/* The first packet of a TCP connection. */
static __always_inline bool F(packet_opens_tcp)(const struct F(packet) *packet)
{
	return packet->protocol == IPPROTO_TCP && (packet->tcp_flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;
}

/* TCP that can't open a connection. */
static __always_inline bool F(packet_continues_tcp)(const struct F(packet) *packet)
{
	return packet->protocol == IPPROTO_TCP && (packet->tcp_flags & (TCP_SYN | TCP_ACK)) != TCP_SYN;
}

/* Quotes the packet that it is about. A fragment of one isn't followed: none is that large. */
static __always_inline bool F(packet_is_error)(const struct F(packet) *packet)
{
	if (!F(packet_is_icmp)(packet) || packet->fragment)
		return false;
	if (IPV == 6)
		return packet->icmp_type >= 1 && packet->icmp_type <= 4;
	return packet->icmp_type == 3 || packet->icmp_type == 11 || packet->icmp_type == 12;
}

/* Nothing in it changes what is known of its connection. */
static __always_inline bool F(packet_is_ordinary)(const struct F(packet) *packet)
{
	return !(packet->tcp_flags & (TCP_SYN | TCP_FIN | TCP_RST)) && packet->ttl > 1 &&
	       packet->icmp_type == (F(packet_is_icmp)(packet) ? F(FAMILY_ECHO) : 0);
}

static __always_inline __u8 F(packet_seen)(const struct F(packet) *packet)
{
	return ((packet->tcp_flags & TCP_FIN) ? EGRESS_SEEN_FIN : 0) |
	       ((packet->tcp_flags & TCP_RST) ? EGRESS_SEEN_RST : 0);
}
