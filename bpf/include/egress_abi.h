/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The one definition of every map's keys and values, of drop reasons and of the tunnel's identifiers.
 * Included by the BPF programs and imported by Swift: no layout is written twice.
 *
 * Order of bytes: __be32 and __be16 are as on the wire; everything else is in the host's order. Padding is
 * named `reserved` and zero: the kernel compares keys as bytes.
 * A change of any layout or meaning raises EGRESS_ABI_VERSION; pins live under a folder named by it.
 *
 * What has addresses is there twice, once for each family, by one description: egress_abi_family.h. A name that ends in 4
 * is IPv4's, in 6 IPv6's; below, F stands for either.
 *
 * Maps (names are at most 15 characters):
 *
 *   name             type           key                      value
 *   egress_config    ARRAY[1]       u32 0                    struct egress_config
 *   egress_meta      ARRAY[1]       u32 0                    struct egress_meta
 *   egress_pods      HASH           u32 interface index      struct egress_pod
 *   egress_rulesF    LPM_TRIE       struct egress_rule_keyF  struct egress_rule
 *   egress_clusterF  LPM_TRIE       struct egress_lpm_keyF   u32 enum egress_range
 *   egress_policies  HASH           u32 slot                 struct egress_policy
 *   egress_choices   HASH           struct egress_choice_key struct egress_choice
 *   egress_gateways  HASH           u32 node                 struct egress_gateway
 *   egress_nodes     HASH           u32 node                 struct egress_node
 *   egress_node_ids  HASH           struct egress_address6   u32 node
 *   egress_flowsF    HASH           struct egress_flow_keyF  struct egress_flowF
 *   egress_entriesF  HASH           u32 entry id             struct egress_entryF
 *   egress_ipsF      HASH           struct egress_addressF   struct egress_ip
 *   egress_nat_fwdF  HASH           struct egress_fwd_keyF   struct egress_halfF
 *   egress_nat_revF  HASH           struct egress_rev_keyF   struct egress_revF
 *   egress_fragsF    LRU_HASH       struct egress_frag_keyF  struct egress_frag
 *   egress_pod_useF  HASH           u32 interface index      struct egress_use
 *   egress_ent_useF  HASH           u32 entry id             struct egress_use
 *   egress_counts    PERCPU_ARRAY   u32 enum egress_count or egress_drop   struct egress_counter
 *   egress_tries     PERCPU_ARRAY   u32 0 … EGRESS_PORT_TRIES              u64 new translations that took so many tries
 *   egress_traffic   PERCPU_ARRAY   u32 slot                 struct egress_traffic
 *   egress_ip_count  PERCPU_ARRAY   u32 egress_ip.counter    struct egress_ip_traffic
 *   egress_refusedF  LRU_HASH       struct egress_rev_keyF with port 0   u64 connections for which no port was free
 *   egress_events    RINGBUF                                 struct egress_event
 *   egress_answers   PERCPU_ARRAY   u32 0                    u64 see answers.h
 *   egress_trace     ARRAY          u32 0 … EGRESS_TRACE_STEPS - 1         struct egress_trace_step; in the trace's own instance
 *
 * "u32 node": the node's address as on the wire where the tunnel's outer header is IPv4. Where it is IPv6, a number that
 * the helper gave it: egress_nodes has the address of a number, egress_node_ids the number of an address.
 *
 * No map that holds a connection is LRU: a living flow is never evicted to make room (RFC 6888, REQ-11). What first
 * fragments said is kept for seconds alone, and is.
 */
#ifndef EGRESS_ABI_H
#define EGRESS_ABI_H

#include <linux/types.h>

#define EGRESS_ABI_VERSION 3

/* Destination port of our VXLAN; 8472 is flannel's and Cilium's, 4789 Calico's and Kube-OVN's. */
#define EGRESS_TUNNEL_PORT 8474
/* The VXLAN network identifier: a direction bit, a probe bit and the entry's id. */
#define EGRESS_VNI_REPLY (1u << 23)
#define EGRESS_VNI_PROBE (1u << 22)
#define EGRESS_VNI_ENTRY_MASK 0x3fffffu

/* The token takes the place of both MAC addresses in the inner Ethernet header. */
#define EGRESS_TOKEN_LENGTH 12
#define EGRESS_TOKENS 2

#define EGRESS_RANKED_GATEWAYS 8
#define EGRESS_ENTRY_ADDRESSES 16
#define EGRESS_PORT_TRIES 256
/* When all of them are in use, so many of the same are asked whether their connection is over. */
#define EGRESS_RECLAIM_TRIES 64
/* Seconds without a packet after which the port of a closed connection may be another's; more than a kept way lasts. */
#define EGRESS_CLOSED_REST 4
/* Seconds for which an entry that gained an address takes over connections in their middle. */
#define EGRESS_ADOPT_SECONDS 120
/* No port below is given to a connection that didn't come with it. */
#define EGRESS_LOWEST_PORT 1024
/*
 * On what the datapath sends out by an uplink, so that egress_uplink_out knows it from the node's own; that program takes
 * it off again. Bits that kube-proxy (0xc000), Calico (0xffff0000), Cilium (0x0f00) and AWS (0x80) leave alone.
 */
#define EGRESS_MARK_OURS 0x0063u
#define EGRESS_POLICY_UID_LENGTH 64
/* Between two ICMP errors of ours on one processor, in nanoseconds, and how many may come at once. */
#define EGRESS_ANSWER_PAUSE 1000000ull
#define EGRESS_ANSWER_BURST 100

enum egress_limits {
	EGRESS_MAX_PODS = 4096,
	EGRESS_MAX_RULES = 65536,
	EGRESS_MAX_CLUSTER_RANGES = 65536,
	EGRESS_MAX_POLICIES = 4096,
	EGRESS_MAX_CHOICES = 65536,
	EGRESS_MAX_NODES = 16384,
	EGRESS_MAX_FLOWS4 = 262144,
	EGRESS_MAX_FLOWS6 = 131072,
	EGRESS_MAX_ENTRIES = 16384,
	EGRESS_MAX_EGRESS_IPS = 4096,
	EGRESS_MAX_TRANSLATIONS4 = 262144,
	EGRESS_MAX_TRANSLATIONS6 = 131072,
	EGRESS_MAX_FRAGMENTS = 8192,
};

/* BPF_F_IPV6, which Debian 12's headers don't have. */
#define EGRESS_CSUM_IPV6 (1u << 7)

struct egress_address4 {
	__be32 word[1];
};

struct egress_address6 {
	__be32 word[4];
};

struct egress_config {
	__u32 tunnel_ifindex; /* of egw0 */
	__u32 generation;     /* raised after every change that a cached way rests on: see struct egress_way */
	__u32 tunnel_mtu;     /* largest inner IP packet that needs no outer fragment, in bytes */
	__u32 token_count;    /* 0 … EGRESS_TOKENS; the first is written, all are accepted; 0 refuses every packet */
	__u8 tokens[EGRESS_TOKENS][EGRESS_TOKEN_LENGTH];
	__u64 port_key[2];    /* secret of the port choice; made once, kept over restarts */
	__u32 outer_family;   /* of the tunnel's outer header: 4 or 6 */
	__u32 watched;        /* not 0 while somebody reads egress_events */
	__u32 upgrading;      /* not 0 while maps move to another layout: new connections are refused */
	__u32 csum_ipv6;      /* BPF_F_IPV6 where the kernel knows it (since 6.16), else 0 */
	__u32 direct;         /* not 0: tunnel packets may go straight to the underlay, see encap.h */
	struct egress_address6 node; /* this node's as the tunnel's outer address; IPv4 is mapped */
	/* Of IPv4; of IPv6 half as many; 0: any number. */
	__u32 pod_limit;      /* connections that one pod may have open through gateways, and as many others */
	__u32 entry_limit;    /* translations that one entry may have */
	__u32 stack_mark;     /* of packets that the stack leads to the tunnel device; 0: none may be */
	/* This node's, where a packet's last hop is here; zero: it has none, and says nothing. */
	struct egress_address4 hop4;
	struct egress_address6 hop6;
	__u32 reserved;
};

/*
 * How many connections a pod has, or translations an entry: raised when one is made, lowered when it goes, and put right
 * by the collector's walk. Entry 0 has the claims of others on ports of shared addresses. Below zero for a moment when
 * the walk corrected too much.
 */
struct egress_use {
	__s32 steered; /* connections that leave by a gateway; translations */
	__s32 others;  /* connections that came in, or are exempt; 0 for an entry */
};

enum egress_use_of {
	EGRESS_USE_POD = 1,
	EGRESS_USE_ENTRY = 2,
};

/* Context of the program egress_correct: what the collector's walk found too little or too much. */
struct egress_correction {
	__u32 family; /* 4 or 6 */
	__u32 of;     /* enum egress_use_of */
	__u32 key;
	__s32 steered;
	__s32 others;
};

struct egress_meta {
	__u64 revision; /* of the plan in force */
};

enum egress_steering {
	EGRESS_STEERING_REDIRECT = 1, /* straight to the tunnel or the uplink, and straight back */
	EGRESS_STEERING_STACK = 2,    /* marked, and routed through FORWARD; answers too */
};

enum egress_mode {
	EGRESS_MODE_ENFORCE = 1,
	EGRESS_MODE_RECORD = 2, /* everything goes its ordinary way; what is open is noted, to be exempt */
};

/* The record of one governed pod, by the host side of its veth. An attached program without it drops. */
struct egress_pod {
	struct egress_address4 address4; /* 0 when the pod has none */
	struct egress_address6 address6; /* all zero when the pod has none */
	__u32 set;                       /* its rules: egress_rules4 and egress_rules6 under this set */
	__u32 deliver_ifindex;           /* the device that routes to the pod: the veth, or its bridge */
	__u8 steering;                   /* enum egress_steering */
	__u8 mode;                       /* enum egress_mode */
	__u16 reserved;
};

enum egress_action {
	EGRESS_ACTION_GATEWAY = 1, /* leaves by a gateway of the policy */
	EGRESS_ACTION_EXCLUDE = 2, /* leaves the ordinary way */
	EGRESS_ACTION_DROP = 3,    /* claimed, but nothing can serve it; the rule's reason says why */
};

struct egress_rule {
	__u32 policy; /* slot */
	__u8 action;  /* enum egress_action */
	__u8 reason;  /* enum egress_drop, when action is EGRESS_ACTION_DROP */
	__u16 reserved;
};

/* Destinations inside the cluster, never steered whatever a policy says. */
enum egress_range {
	EGRESS_RANGE_POD = 1,
	EGRESS_RANGE_SERVICE = 2,
	EGRESS_RANGE_NODE = 3,
	EGRESS_RANGE_LOCAL = 4, /* link-local, multicast, loopback, broadcast */
};

/* Says whose slot it is, for people and for a restarted helper. */
struct egress_policy {
	char uid[EGRESS_POLICY_UID_LENGTH]; /* ended by NUL */
};

struct egress_choice_key {
	__u32 ifindex; /* of the pod */
	__u32 policy;  /* slot */
	__u32 family;  /* 4 or 6: a gateway may have an address of one alone */
};

struct egress_ranked {
	__u32 entry;   /* the id that this gateway gave out */
	__u32 gateway; /* node; key into egress_gateways */
};

enum egress_no_gateway {
	EGRESS_NO_GATEWAY_DROP = 1,
	EGRESS_NO_GATEWAY_BYPASS = 2,
};

/* The gateways of a policy for one pod, best first; the first healthy one is used. */
struct egress_choice {
	__u8 count;
	__u8 on_no_gateway; /* enum egress_no_gateway */
	__u16 reserved;
	struct egress_ranked ranked[EGRESS_RANKED_GATEWAYS];
	/*
	 * The egress address that the pod has at each, of IPv4 the first word; all zero: not known. A connection in its
	 * middle goes on by another gateway only with the address that it has.
	 */
	struct egress_address6 egress[EGRESS_RANKED_GATEWAYS];
};

enum egress_place {
	EGRESS_PLACE_LOCAL = 1,  /* this node is the gateway */
	EGRESS_PLACE_REMOTE = 2, /* through the tunnel */
};

/* Health is kept in this one place: failing over is one write. */
struct egress_gateway {
	__u8 place;   /* enum egress_place */
	__u8 healthy; /* 0 or 1 */
	__u16 reserved;
};

struct egress_network4 {
	struct egress_address4 address;
	struct egress_address4 mask;
};

struct egress_network6 {
	struct egress_address6 address;
	struct egress_address6 mask;
};

/* A node that may be the other end of the tunnel. */
struct egress_node {
	struct egress_network4 pods4; /* inner sources it may send; with a mask of 0 any */
	struct egress_network6 pods6;
	struct egress_address6 outer; /* its address where the outer header is IPv6 */
};

enum egress_half_flags {
	EGRESS_NAT_DYING = 1,  /* marked by the collector; a packet clears it */
	EGRESS_FLOW_STACK = 2, /* the pod's last packet came through the stack: so do the answers */
	EGRESS_FLOW_LOST = 4,  /* TCP whose gateway or translation is gone: moves to another, or its pod gets a reset */
};

/*
 * Where a connection's packets leave, kept for at most EGRESS_WAY_JIFFIES and for one config.generation: the first packet
 * after that asks everything again, and keeps the neighbour's state moving.
 */
struct egress_way {
	__u32 until;      /* the low half of jiffies */
	__u16 generation; /* of the configuration, its low half */
	__u16 mtu;        /* the largest packet that it carries; 0xffff: any */
	__u32 ifindex;    /* 0: nothing kept */
	__u8 to[6];
	__u8 from[6];
};

/* A quarter of a second to two and a half, by the kernel's HZ. */
#define EGRESS_WAY_JIFFIES 250

enum egress_flow_kind {
	EGRESS_FLOW_OUT = 1,    /* the pod opened it, and it leaves by `entry` at `half.node` */
	EGRESS_FLOW_IN = 2,     /* somebody outside opened it: answers go the ordinary way */
	EGRESS_FLOW_EXEMPT = 3, /* open before a policy first claimed the pod */
};

/* What TCP flags one direction of a connection has shown. */
enum egress_seen {
	EGRESS_SEEN_REPLY = 1,
	EGRESS_SEEN_FIN = 2,
	EGRESS_SEEN_RST = 4,
};

enum egress_entry_flags {
	EGRESS_ENTRY_SHARED = 1, /* the address is the node's own: other traffic uses it too */
};

/*
 * Which of an entry's addresses a new connection gets: the one with the highest score for the pod (highest random
 * weight: Thaler and Ravishankar, 1998), so that a pod always has the same one, and one that comes or goes moves only
 * its own share of the pods. A score is 32 bits: from zero on, `score = egress_mix(score ^ word)` for each 32-bit word
 * of the pod's address and then for each of the egress address, words as numbers, the first octet the highest. An IPv4
 * address is one word, an IPv6 address four. Of equal scores the lower address wins; in IPv4 there are none, as the
 * mix is a bijection. Swift has the same in EgressAddressChoice.
 *
 * The mix is the finalizer of MurmurHash3 for 32 bits (Appleby, 2011; public domain).
 */
static inline __attribute__((always_inline)) __u32 egress_mix(__u32 word)
{
	word ^= word >> 16;
	word *= 0x85ebca6b;
	word ^= word >> 13;
	word *= 0xc2b2ae35;
	word ^= word >> 16;
	return word;
}

/* Where a fragment was seen: an id is good for its own source there. */
enum egress_frag_side {
	EGRESS_FRAG_POD = 1,     /* a pod sent it; `place` is the pod's interface */
	EGRESS_FRAG_REQUEST = 2, /* a node sent it for its pod; `place` is the node */
	EGRESS_FRAG_REPLY = 3,   /* a gateway sent it for a pod; `place` is the node */
	EGRESS_FRAG_UPLINK = 4,  /* the world sent it; `place` is 0, since one packet may come by several */
};

/* Seconds for which a first fragment is remembered (RFC 791 and Linux: 30). */
#define EGRESS_FRAG_SECONDS 30

/* What the first fragment of a packet said, which the others don't. */
struct egress_frag {
	__u32 seconds; /* of the coarse monotonic clock */
	__be16 source_port; /* ICMP echo: the identifier, in both */
	__be16 destination_port;
	__u8 icmp_type;
	__u8 reserved[3];
};

struct egress_ip {
	__u32 flags;    /* enum egress_entry_flags: an unknown packet to a shared address belongs to the node */
	__u16 port_min; /* of a shared address: the ports that translations have, port_min … port_max */
	__u16 port_max;
	__u32 counter;  /* its place in egress_ip_count; 0: not counted */
};

/* What the collector is asked to do with one connection; context of the program egress_collect, which returns 1 when done. */
enum egress_collect_step {
	EGRESS_COLLECT_MARK = 1,   /* first round: mark it dying */
	EGRESS_COLLECT_DELETE = 2, /* a later round: delete it if no packet came in between */
};

enum egress_collect_table {
	EGRESS_COLLECT_FLOW = 1,   /* the flow under `flow`, and the reverse half of its translation if it has one */
	EGRESS_COLLECT_NAT = 2,    /* both halves: forward under `fwd`, reverse under `rev` */
	EGRESS_COLLECT_ORPHAN = 3, /* reverse under `rev`, whose forward half is gone or has another port */
};

#include "egress_abi_counts.h"
#include "egress_abi_events.h"

#define EGRESS_FAMILY 4
#include "egress_abi_family.h"
#undef EGRESS_FAMILY
#define EGRESS_FAMILY 6
#include "egress_abi_family.h"
#undef EGRESS_FAMILY

#define EGRESS_ASSERT_SIZE(type, size) _Static_assert(sizeof(struct type) == (size), #type " has another size")
EGRESS_ASSERT_SIZE(egress_config, 128);
EGRESS_ASSERT_SIZE(egress_use, 8);
EGRESS_ASSERT_SIZE(egress_correction, 20);
EGRESS_ASSERT_SIZE(egress_meta, 8);
EGRESS_ASSERT_SIZE(egress_pod, 32);
EGRESS_ASSERT_SIZE(egress_rule, 8);
EGRESS_ASSERT_SIZE(egress_policy, 64);
EGRESS_ASSERT_SIZE(egress_choice_key, 12);
EGRESS_ASSERT_SIZE(egress_choice, 196);
EGRESS_ASSERT_SIZE(egress_gateway, 4);
EGRESS_ASSERT_SIZE(egress_node, 56);
EGRESS_ASSERT_SIZE(egress_way, 24);
EGRESS_ASSERT_SIZE(egress_ip, 12);
EGRESS_ASSERT_SIZE(egress_traffic, 80);
EGRESS_ASSERT_SIZE(egress_ip_traffic, 48);
EGRESS_ASSERT_SIZE(egress_trace_step, 168);
EGRESS_ASSERT_SIZE(egress_frag, 12);
EGRESS_ASSERT_SIZE(egress_frag_key4, 20);
EGRESS_ASSERT_SIZE(egress_frag_key6, 44);
EGRESS_ASSERT_SIZE(egress_counter, 16);
EGRESS_ASSERT_SIZE(egress_event, 88);
EGRESS_ASSERT_SIZE(egress_lpm_key4, 8);
EGRESS_ASSERT_SIZE(egress_lpm_key6, 20);
EGRESS_ASSERT_SIZE(egress_rule_key4, 12);
EGRESS_ASSERT_SIZE(egress_rule_key6, 24);
EGRESS_ASSERT_SIZE(egress_flow_key4, 16);
EGRESS_ASSERT_SIZE(egress_flow_key6, 40);
EGRESS_ASSERT_SIZE(egress_flow4, 64);
EGRESS_ASSERT_SIZE(egress_flow6, 76);
EGRESS_ASSERT_SIZE(egress_entry4, 100);
EGRESS_ASSERT_SIZE(egress_entry6, 292);
EGRESS_ASSERT_SIZE(egress_fwd_key4, 20);
EGRESS_ASSERT_SIZE(egress_fwd_key6, 44);
EGRESS_ASSERT_SIZE(egress_half4, 48);
EGRESS_ASSERT_SIZE(egress_half6, 60);
EGRESS_ASSERT_SIZE(egress_rev_key4, 16);
EGRESS_ASSERT_SIZE(egress_rev_key6, 40);
EGRESS_ASSERT_SIZE(egress_rev4, 32);
EGRESS_ASSERT_SIZE(egress_rev6, 44);
EGRESS_ASSERT_SIZE(egress_collect4, 68);
EGRESS_ASSERT_SIZE(egress_collect6, 140);

#endif
