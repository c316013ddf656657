/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * VXLAN as the device makes it (RFC 7348), written here and sent straight to the underlay: what the device asks the routes
 * of each packet, a connection keeps. For packets that are neither segmented nor fragmented on their way; the others, and
 * one in EGRESS_WAY_JIFFIES, go by the device.
 *
 *   encap_ask(skb, config, node, fib)        the way to another node; false where only the device knows one
 *   encap_suits(skb, config)                 whether this packet may go without the device
 *   leave_encapsulated(skb, ...)             returns what the program returns; drops are counted
 */
#ifndef EGRESS_ENCAP_H
#define EGRESS_ENCAP_H

#include "token.h"

#define ENCAP_VNI_IS_THERE 0x08000000
/* The kernel's net.ipv4.ip_local_port_range, from which the device takes its ports; the second is never taken. */
#define ENCAP_FIRST_PORT 32768
#define ENCAP_LAST_PORT	 60999
#define ENCAP_ECN	 3
#define ENCAP_ECN_CE	 3
#define ENCAP_ECN_ECT0	 2

struct encap_vxlan {
	struct udphdr udp;
	__be32 flags;
	__be32 vni;
	struct ethhdr inner; /* with the token, and what the frame carried */
};

#define ENCAP_VXLAN  (ETH_HLEN + sizeof(struct iphdr))
#define ENCAP_INNER  (ENCAP_VXLAN + 16)
/* More than the frame had. */
#define ENCAP_LENGTH ENCAP_INNER

/*
 * A device without MAC addresses has the kernel's own way of sending. So has a node with an IPv6 address: its header is
 * the device's.
 */
static __always_inline bool encap_ask(struct __sk_buff *skb, const struct egress_config *config, __u32 node,
				      struct bpf_fib_lookup *fib)
{
	if (!config->direct || config->outer_family == 6)
		return false;
	__builtin_memset(fib, 0, sizeof(*fib));
	fib->family = AF_INET;
	fib->l4_protocol = IPPROTO_UDP;
	fib->dport = bpf_htons(EGRESS_TUNNEL_PORT);
	fib->tot_len = config->tunnel_mtu + ENCAP_LENGTH;
	fib->ipv4_src = config->node.word[3];
	fib->ipv4_dst = node;
	fib->ifindex = skb->ifindex;
	return bpf_fib_lookup(skb, fib, sizeof(*fib), 0) == BPF_FIB_LKUP_RET_SUCCESS &&
	       (fib->dmac[0] | fib->dmac[1] | fib->dmac[2] | fib->dmac[3] | fib->dmac[4] | fib->dmac[5]);
}

static __always_inline bool encap_suits(const struct __sk_buff *skb, const struct egress_config *config)
{
	return !skb->gso_size && skb->len <= config->tunnel_mtu + ETH_HLEN;
}

/* As the device has it, so that all packets of a connection take the same of several ways. */
static __always_inline __be16 encap_source_port(struct __sk_buff *skb)
{
	__u32 hash = bpf_get_hash_recalc(skb);

	hash ^= hash << 16;
	return bpf_htons((((__u64)hash * (ENCAP_LAST_PORT - ENCAP_FIRST_PORT)) >> 32) + ENCAP_FIRST_PORT);
}

/* RFC 6040: what a router on the way says of its queue comes out at the other end. */
static __always_inline __u8 encap_tos(__u8 inner)
{
	return (inner & ENCAP_ECN) == ENCAP_ECN_CE ? ENCAP_ECN_ECT0 : inner & ENCAP_ECN;
}

static __always_inline void encap_write_ip(struct iphdr *ip, const struct egress_config *config, __u32 node, __u8 tos,
					   __u32 length)
{
	const __u16 *words = (const __u16 *)(const void *)ip;
	__u32 sum = 0;

	ip->version = 4;
	ip->ihl = sizeof(*ip) / 4;
	ip->tos = encap_tos(tos);
	ip->tot_len = bpf_htons(length);
	/* May be fragmented on its way, as the device's may: two packets on the way at once need two numbers. */
	ip->id = bpf_get_prandom_u32();
	ip->frag_off = 0;
	ip->ttl = TUNNEL_TTL;
	ip->protocol = IPPROTO_UDP;
	ip->check = 0;
	ip->saddr = config->node.word[3];
	ip->daddr = node;
	_Pragma("unroll") for (__u32 at = 0; at < sizeof(*ip) / sizeof(*words); at++) sum += words[at];
	sum = (sum & 0xffff) + (sum >> 16);
	ip->check = ~(__u16)((sum & 0xffff) + (sum >> 16));
}

static __always_inline void encap_write_ethernet(struct ethhdr *eth, const __u8 *to, const __u8 *from, __be16 protocol)
{
	__builtin_memcpy(eth->h_dest, to, ETH_ALEN);
	__builtin_memcpy(eth->h_source, from, ETH_ALEN);
	eth->h_proto = protocol;
}

static __always_inline void encap_write_token(struct ethhdr *inner, const struct egress_config *config)
{
	_Pragma("unroll") for (__u32 at = 0; at < ETH_ALEN; at++)
	{
		inner->h_dest[at] = token_octet(config, 0, at);
		inner->h_source[at] = token_octet(config, 0, ETH_ALEN + at);
	}
}

static __always_inline int leave_encapsulated(struct __sk_buff *skb, const struct egress_config *config,
					      const struct egress_way *way, __u32 ifindex, __u32 vni,
					      __u32 node, __u8 tos)
{
	__be16 port = encap_source_port(skb), protocol = skb->protocol;
	struct encap_vxlan *vxlan;
	__u8 *data;

	if (bpf_skb_adjust_room(skb, ENCAP_LENGTH, BPF_ADJ_ROOM_MAC,
				BPF_F_ADJ_ROOM_ENCAP_L3_IPV4 | BPF_F_ADJ_ROOM_ENCAP_L4_UDP |
				    BPF_F_ADJ_ROOM_ENCAP_L2(ETH_HLEN) | BPF_F_ADJ_ROOM_ENCAP_L2_ETH))
		return packet_drop(skb, EGRESS_DROP_TUNNEL);
	data = (void *)(long)skb->data;
	if (!config->token_count || data + ENCAP_INNER + ETH_HLEN > (__u8 *)(long)skb->data_end)
		return packet_drop(skb, EGRESS_DROP_TUNNEL);
	encap_write_ethernet((void *)data, way->to, way->from, bpf_htons(ETH_P_IP));
	encap_write_ip((void *)(data + ETH_HLEN), config, node, tos, skb->len - ETH_HLEN);
	vxlan = (void *)(data + ENCAP_VXLAN);
	vxlan->udp.source = port;
	vxlan->udp.dest = bpf_htons(EGRESS_TUNNEL_PORT);
	vxlan->udp.len = bpf_htons(skb->len - ENCAP_VXLAN);
	vxlan->udp.check = 0;
	vxlan->flags = bpf_htonl(ENCAP_VNI_IS_THERE);
	vxlan->vni = bpf_htonl(vni << 8);
	encap_write_token(&vxlan->inner, config);
	vxlan->inner.h_proto = protocol;
	/* veth wrote its own queue. */
	skb->queue_mapping = 0;
	packet_count(skb, EGRESS_COUNT_TUNNELLED);
	/* Past the guard at the uplink without being looked at. */
	skb->mark = EGRESS_MARK_OURS;
	return bpf_redirect(ifindex, 0);
}

#endif
