/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The programs of the datapath; what they do is in lib/, here is the order in which they do it.
 *
 *   egress_pod      pod's veth, host side, ingress     what the pod sends
 *   egress_pod_in   the same veth, egress              what the pod is given
 *   egress_tunnel   our VXLAN device, ingress          requests and replies of other nodes
 *   egress_stack    our VXLAN device, egress           what the stack leads there
 *   egress_uplink   a gateway's uplink, ingress        answers from the world
 *   egress_uplink_out  an uplink, egress               the guard; others' use of a shared address
 *   egress_collectF run by the helper                  one step of the collector
 *   egress_correct  run by the helper                  puts a counter of connections right
 *   egress_trace_in    run for a trace               a packet of another node
 *   egress_csum_probe  run by the helper               what the kernel can
 *
 * Only what is in the kernel since 5.14.
 */
#include "lib/answers.h"
#include "lib/events.h"
#include "lib/ports.h"
#include "lib/steering.h"
#include "lib/token.h"
#include "lib/traffic.h"
#include "lib/encap.h"

#define IPV 4
#include "lib/families.h"
#undef IPV
#define IPV 6
#include "lib/families.h"
#undef IPV

#include "lib/drops.h"
#include "lib/tunnel.h"

SEC("tc")
int egress_pod(struct __sk_buff *skb)
{
	/* A tagged frame hides what it carries from the rules. */
	if (skb->vlan_present || skb->protocol == bpf_htons(ETH_P_8021Q) || skb->protocol == bpf_htons(ETH_P_8021AD))
		return packet_drop(skb, EGRESS_DROP_PROTOCOL);
	switch (skb->protocol) {
	case bpf_htons(ETH_P_IP):
		return pod_sends4(skb);
	case bpf_htons(ETH_P_IPV6):
		return pod_sends6(skb);
	default:
		return packet_pass();
	}
}

SEC("tc")
int egress_pod_in(struct __sk_buff *skb)
{
	if (skb->protocol == bpf_htons(ETH_P_IP))
		pod_is_given4(skb);
	else if (skb->protocol == bpf_htons(ETH_P_IPV6))
		pod_is_given6(skb);
	return packet_pass();
}

SEC("tc")
int egress_tunnel(struct __sk_buff *skb)
{
	return tunnel_receive(skb);
}

/*
 * The mark goes first: the outer packet's route is looked up with it, and would lead here again. What isn't marked was
 * redirected by a program and has its tunnel key; without one the device sends nothing.
 */
SEC("tc")
int egress_stack(struct __sk_buff *skb)
{
	const struct egress_config *config = config_read();

	if (!config || !config->stack_mark || (skb->mark & config->stack_mark) != config->stack_mark)
		return packet_pass();
	skb->mark &= ~config->stack_mark;
	switch (skb->protocol) {
	case bpf_htons(ETH_P_IP):
		return stack_send4(skb);
	case bpf_htons(ETH_P_IPV6):
		return stack_send6(skb);
	default:
		return packet_drop(skb, EGRESS_DROP_STACK);
	}
}

SEC("tc")
int egress_uplink(struct __sk_buff *skb)
{
	switch (skb->protocol) {
	case bpf_htons(ETH_P_IP):
		return uplink_receive4(skb);
	case bpf_htons(ETH_P_IPV6):
		return uplink_receive6(skb);
	default:
		return packet_pass();
	}
}

/*
 * What the datapath sent is known by its mark, which a packet loses between network namespaces, so that no pod has it, and
 * by having come in by an interface, which no socket's packet has: a container of the node's network may set a mark.
 */
SEC("tc")
int egress_uplink_out(struct __sk_buff *skb)
{
	if (skb->mark == EGRESS_MARK_OURS && skb->ingress_ifindex) {
		skb->mark = 0;
		return packet_pass();
	}
	switch (skb->protocol) {
	case bpf_htons(ETH_P_IP):
		return uplink_send4(skb);
	case bpf_htons(ETH_P_IPV6):
		return uplink_send6(skb);
	default:
		return packet_pass();
	}
}

/*
 * A packet of another node, for a trace: the control block has the tunnel's identifier and the outer
 * source, of IPv4 mapped. Reading a key gives the outer source, which a program sets as the local address (since 6.0).
 */
SEC("tc")
int egress_trace_in(struct __sk_buff *skb)
{
	const struct egress_config *config = config_read();
	struct bpf_tunnel_key *key;
	struct drop_room *room;
	__u32 zero = 0;
	bool is_ipv6;

	room = bpf_map_lookup_elem(&egress_drop_room, &zero);
	if (!config || !room)
		return TC_ACT_SHOT;
	key = &room->tunnel;
	__builtin_memset(key, 0, sizeof(*key));
	is_ipv6 = config->outer_family == 6;
	key->tunnel_id = skb->cb[0];
	key->tunnel_ttl = TUNNEL_TTL;
	/* local_ipv4 is the first word of local_ipv6. */
	key->local_ipv6[0] = is_ipv6 ? skb->cb[1] : bpf_ntohl(skb->cb[4]);
	key->local_ipv6[1] = is_ipv6 ? skb->cb[2] : 0;
	key->local_ipv6[2] = is_ipv6 ? skb->cb[3] : 0;
	key->local_ipv6[3] = is_ipv6 ? skb->cb[4] : 0;
	if (bpf_skb_set_tunnel_key(skb, key, sizeof(*key), is_ipv6 ? BPF_F_TUNINFO_IPV6 : 0))
		return packet_drop(skb, EGRESS_DROP_TUNNEL);
	return tunnel_receive(skb);
}

/* Run once by the helper: 0 where the kernel knows BPF_F_IPV6. Without it a checksum that the network card made is wrong. */
SEC("tc")
int egress_csum_probe(struct __sk_buff *skb)
{
	return bpf_l4_csum_replace(skb, ETH_HLEN, 0, 0, BPF_F_PSEUDO_HDR | EGRESS_CSUM_IPV6) ? 1 : 0;
}

SEC("syscall")
int egress_collect4(struct egress_collect4 *context)
{
	return collect4(context);
}

SEC("syscall")
int egress_collect6(struct egress_collect6 *context)
{
	return collect6(context);
}

SEC("syscall")
int egress_correct(struct egress_correction *context)
{
	__u32 of = context->of, key = context->key;
	__s32 steered = context->steered, others = context->others;

	return context->family == 4 ? use_change4(of, key, steered, others) : use_change6(of, key, steered, others);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
