/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Keys and values of EGRESS_ABI_VERSION 2 (IPv4 alone) that later versions have otherwise: for helpers that find maps
 * of that version on a node that is upgraded. Never used by programs; nothing here changes any more.
 */
#ifndef EGRESS_ABI_2_H
#define EGRESS_ABI_2_H

#include <linux/types.h>

struct egress2_config {
	__u32 tunnel_ifindex;
	__be32 node_ipv4;
	__u32 tunnel_mtu;
	__u32 token_count;
	__u8 tokens[2][12];
	__u64 port_key[2];
};

struct egress2_pod {
	__be32 ipv4;
	__u8 ipv6[16];
	__u32 set;
	__u32 deliver_ifindex;
	__u32 reserved;
};

struct egress2_choice_key {
	__u32 ifindex;
	__u32 policy;
};

struct egress2_node {
	__be32 pod_network;
	__be32 pod_mask;
};

struct egress2_flow_key {
	__u32 ifindex;
	__be32 remote;
	__be16 pod_port;
	__be16 remote_port;
	__u8 protocol;
	__u8 reserved[3];
};

struct egress2_flow {
	__u8 kind;
	__u8 seen_out;
	__u8 seen_in;
	__u8 flags;
	__u32 policy;
	__u32 entry;
	__be32 gateway;
	__u32 last;
};

/* As struct egress_fwd_key4. */
struct egress2_fwd_key {
	__u32 entry;
	__be32 source;
	__be32 remote;
	__be16 source_port;
	__be16 remote_port;
	__u8 protocol;
	__u8 reserved[3];
};

struct egress2_fwd {
	__be32 egress_ipv4;
	__be16 egress_port;
	__u8 seen;
	__u8 flags;
	__u32 last;
	__u32 created;
	__be32 node; /* 0 when the pod is on this node */
	__u32 ifindex;
};

/* Its key is as struct egress_rev_key4. */
struct egress2_rev {
	__be32 source;
	__be16 source_port;
	__u8 seen;
	__u8 flags;
	__u32 entry;
	__be32 node;
	__u32 ifindex;
	__u32 last;
};

#endif
