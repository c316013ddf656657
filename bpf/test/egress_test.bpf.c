/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Programs for tests alone; never loaded by the helper.
 *
 *   test_enter_tunnel   gives a test run the tunnel key that VXLAN would, then calls the program under test
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct test_outer {
	__u32 source; /* of the outer header, host order; 0: it is IPv6's */
	__u32 vni;
	__u32 source6[4];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct test_outer);
} test_outer SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} test_target SEC(".maps");

#define TEST_NOT_REACHED 99

/* Reading a key gives the outer source, which a program sets as local_ipv4 or local_ipv6 (since 6.0). */
SEC("tc")
int test_enter_tunnel(struct __sk_buff *skb)
{
	struct bpf_tunnel_key key = {};
	struct test_outer *outer;
	__u32 zero = 0;

	outer = bpf_map_lookup_elem(&test_outer, &zero);
	if (!outer)
		return TEST_NOT_REACHED;
	key.tunnel_id = outer->vni;
	if (outer->source)
		key.local_ipv4 = outer->source;
	else
		__builtin_memcpy(key.local_ipv6, outer->source6, sizeof(key.local_ipv6));
	key.tunnel_ttl = 64;
	if (bpf_skb_set_tunnel_key(skb, &key, sizeof(key), outer->source ? 0 : BPF_F_TUNINFO_IPV6))
		return TEST_NOT_REACHED;
	bpf_tail_call(skb, &test_target, 0);
	return TEST_NOT_REACHED;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
