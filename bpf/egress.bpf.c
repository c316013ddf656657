/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The programs of the datapath; what they do is in lib/, here is the order in which they do it.
 *
 *   egress_pod      pod's veth, host side, ingress     what the pod sends
 *   egress_pod_in   the same veth, egress              what the pod is given
 *   egress_tunnel   our VXLAN device, ingress          requests and replies of other nodes
 *   egress_uplink   a gateway's uplink, ingress        answers from the world
 *   egress_collect  run by the helper                  one step of the collector
 *
 * Only what is in the kernel since 5.14.
 */
#include <linux/ipv6.h>

#include "lib/classify.h"
#include "lib/collect.h"
#include "lib/flows.h"
#include "lib/mss.h"
#include "lib/nat.h"
#include "lib/rewrite.h"
#include "lib/route.h"
#include "lib/pod.h"
#include "lib/tunnel.h"
#include "lib/uplink.h"

SEC("tc")
int egress_pod(struct __sk_buff *skb)
{
	/* A tagged frame hides what it carries from the rules. */
	if (skb->vlan_present || skb->protocol == bpf_htons(ETH_P_8021Q) || skb->protocol == bpf_htons(ETH_P_8021AD))
		return packet_drop(skb, EGRESS_DROP_PROTOCOL);
	switch (skb->protocol) {
	case bpf_htons(ETH_P_IP):
		return pod_sends_ipv4(skb);
	case bpf_htons(ETH_P_IPV6):
		return pod_sends_ipv6(skb);
	default:
		return packet_pass();
	}
}

SEC("tc")
int egress_pod_in(struct __sk_buff *skb)
{
	if (skb->protocol == bpf_htons(ETH_P_IP))
		pod_is_given(skb);
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
	if (skb->protocol != bpf_htons(ETH_P_IP))
		return packet_pass();
	return uplink_receive(skb);
}

SEC("syscall")
int egress_collect(struct egress_collect *context)
{
	const volatile __u32 *words = (const volatile __u32 *)context;
	struct egress_collect job;

	/* Word by word, at fixed offsets: a context is read no other way. */
	_Pragma("unroll") for (__u32 word = 0; word < sizeof(job) / sizeof(*words); word++)((__u32 *)&job)[word] =
	    words[word];
	switch (job.table) {
	case EGRESS_COLLECT_FLOW:
		return collect_flow(&job);
	case EGRESS_COLLECT_NAT:
		return collect_nat(&job);
	case EGRESS_COLLECT_ORPHAN:
		return collect_orphan(&job);
	default:
		return 0;
	}
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
