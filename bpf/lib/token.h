/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The token of the cluster in the inner Ethernet header, and the way into the tunnel.
 *
 *   token_accepted(skb)
 *   leave_by_tunnel(skb, vni, node, count)   returns what the program returns; drops are counted
 *   leave_by_stack(skb), deliver_by_stack(skb)   the same, by way of FORWARD
 *   tunnel_sender(skb, vni)                  the node that sent what came out of the tunnel; 0 for a stranger
 */
#ifndef EGRESS_TOKEN_H
#define EGRESS_TOKEN_H

#include "skb.h"

/* What kernels before 6.0 know of the structure; a longer one they refuse, and the outer source is routing's. */
#define TUNNEL_KEY_SIZE __builtin_offsetof(struct bpf_tunnel_key, local_ipv4)
#define TUNNEL_TTL	64

#ifndef PACKET_HOST
#define PACKET_HOST 0 /* linux/if_packet.h */
#endif

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

/* A function of its own to the verifier too, for the stack. */
__noinline int token_accepted(struct __sk_buff *skb)
{
	const struct egress_config *config = config_read();
	const __u8 *data = (void *)(long)skb->data;

	if (!config || data + ETH_HLEN > (const __u8 *)(long)skb->data_end)
		return false;
	return token_is(data, config, 0) || token_is(data, config, 1);
}
_Static_assert(EGRESS_TOKENS == 2, "token_accepted() compares each");

static __always_inline bool tunnel_key_to4(struct bpf_tunnel_key *key, __u32 node)
{
	key->remote_ipv4 = bpf_ntohl(node);
	return true;
}

static __always_inline bool tunnel_key_to6(struct bpf_tunnel_key *key, __u32 node)
{
	const struct egress_node *record = bpf_map_lookup_elem(&egress_nodes, &node);

	if (!record)
		return false;
	__builtin_memcpy(key->remote_ipv6, &record->outer, sizeof(key->remote_ipv6));
	return true;
}

/*
 * A function of its own to the verifier too. A UDP checksum of zero is for IPv4 alone: receivers of IPv6 refuse it unless
 * told (RFC 6935).
 */
__noinline int leave_by_tunnel(struct __sk_buff *skb, __u32 vni, __u32 node, __u32 count)
{
	const struct egress_config *config = config_read();
	struct bpf_tunnel_key key = {};
	bool is_ipv6;

	if (!config)
		return packet_drop(skb, EGRESS_DROP_INTERNAL);
	is_ipv6 = config->outer_family == 6;
	if (!config->tunnel_ifindex || !token_write(skb, config))
		return packet_drop(skb, EGRESS_DROP_TUNNEL);
	key.tunnel_id = vni;
	key.tunnel_ttl = TUNNEL_TTL;
	if (!(is_ipv6 ? tunnel_key_to6(&key, node) : tunnel_key_to4(&key, node)) ||
	    bpf_skb_set_tunnel_key(skb, &key, TUNNEL_KEY_SIZE, is_ipv6 ? BPF_F_TUNINFO_IPV6 : BPF_F_ZERO_CSUM_TX))
		return packet_drop(skb, EGRESS_DROP_TUNNEL);
	/* veth wrote its own queue; kept, it would put every tunnel packet on one queue of the uplink. */
	skb->queue_mapping = 0;
	packet_count(skb, count);
	return bpf_redirect(config->tunnel_ifindex, 0);
}

/* `key` and `outer` are room. */
static __always_inline __u32 tunnel_sender_in(struct __sk_buff *skb, const struct egress_config *config, __u32 *vni,
					      struct bpf_tunnel_key *key, struct egress_address6 *outer)
{
	__u32 *number;

	if (config->outer_family != 6) {
		if (bpf_skb_get_tunnel_key(skb, key, TUNNEL_KEY_SIZE, 0))
			return 0;
		*vni = key->tunnel_id;
		return bpf_htonl(key->remote_ipv4);
	}
	if (bpf_skb_get_tunnel_key(skb, key, TUNNEL_KEY_SIZE, BPF_F_TUNINFO_IPV6))
		return 0;
	*vni = key->tunnel_id;
	__builtin_memcpy(outer, key->remote_ipv6, sizeof(*outer));
	number = bpf_map_lookup_elem(&egress_node_ids, outer);
	return number ? *number : 0;
}

/* Marked, so that a rule and a route lead it through FORWARD to the tunnel device: see family/stack.h. */
static __always_inline int leave_by_stack(struct __sk_buff *skb)
{
	const struct egress_config *config = config_read();

	if (!config || !config->stack_mark)
		return packet_drop(skb, EGRESS_DROP_STACK);
	skb->mark |= config->stack_mark;
	packet_count(skb, EGRESS_COUNT_STACKED);
	return packet_pass();
}

/* An answer, from now on a packet to this host, which forwards it; VXLAN's own took it for another's by its token. */
static __always_inline int deliver_by_stack(struct __sk_buff *skb)
{
	if (bpf_skb_change_type(skb, PACKET_HOST))
		return packet_drop(skb, EGRESS_DROP_INTERNAL);
	packet_count(skb, EGRESS_COUNT_DELIVERED);
	return packet_pass();
}

/* A function of its own to the verifier too, for the stack. */
__noinline __u32 tunnel_sender(struct __sk_buff *skb, __u32 *vni)
{
	const struct egress_config *config = config_read();
	struct bpf_tunnel_key key = {};
	struct egress_address6 outer;

	return config && vni ? tunnel_sender_in(skb, config, vni, &key, &outer) : 0;
}

#endif
