/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * scratch_read(): what is too large for the stack, of which a program has 512 octets with all that it calls. One for each
 * processor: a program at a network hook isn't interrupted by another. The collector can be, and doesn't use it.
 */
struct F(scratch) {
	struct F(nat_way) way;
	struct F(nat_way) over; /* of a connection that is over, whose port is taken */
	struct F(egress_flow) flow;
	struct F(egress_rev) rev;
	struct port_order order;
	struct bpf_fib_lookup fib;
	struct F(quote) quote;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct F(scratch));
} F(scratch) SEC(".maps");

static __always_inline struct F(scratch) *F(scratch_read)(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&F(scratch), &zero);
}
