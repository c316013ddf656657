/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Programs for measuring; never loaded by the helper.
 *
 *   bench_generate   XDP, run with live frames: writes a whole UDP packet and sends it into a veth
 *   bench_pass       XDP at the veth's other end, which takes redirected frames only with a program
 *   bench_empty      tc: nothing, what any program costs at least
 *   bench_redirect   tc: the least that a path can do
 *   bench_tunnel     tc: the least that a path through VXLAN can do
 *   bench_sink       tc: counts and drops
 */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <linux/types.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define BENCH_FRAME	 64
#define BENCH_FIRST_PORT 1024
#define BENCH_PORTS	 60000
#define BENCH_UDP	 17
/* Where the two families have their UDP header. */
#define BENCH_L4_4 34
#define BENCH_L4_6 54

struct bench_plan {
	__u8 frame[BENCH_FRAME]; /* with ports and UDP checksum of zero where flows are new */
	__u32 sum;		 /* of all that the UDP checksum covers, but for the ports; not folded */
	__u32 is_new;		 /* each packet is another connection */
	__u32 is_ipv6;
	__u32 out;    /* where bench_redirect and bench_tunnel send */
	__u32 remote; /* bench_tunnel: the other node, host order */
	__u32 vni;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, struct bench_plan);
} bench_plan SEC(".maps"); /* 0: of the node with the pod, 1: of the gateway, when it is another */

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u64);
} bench_counts SEC(".maps"); /* 0: sent, 1: arrived */

struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} bench_device SEC(".maps");

static __always_inline const struct bench_plan *plan_read(__u32 which)
{
	return bpf_map_lookup_elem(&bench_plan, &which);
}

static __always_inline __u64 count_up(__u32 which)
{
	__u64 *counter = bpf_map_lookup_elem(&bench_counts, &which);

	return counter ? (*counter)++ : 0;
}

/* Another connection for each number. */
static __always_inline void write_ports(__u8 *udp, __u64 number, __u32 sum)
{
	__be16 source = bpf_htons(BENCH_FIRST_PORT + number % BENCH_PORTS);
	__be16 remote = bpf_htons(443 + number / BENCH_PORTS);

	sum += source + remote;
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	*(__be16 *)udp = source;
	*(__be16 *)(udp + 2) = remote;
	*(__u16 *)(udp + 6) = sum == 0xffff ? 0xffff : (__u16)~sum;
}

/* Frames are used again with whatever the path did to them: so everything is written each time. */
SEC("xdp")
int bench_generate(struct xdp_md *xdp)
{
	__u8 *data = (void *)(long)xdp->data;
	const struct bench_plan *plan = plan_read(0);
	__u64 number = count_up(0);

	if (!plan || data + BENCH_FRAME > (__u8 *)(long)xdp->data_end)
		return XDP_ABORTED;
	__builtin_memcpy(data, plan->frame, BENCH_FRAME);
	if (plan->is_new && plan->is_ipv6)
		write_ports(data + BENCH_L4_6, number, plan->sum);
	else if (plan->is_new)
		write_ports(data + BENCH_L4_4, number, plan->sum);
	return bpf_redirect_map(&bench_device, 0, 0);
}

SEC("xdp")
int bench_pass(struct xdp_md *xdp)
{
	(void)xdp;
	return XDP_PASS;
}

SEC("tc")
int bench_empty(struct __sk_buff *skb)
{
	(void)skb;
	return TC_ACT_UNSPEC;
}

SEC("tc")
int bench_redirect(struct __sk_buff *skb)
{
	const struct bench_plan *plan = plan_read(0);

	(void)skb;
	return plan ? bpf_redirect(plan->out, 0) : TC_ACT_SHOT;
}

/* The same on a gateway that is another node. */
SEC("tc")
int bench_redirect_gateway(struct __sk_buff *skb)
{
	const struct bench_plan *plan = plan_read(1);

	(void)skb;
	return plan ? bpf_redirect(plan->out, 0) : TC_ACT_SHOT;
}

SEC("tc")
int bench_tunnel(struct __sk_buff *skb)
{
	const struct bench_plan *plan = plan_read(0);
	struct bpf_tunnel_key key = {};

	if (!plan)
		return TC_ACT_SHOT;
	key.tunnel_id = plan->vni;
	key.remote_ipv4 = plan->remote;
	key.tunnel_ttl = 64;
	if (bpf_skb_set_tunnel_key(skb, &key, __builtin_offsetof(struct bpf_tunnel_key, local_ipv4),
				   BPF_F_ZERO_CSUM_TX))
		return TC_ACT_SHOT;
	skb->queue_mapping = 0;
	return bpf_redirect(plan->out, 0);
}

/* Nothing but what was sent: interfaces with IPv6 have something to say of their own. */
SEC("tc")
int bench_sink(struct __sk_buff *skb)
{
	const __u8 *data = (void *)(long)skb->data;

	if (data + BENCH_L4_4 > (const __u8 *)(long)skb->data_end)
		return TC_ACT_SHOT;
	if (skb->protocol == bpf_htons(0x0800) && data[23] == BENCH_UDP)
		count_up(1);
	if (skb->protocol == bpf_htons(0x86dd) && data[20] == BENCH_UDP)
		count_up(1);
	return TC_ACT_SHOT;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
