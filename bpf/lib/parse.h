/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the datapath needs to know of an IPv4 packet, as plain numbers: helper functions invalidate packet pointers,
 * numbers survive.
 *
 *   packet_parse_ip(skb, packet)   addresses, protocol, fragment or not; 0 or EGRESS_DROP_MALFORMED
 *   packet_parse_l4(skb, packet)   ports or identifier, flags; 0, EGRESS_DROP_MALFORMED or EGRESS_DROP_PROTOCOL
 *   packet_l4(skb, packet, copy, length) the L4 header for reading, NULL when `length` bytes aren't there
 */
#ifndef EGRESS_PARSE_H
#define EGRESS_PARSE_H

#include <stdbool.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>

#include "count.h"

#define IPV4_MORE_FRAGMENTS  0x2000
#define IPV4_FRAGMENT_OFFSET 0x1fff

#define TCP_FIN 0x01
#define TCP_SYN 0x02
#define TCP_RST 0x04
#define TCP_ACK 0x10

#define L4_WITHOUT_OPTIONS (ETH_HLEN + sizeof(struct iphdr))

/* linux/icmp.h brings the C library's headers along, which know no BPF target. */
#define ICMP_ECHO      8
#define ICMP_ECHOREPLY 0

struct icmp_echo {
	__u8 type;
	__u8 code;
	__sum16 checksum;
	__be16 id;
	__be16 sequence;
};

struct packet {
	__be32 source;
	__be32 destination;
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
	__u8 reserved[2]; /* zero: a function of its own may read no byte that nobody wrote */
};

/* Makes the first `length` bytes directly accessible. Packet pointers are invalid after it. */
static __always_inline bool packet_linear(struct __sk_buff *skb, __u32 length)
{
	void *data = (void *)(long)skb->data;
	void *end = (void *)(long)skb->data_end;

	/* As pointers: to make numbers of them takes CAP_PERFMON. */
	if (data + length <= end)
		return true;
	return length <= skb->len && !bpf_skb_pull_data(skb, length);
}

static __always_inline struct iphdr *packet_ip(const struct __sk_buff *skb)
{
	void *data = (void *)(long)skb->data;
	void *end = (void *)(long)skb->data_end;

	if (data + ETH_HLEN + sizeof(struct iphdr) > end)
		return NULL;
	return data + ETH_HLEN;
}

/*
 * The first `length` bytes of the L4 header: in the packet where its place is a constant, else copied to `copy` (an IP
 * header with options; a packet pointer plus a variable takes CAP_PERFMON). NULL when they aren't there.
 */
static __always_inline const void *packet_l4(const struct __sk_buff *skb, const struct packet *packet, void *copy,
					     __u32 length)
{
	void *data = (void *)(long)skb->data;
	void *end = (void *)(long)skb->data_end;

	if (packet->l4 == L4_WITHOUT_OPTIONS && data + L4_WITHOUT_OPTIONS + length <= end)
		return data + L4_WITHOUT_OPTIONS;
	return bpf_skb_load_bytes(skb, packet->l4, copy, length) ? NULL : copy;
}

static __always_inline int packet_parse_ip(struct __sk_buff *skb, struct packet *packet)
{
	struct iphdr *ip;
	__u32 header, total;

	if (!packet_linear(skb, ETH_HLEN + sizeof(struct iphdr)))
		return EGRESS_DROP_MALFORMED;
	ip = packet_ip(skb);
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
	packet->source = ip->saddr;
	packet->destination = ip->daddr;
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

static __always_inline bool packet_has_l4(const struct packet *packet, __u32 length)
{
	return packet->l4_length == 0 || packet->l4_length >= length;
}

static __always_inline int packet_parse_tcp(struct __sk_buff *skb, struct packet *packet)
{
	const struct tcphdr *tcp;
	struct tcphdr copy;

	if (!packet_has_l4(packet, sizeof(*tcp)))
		return EGRESS_DROP_MALFORMED;
	tcp = packet_l4(skb, packet, &copy, sizeof(*tcp));
	if (!tcp || tcp->doff < 5)
		return EGRESS_DROP_MALFORMED;
	packet->source_port = tcp->source;
	packet->destination_port = tcp->dest;
	packet->tcp_flags = ((const __u8 *)tcp)[13];
	return 0;
}

static __always_inline int packet_parse_udp(struct __sk_buff *skb, struct packet *packet)
{
	const struct udphdr *udp;
	struct udphdr copy;

	if (!packet_has_l4(packet, sizeof(*udp)))
		return EGRESS_DROP_MALFORMED;
	udp = packet_l4(skb, packet, &copy, sizeof(*udp));
	if (!udp)
		return EGRESS_DROP_MALFORMED;
	packet->source_port = udp->source;
	packet->destination_port = udp->dest;
	return 0;
}

static __always_inline int packet_parse_icmp(struct __sk_buff *skb, struct packet *packet)
{
	const struct icmp_echo *icmp;
	struct icmp_echo copy;

	if (!packet_has_l4(packet, sizeof(*icmp)))
		return EGRESS_DROP_MALFORMED;
	icmp = packet_l4(skb, packet, &copy, sizeof(*icmp));
	if (!icmp)
		return EGRESS_DROP_MALFORMED;
	packet->icmp_type = icmp->type;
	if (icmp->type != ICMP_ECHO && icmp->type != ICMP_ECHOREPLY)
		return EGRESS_DROP_PROTOCOL;
	packet->source_port = icmp->id;
	packet->destination_port = icmp->id;
	return 0;
}

/* Not for fragments: what follows their IP header need not be an L4 header. */
static __always_inline int packet_parse_l4(struct __sk_buff *skb, struct packet *packet)
{
	switch (packet->protocol) {
	case IPPROTO_TCP:
		return packet_parse_tcp(skb, packet);
	case IPPROTO_UDP:
		return packet_parse_udp(skb, packet);
	case IPPROTO_ICMP:
		return packet_parse_icmp(skb, packet);
	default:
		return EGRESS_DROP_PROTOCOL;
	}
}

/* The first packet of a TCP connection. */
static __always_inline bool packet_opens_tcp(const struct packet *packet)
{
	return packet->protocol == IPPROTO_TCP && (packet->tcp_flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;
}

/* TCP that can't open a connection. */
static __always_inline bool packet_continues_tcp(const struct packet *packet)
{
	return packet->protocol == IPPROTO_TCP && (packet->tcp_flags & (TCP_SYN | TCP_ACK)) != TCP_SYN;
}

static __always_inline __u8 packet_seen(const struct packet *packet)
{
	return ((packet->tcp_flags & TCP_FIN) ? EGRESS_SEEN_FIN : 0) |
	       ((packet->tcp_flags & TCP_RST) ? EGRESS_SEEN_RST : 0);
}

/* Seconds of the coarse monotonic clock: 17 ns where the exact one costs 40. */
static __always_inline __u32 clock_seconds(void)
{
	return bpf_ktime_get_coarse_ns() / 1000000000;
}

#endif
