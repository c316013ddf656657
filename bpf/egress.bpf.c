/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The programs of the datapath; what they do is in lib/, here is the order in which they do it.
 *
 *   egress_pod      pod's veth, host side, ingress     what the pod sends
 *   egress_pod_in   the same veth, egress              what the pod is given
 *   egress_tunnel   our VXLAN device, ingress          requests and replies of other nodes
 *   egress_uplink   a gateway's uplink, ingress        answers from the world
 *   egress_collectF run by the helper                  one step of the collector
 *   egress_csum_probe  run by the helper               what the kernel can
 *
 * Only what is in the kernel since 5.14.
 */
#include "lib/ports.h"
#include "lib/steering.h"
#include "lib/token.h"

#define IPV 4
#include "lib/families.h"
#undef IPV
#define IPV 6
#include "lib/families.h"
#undef IPV

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

char LICENSE[] SEC("license") = "Dual BSD/GPL";
