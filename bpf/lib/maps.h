/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Every map of the datapath; keys and values are described in egress_abi.h.
 *
 * What packets write (flows, translations) is a preallocated HASH, never LRU: a full map refuses the new connection
 * and keeps the living ones (RFC 6888, REQ-11). What only the helper writes is allocated as it comes: replacing a
 * value is then one pointer for readers.
 */
#ifndef EGRESS_MAPS_H
#define EGRESS_MAPS_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "egress_abi.h"

#define EGRESS_TABLE(name, map_type, key_type, value_type, entries, flags)                                             \
	struct {                                                                                                       \
		__uint(type, map_type);                                                                                \
		__uint(max_entries, entries);                                                                          \
		__uint(map_flags, flags);                                                                              \
		__type(key, key_type);                                                                                 \
		__type(value, value_type);                                                                             \
	} name SEC(".maps")

EGRESS_TABLE(egress_config, BPF_MAP_TYPE_ARRAY, __u32, struct egress_config, 1, 0);
EGRESS_TABLE(egress_meta, BPF_MAP_TYPE_ARRAY, __u32, struct egress_meta, 1, 0);

EGRESS_TABLE(egress_pods, BPF_MAP_TYPE_HASH, __u32, struct egress_pod, EGRESS_MAX_PODS, BPF_F_NO_PREALLOC);
EGRESS_TABLE(egress_policies, BPF_MAP_TYPE_HASH, __u32, struct egress_policy, EGRESS_MAX_POLICIES, BPF_F_NO_PREALLOC);
EGRESS_TABLE(egress_choices, BPF_MAP_TYPE_HASH, struct egress_choice_key, struct egress_choice, EGRESS_MAX_CHOICES,
	     BPF_F_NO_PREALLOC);
EGRESS_TABLE(egress_gateways, BPF_MAP_TYPE_HASH, __u32, struct egress_gateway, EGRESS_MAX_NODES, BPF_F_NO_PREALLOC);
EGRESS_TABLE(egress_nodes, BPF_MAP_TYPE_HASH, __u32, struct egress_node, EGRESS_MAX_NODES, BPF_F_NO_PREALLOC);
EGRESS_TABLE(egress_node_ids, BPF_MAP_TYPE_HASH, struct egress_address6, __u32, EGRESS_MAX_NODES, BPF_F_NO_PREALLOC);

#define EGRESS_TABLES(ipv)                                                                                             \
	EGRESS_TABLE(egress_pod_ips##ipv, BPF_MAP_TYPE_HASH, struct egress_address##ipv, __u32, EGRESS_MAX_PODS,       \
		     BPF_F_NO_PREALLOC);                                                                               \
	EGRESS_TABLE(egress_rules##ipv, BPF_MAP_TYPE_LPM_TRIE, struct egress_rule_key##ipv, struct egress_rule,        \
		     EGRESS_MAX_RULES, BPF_F_NO_PREALLOC);                                                             \
	EGRESS_TABLE(egress_cluster##ipv, BPF_MAP_TYPE_LPM_TRIE, struct egress_lpm_key##ipv, __u32,                    \
		     EGRESS_MAX_CLUSTER_RANGES, BPF_F_NO_PREALLOC);                                                    \
	EGRESS_TABLE(egress_entries##ipv, BPF_MAP_TYPE_HASH, __u32, struct egress_entry##ipv, EGRESS_MAX_ENTRIES,      \
		     BPF_F_NO_PREALLOC);                                                                               \
	EGRESS_TABLE(egress_ips##ipv, BPF_MAP_TYPE_HASH, struct egress_address##ipv, struct egress_ip,                 \
		     EGRESS_MAX_EGRESS_IPS, BPF_F_NO_PREALLOC);                                                        \
	EGRESS_TABLE(egress_flows##ipv, BPF_MAP_TYPE_HASH, struct egress_flow_key##ipv, struct egress_flow##ipv,       \
		     EGRESS_MAX_FLOWS##ipv, 0);                                                                             \
	EGRESS_TABLE(egress_nat_fwd##ipv, BPF_MAP_TYPE_HASH, struct egress_fwd_key##ipv, struct egress_half##ipv,      \
		     EGRESS_MAX_TRANSLATIONS##ipv, 0);                                                                      \
	EGRESS_TABLE(egress_nat_rev##ipv, BPF_MAP_TYPE_HASH, struct egress_rev_key##ipv, struct egress_rev##ipv,       \
		     EGRESS_MAX_TRANSLATIONS##ipv, 0);                                                                 \
	EGRESS_TABLE(egress_frags##ipv, BPF_MAP_TYPE_LRU_HASH, struct egress_frag_key##ipv, struct egress_frag,        \
		     EGRESS_MAX_FRAGMENTS, 0);                                                                                \
	EGRESS_TABLE(egress_pod_use##ipv, BPF_MAP_TYPE_HASH, __u32, struct egress_use, EGRESS_MAX_PODS, 0);            \
	EGRESS_TABLE(egress_ent_use##ipv, BPF_MAP_TYPE_HASH, __u32, struct egress_use, EGRESS_MAX_ENTRIES, 0);            \
	EGRESS_TABLE(egress_refused##ipv, BPF_MAP_TYPE_LRU_HASH, struct egress_rev_key##ipv, __u64, 4096, 0)

EGRESS_TABLES(4);
EGRESS_TABLES(6);

EGRESS_TABLE(egress_counts, BPF_MAP_TYPE_PERCPU_ARRAY, __u32, struct egress_counter, EGRESS_COUNTS, 0);
EGRESS_TABLE(egress_tries, BPF_MAP_TYPE_PERCPU_ARRAY, __u32, __u64, EGRESS_PORT_TRIES + 1, 0);

EGRESS_TABLE(egress_traffic, BPF_MAP_TYPE_PERCPU_ARRAY, __u32, struct egress_traffic, EGRESS_MAX_POLICIES, 0);
EGRESS_TABLE(egress_ip_count, BPF_MAP_TYPE_PERCPU_ARRAY, __u32, struct egress_ip_traffic, EGRESS_IP_COUNTERS, 0);

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, EGRESS_EVENT_BYTES);
} egress_events SEC(".maps");

#include "trace.h"

static __always_inline const struct egress_config *config_read(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&egress_config, &zero);
}

#endif
