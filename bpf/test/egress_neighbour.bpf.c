/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Somebody else's programs at the hooks that ours use; never loaded by the helper.
 *
 *   neighbour_first, neighbour_last   count what they see, each on its own, and say nothing of it
 */
#include <linux/types.h>
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u64);
} neighbour_seen SEC(".maps");

static __always_inline int count(const struct __sk_buff *skb, __u32 place)
{
	__u64 *seen = bpf_map_lookup_elem(&neighbour_seen, &place);

	if (seen && skb->len)
		__sync_fetch_and_add(seen, 1);
	return TC_ACT_UNSPEC;
}

SEC("tc")
int neighbour_first(struct __sk_buff *skb)
{
	return count(skb, 0);
}

SEC("tc")
int neighbour_last(struct __sk_buff *skb)
{
	return count(skb, 1);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
