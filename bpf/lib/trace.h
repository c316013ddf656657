/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a packet asks, noted: in the instance that the helper loads for a trace, which has maps of its own and
 * `egress_tracing` set. Everywhere else the verifier removes all of it, since nobody can write .rodata any more.
 *
 * From here on bpf_map_lookup_elem(), bpf_map_update_elem() and bpf_fib_lookup() are these. Which table it is the
 * compiler knows; what isn't in TRACED() (configuration, counters, room on the side) isn't noted.
 */
#ifndef EGRESS_TRACE_H
#define EGRESS_TRACE_H

/* In a section of its own: the helper writes it as a whole. */
const volatile __u32 egress_tracing SEC(".rodata.trace") = 0;

EGRESS_TABLE(egress_trace, BPF_MAP_TYPE_ARRAY, __u32, struct egress_trace_step, EGRESS_TRACE_STEPS, 0);
/* Steps that are in egress_trace. Not on the stack, where each place that notes something would have one. */
static __u32 trace_at;

#define TRACE_ENOENT 2

#define TRACED_AS(map, table, what) ((const void *)(map) == (const void *)&table ? (what) :
#define TRACED_BY_FAMILY(map, table, what)                                                                             \
	TRACED_AS(map, table##4, what) TRACED_AS(map, table##6, (what) | EGRESS_TRACE_IPV6)
/* What a table is in a trace; 0: nothing. A constant. */
#define TRACED(map)                                                                                                    \
	TRACED_AS(map, egress_pods, EGRESS_TRACE_POD)                                                                  \
	TRACED_AS(map, egress_choices, EGRESS_TRACE_CHOICE)                                                            \
	TRACED_AS(map, egress_gateways, EGRESS_TRACE_GATEWAY)                                                          \
	TRACED_AS(map, egress_nodes, EGRESS_TRACE_NODE)                                                                \
	TRACED_AS(map, egress_node_ids, EGRESS_TRACE_NODE_ID)                                                          \
	TRACED_BY_FAMILY(map, egress_cluster, EGRESS_TRACE_CLUSTER)                                                    \
	TRACED_BY_FAMILY(map, egress_rules, EGRESS_TRACE_RULE)                                                         \
	TRACED_BY_FAMILY(map, egress_flows, EGRESS_TRACE_FLOW)                                                         \
	TRACED_BY_FAMILY(map, egress_entries, EGRESS_TRACE_ENTRY)                                                      \
	TRACED_BY_FAMILY(map, egress_ips, EGRESS_TRACE_EGRESS_IP)                                                      \
	TRACED_BY_FAMILY(map, egress_nat_fwd, EGRESS_TRACE_FORWARD)                                                    \
	TRACED_BY_FAMILY(map, egress_nat_rev, EGRESS_TRACE_REVERSE)                                                    \
	TRACED_BY_FAMILY(map, egress_pod_ips, EGRESS_TRACE_POD_IP)                                                     \
	0)))))))))))))))))))))

/* The record of the next step, or NULL when there is no room. */
static __always_inline struct egress_trace_step *trace_next(__u32 what, __s32 result)
{
	struct egress_trace_step *step = bpf_map_lookup_elem(&egress_trace, &trace_at);

	if (!step)
		return NULL;
	trace_at++;
	step->what = what;
	step->result = result;
	return step;
}

#define TRACE_FITTING(size, room) ((size) < (room) ? (size) : (room))

static __always_inline void trace_step(__u32 what, __s32 result, const void *key, __u32 key_size, const void *value,
				       __u32 value_size)
{
	struct egress_trace_step *step = trace_next(what, result);

	if (!step)
		return;
	__builtin_memcpy(step->key, key, TRACE_FITTING(key_size, sizeof(step->key)));
	if (value)
		__builtin_memcpy(step->value, value, TRACE_FITTING(value_size, sizeof(step->value)));
}

#define bpf_map_lookup_elem(map, by)                                                                                   \
	({                                                                                                             \
		const void *traced_key = (by);                                                                         \
		void *traced_value = (bpf_map_lookup_elem)(map, traced_key);                                           \
		if (TRACED(map) && egress_tracing)                                                                     \
			trace_step(TRACED(map), traced_value ? 0 : -TRACE_ENOENT, traced_key, sizeof(*(map)->key),     \
				   traced_value, sizeof(*(map)->value));                                               \
		traced_value;                                                                                          \
	})

#define bpf_map_update_elem(map, by, to, flags)                                                                        \
	({                                                                                                             \
		const void *traced_key = (by), *traced_value = (to);                                                   \
		long traced_result = (bpf_map_update_elem)(map, traced_key, traced_value, flags);                      \
		if (TRACED(map) && egress_tracing)                                                                     \
			trace_step(TRACED(map) | EGRESS_TRACE_WRITE, traced_result, traced_key, sizeof(*(map)->key),   \
				   traced_value, sizeof(*(map)->value));                                               \
		traced_result;                                                                                         \
	})

#define bpf_fib_lookup(context, fib, size, flags)                                                                      \
	({                                                                                                             \
		long traced_result = (bpf_fib_lookup)(context, fib, size, flags);                                      \
		if (egress_tracing)                                                                                    \
			trace_step(EGRESS_TRACE_ROUTE, traced_result, fib, sizeof(*(fib)), fib, sizeof(*(fib)));       \
		traced_result;                                                                                         \
	})

#endif
