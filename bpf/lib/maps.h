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
EGRESS_TABLE(egress_pod_ips, BPF_MAP_TYPE_HASH, __be32, __u32, EGRESS_MAX_PODS, BPF_F_NO_PREALLOC);
EGRESS_TABLE(egress_rules4, BPF_MAP_TYPE_LPM_TRIE, struct egress_rule4_key, struct egress_rule, EGRESS_MAX_RULES,
	     BPF_F_NO_PREALLOC);
EGRESS_TABLE(egress_rules6, BPF_MAP_TYPE_LPM_TRIE, struct egress_rule6_key, struct egress_rule, EGRESS_MAX_RULES,
	     BPF_F_NO_PREALLOC);
EGRESS_TABLE(egress_cluster4, BPF_MAP_TYPE_LPM_TRIE, struct egress_lpm4_key, __u32, EGRESS_MAX_CLUSTER_RANGES,
	     BPF_F_NO_PREALLOC);
EGRESS_TABLE(egress_cluster6, BPF_MAP_TYPE_LPM_TRIE, struct egress_lpm6_key, __u32, EGRESS_MAX_CLUSTER_RANGES,
	     BPF_F_NO_PREALLOC);
EGRESS_TABLE(egress_policies, BPF_MAP_TYPE_HASH, __u32, struct egress_policy, EGRESS_MAX_POLICIES, BPF_F_NO_PREALLOC);
EGRESS_TABLE(egress_choices, BPF_MAP_TYPE_HASH, struct egress_choice_key, struct egress_choice, EGRESS_MAX_CHOICES,
	     BPF_F_NO_PREALLOC);
EGRESS_TABLE(egress_gateways, BPF_MAP_TYPE_HASH, __be32, struct egress_gateway, EGRESS_MAX_NODES, BPF_F_NO_PREALLOC);
EGRESS_TABLE(egress_nodes, BPF_MAP_TYPE_HASH, __be32, struct egress_node, EGRESS_MAX_NODES, BPF_F_NO_PREALLOC);
EGRESS_TABLE(egress_entries, BPF_MAP_TYPE_HASH, __u32, struct egress_entry, EGRESS_MAX_ENTRIES, BPF_F_NO_PREALLOC);
EGRESS_TABLE(egress_ips, BPF_MAP_TYPE_HASH, __be32, struct egress_ip, EGRESS_MAX_EGRESS_IPS, BPF_F_NO_PREALLOC);

EGRESS_TABLE(egress_flows, BPF_MAP_TYPE_HASH, struct egress_flow_key, struct egress_flow, EGRESS_MAX_FLOWS, 0);
EGRESS_TABLE(egress_nat_fwd, BPF_MAP_TYPE_HASH, struct egress_fwd_key, struct egress_fwd, EGRESS_MAX_TRANSLATIONS, 0);
EGRESS_TABLE(egress_nat_rev, BPF_MAP_TYPE_HASH, struct egress_rev_key, struct egress_rev, EGRESS_MAX_TRANSLATIONS, 0);

EGRESS_TABLE(egress_counts, BPF_MAP_TYPE_PERCPU_ARRAY, __u32, struct egress_counter, EGRESS_COUNTS, 0);
EGRESS_TABLE(egress_tries, BPF_MAP_TYPE_PERCPU_ARRAY, __u32, __u64, EGRESS_PORT_TRIES + 1, 0);

static __always_inline const struct egress_config *config_read(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&egress_config, &zero);
}

#endif
