/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The ways out of a node.
 *
 *   leave_by_route(skb, packet, way)             to the world, by the route with source egress IP
 *   leave_by_tunnel(skb, config, vni, node)      to another node
 *   deliver(skb, ifindex, pod)                   to a pod of this node
 *
 * Each returns what the program returns; drops are counted.
 */
#ifndef EGRESS_ROUTE_H
#define EGRESS_ROUTE_H

#include "nat.h"

#ifndef AF_INET
#define AF_INET	 2
#define AF_INET6 10
#endif

/* What kernels before 6.0 know of the structure; a longer one they refuse, and the outer source is routing's. */
#define TUNNEL_KEY_SIZE __builtin_offsetof(struct bpf_tunnel_key, local_ipv4)
#define TUNNEL_TTL	64

static __always_inline long route_redirect_neigh(const struct bpf_fib_lookup *fib)
{
	struct bpf_redir_neigh next = {.nh_family = fib->family};

	if (fib->family == AF_INET6)
		__builtin_memcpy(next.ipv6_nh, fib->ipv6_dst, sizeof(next.ipv6_nh));
	else
		next.ipv4_nh = fib->ipv4_dst;
	return bpf_redirect_neigh(fib->ifindex, &next, sizeof(next), 0);
}

/*
 * With the MAC addresses of the FIB, except once a second: bpf_redirect_neigh keeps the neighbour's state moving, and
 * a stale one is asked again. A redirect to an interface without a route would ask ARP for the whole Internet: so no
 * route is a drop.
 */
static __always_inline int leave_by_route(struct __sk_buff *skb, const struct packet *packet, const struct nat_way *way)
{
	struct bpf_fib_lookup fib = {
	    .family = AF_INET,
	    .l4_protocol = packet->protocol,
	    .sport = way->port,
	    .dport = way->key.remote_port,
	    .tos = packet->tos,
	    .ipv4_src = way->address,
	    .ipv4_dst = way->key.remote,
	    .ifindex = way->entry_ifindex ? way->entry_ifindex : skb->ingress_ifindex,
	};
	struct ethhdr *eth = (void *)(long)skb->data;
	long found;

	/* Only a test run has none. */
	if (!fib.ifindex)
		fib.ifindex = skb->ifindex;
	found = bpf_fib_lookup(skb, &fib, sizeof(fib), way->entry_ifindex ? BPF_FIB_LOOKUP_OUTPUT : 0);
	if (found == BPF_FIB_LKUP_RET_FRAG_NEEDED)
		return packet_drop(skb, EGRESS_DROP_TOO_BIG);
	if (found != BPF_FIB_LKUP_RET_SUCCESS && found != BPF_FIB_LKUP_RET_NO_NEIGH)
		return packet_drop(skb, EGRESS_DROP_NO_ROUTE);
	if (way->entry_ifindex && fib.ifindex != way->entry_ifindex)
		return packet_drop(skb, EGRESS_DROP_NO_ROUTE);
	packet_count(skb, EGRESS_COUNT_TRANSLATED);
	if (found == BPF_FIB_LKUP_RET_NO_NEIGH || way->refresh)
		return route_redirect_neigh(&fib);
	if ((void *)(eth + 1) > (void *)(long)skb->data_end)
		return packet_drop(skb, EGRESS_DROP_INTERNAL);
	__builtin_memcpy(eth->h_dest, fib.dmac, ETH_ALEN);
	__builtin_memcpy(eth->h_source, fib.smac, ETH_ALEN);
	return bpf_redirect(fib.ifindex, 0);
}

/* The first octet of each half is made that of a local unicast MAC address: VXLAN refuses other sources (6.9). */
static __always_inline __u8 token_octet(const struct egress_config *config, __u32 token, __u32 at)
{
	__u8 octet = config->tokens[token][at];

	return at % ETH_ALEN == 0 ? (octet & 0xfc) | 0x02 : octet;
}

static __always_inline bool token_write(struct __sk_buff *skb, const struct egress_config *config)
{
	__u8 *data = (void *)(long)skb->data;

	if (config->token_count == 0 || data + ETH_HLEN > (__u8 *)(long)skb->data_end)
		return false;
	_Pragma("unroll") for (__u32 at = 0; at < EGRESS_TOKEN_LENGTH; at++) data[at] = token_octet(config, 0, at);
	return true;
}

static __always_inline bool token_is(const __u8 *data, const struct egress_config *config, __u32 token)
{
	__u8 difference = 0;

	_Pragma("unroll") for (__u32 at = 0; at < EGRESS_TOKEN_LENGTH; at++) difference |=
	    data[at] ^ token_octet(config, token, at);
	return token < config->token_count && !difference;
}

static __always_inline bool token_accepted(const struct __sk_buff *skb, const struct egress_config *config)
{
	const __u8 *data = (void *)(long)skb->data;

	if (data + ETH_HLEN > (const __u8 *)(long)skb->data_end)
		return false;
	return token_is(data, config, 0) || token_is(data, config, 1);
}
_Static_assert(EGRESS_TOKENS == 2, "token_accepted() compares each");

static __always_inline int leave_by_tunnel(struct __sk_buff *skb, const struct egress_config *config, __u32 vni,
					   __be32 node, __u32 count)
{
	struct bpf_tunnel_key key = {};

	if (!config->tunnel_ifindex || !token_write(skb, config))
		return packet_drop(skb, EGRESS_DROP_TUNNEL);
	key.tunnel_id = vni;
	key.remote_ipv4 = bpf_ntohl(node);
	key.tunnel_ttl = TUNNEL_TTL;
	if (bpf_skb_set_tunnel_key(skb, &key, TUNNEL_KEY_SIZE, BPF_F_ZERO_CSUM_TX))
		return packet_drop(skb, EGRESS_DROP_TUNNEL);
	/* veth wrote its own queue; kept, it would put every tunnel packet on one queue of the uplink. */
	skb->queue_mapping = 0;
	packet_count(skb, count);
	return bpf_redirect(config->tunnel_ifindex, 0);
}

/* Into the device that routes to the pod: its veth, or its bridge, never a bridge port (nothing arrives). */
static __always_inline int deliver(struct __sk_buff *skb, const struct egress_pod *pod)
{
	struct bpf_redir_neigh next = {.nh_family = AF_INET, .ipv4_nh = pod->ipv4};

	packet_count(skb, EGRESS_COUNT_DELIVERED);
	return bpf_redirect_neigh(pod->deliver_ifindex, &next, sizeof(next), 0);
}

#endif
