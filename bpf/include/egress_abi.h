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
 *   egress_counts    PERCPU_ARRAY   u32 enum egress_count or egress_drop   struct egress_counter
 *   egress_tries     PERCPU_ARRAY   u32 0 … EGRESS_PORT_TRIES              u64 new translations that took so many tries
 *   egress_events    RINGBUF                                 struct egress_event
 *
 * "u32 node": the node's address as on the wire where the tunnel's outer header is IPv4. Where it is IPv6, a number that
 * the helper gave it: egress_nodes has the address of a number, egress_node_ids the number of an address.
 *
 * No map that holds a connection is LRU: a living flow is never evicted to make room (RFC 6888, REQ-11).
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
#define EGRESS_POLICY_UID_LENGTH 64

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
	struct egress_address6 node; /* this node's as the tunnel's outer address; IPv4 is mapped */
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
};

/*
 * Where a connection's packets leave, kept for at most EGRESS_WAY_JIFFIES and for one config.generation: the first packet
 * after that asks everything again, and keeps the neighbour's state moving.
 */
struct egress_way {
	__u32 until;      /* the low half of jiffies */
	__u32 generation; /* of the configuration */
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

struct egress_ip {
	__u32 flags; /* enum egress_entry_flags: an unknown packet to a shared address belongs to the node */
};

/* Why a packet was dropped. A number never changes its meaning; its code for people is EG3 and three digits. */
enum egress_drop {
	EGRESS_DROP_NONE = 0,
	EGRESS_DROP_NO_RECORD = 1,      /* program attached, pod not programmed yet */
	EGRESS_DROP_SPOOFED = 2,        /* source is not the pod's address */
	EGRESS_DROP_NO_FLOW = 3,        /* TCP without a record that is no SYN */
	EGRESS_DROP_NO_GATEWAY = 4,     /* no gateway matches or is healthy */
	EGRESS_DROP_NO_EGRESS_IP = 5,   /* the gateway has no address for this family */
	EGRESS_DROP_PROTOCOL = 6,       /* not TCP, UDP or ICMP echo */
	EGRESS_DROP_FAMILY = 7,         /* of a family that is not carried */
	EGRESS_DROP_FRAGMENT = 8,       /* a fragment of a claimed packet, not carried */
	EGRESS_DROP_FLOWS_FULL = 9,     /* no room for another connection on the pod's node */
	EGRESS_DROP_TTL = 10,
	EGRESS_DROP_MALFORMED = 11,
	EGRESS_DROP_TOKEN = 12,         /* tunnel packet without a token of this cluster */
	EGRESS_DROP_OUTER_SOURCE = 13,  /* tunnel packet from no node of this cluster */
	EGRESS_DROP_INNER_SOURCE = 14,  /* inner source outside the sending node's pod network */
	EGRESS_DROP_NO_ENTRY = 15,      /* this gateway doesn't serve the entry */
	EGRESS_DROP_DESTINATION = 16,   /* not a destination of the entry */
	EGRESS_DROP_NO_PORT = 17,       /* every port tried is in use to this remote */
	EGRESS_DROP_NAT_FULL = 18,      /* no room for another translation */
	EGRESS_DROP_NO_ROUTE = 19,      /* no route from the egress IP to the destination */
	EGRESS_DROP_UNSOLICITED = 20,   /* to a dedicated egress IP, belongs to no translation */
	EGRESS_DROP_NO_POD = 21,        /* reply to no pod of this node */
	EGRESS_DROP_REPLY_UNKNOWN = 22, /* reply to a connection that the pod didn't open */
	EGRESS_DROP_TUNNEL = 23,        /* tunnel device missing or key refused */
	EGRESS_DROP_PROBE = 24,         /* malformed or unexpected probe */
	EGRESS_DROP_INTERNAL = 25,      /* a helper function refused */
	EGRESS_DROP_NOT_ANNOUNCED = 26, /* the gateway has not announced the entry's id */
	EGRESS_DROP_TOO_BIG = 27,       /* larger than the MTU of the way out */
	EGRESS_DROP_FIRST_FRAGMENT = 28, /* a fragment whose first wasn't seen */
	EGRESS_DROP_POD_LIMIT = 29,     /* the pod has as many connections as it may have */
	EGRESS_DROP_ENTRY_LIMIT = 30,   /* the entry has as many translations as it may have */
	EGRESS_DROP_HAIRPIN = 31,       /* to an egress IP, from a pod that leaves by one */
	EGRESS_DROP_PORT_TAKEN = 32,    /* another's connection from a port of a shared address that we use */
	EGRESS_DROP_ICMP_ERROR = 33,    /* quotes no living translation */
	EGRESS_DROP_UPGRADING = 34,     /* a new connection while maps move to another layout */
	EGRESS_DROP_EXTENSION = 35,     /* IPv6 extension headers that can't be followed */
	EGRESS_DROP_GUARD = 36,         /* unsteered packet of a claimed pod at an uplink */
	EGRESS_DROPS = 64,              /* size of the range */
};

/* What else is counted; shares egress_counts with the drops. */
enum egress_count {
	EGRESS_COUNT_TUNNELLED = 64,   /* pod's node: into the tunnel */
	EGRESS_COUNT_TRANSLATED = 65,  /* gateway: left by an egress IP */
	EGRESS_COUNT_REVERSED = 66,    /* gateway: an answer came back */
	EGRESS_COUNT_DELIVERED = 67,   /* pod's node: an answer given to the pod */
	EGRESS_COUNT_EXCLUDED = 68,    /* left the ordinary way by an exclusion */
	EGRESS_COUNT_INBOUND = 69,     /* answer of a connection that came in */
	EGRESS_COUNT_BYPASSED = 70,    /* no gateway, and the policy says bypass */
	EGRESS_COUNT_UNRECORDED = 71,  /* a connection came in and found no room in the flow table */
	EGRESS_COUNT_RECORDED = 72,    /* let go in record mode */
	EGRESS_COUNT_STACKED = 73,     /* marked for the stack */
	EGRESS_COUNTS = 80,
};

struct egress_counter {
	__u64 packets;
	__u64 bytes;
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

enum egress_event_kind {
	EGRESS_EVENT_OPENED = 1,
	EGRESS_EVENT_CLOSED = 2,
	EGRESS_EVENT_DROPPED = 3,
};

/* One thing that happened to a connection. Addresses of IPv4 are mapped (RFC 4291, 2.5.5.2); what isn't known is 0. */
struct egress_event {
	__u64 time;          /* nanoseconds of the monotonic clock */
	__u8 kind;           /* enum egress_event_kind */
	__u8 family;         /* 4 or 6 */
	__u8 protocol;
	__u8 reason;         /* enum egress_drop */
	__u32 ifindex;       /* the pod's, when it is on this node */
	__u32 policy;        /* slot */
	__u32 entry;
	__u32 node;          /* the tunnel's other end */
	__be16 source_port;
	__be16 remote_port;
	__be16 egress_port;
	__u16 reserved;
	struct egress_address6 source;
	struct egress_address6 remote;
	struct egress_address6 egress;
};

#define EGRESS_EVENT_BYTES (1u << 18)

#define EGRESS_FAMILY 4
#include "egress_abi_family.h"
#undef EGRESS_FAMILY
#define EGRESS_FAMILY 6
#include "egress_abi_family.h"
#undef EGRESS_FAMILY

#define EGRESS_ASSERT_SIZE(type, size) _Static_assert(sizeof(struct type) == (size), #type " has another size")
EGRESS_ASSERT_SIZE(egress_config, 88);
EGRESS_ASSERT_SIZE(egress_meta, 8);
EGRESS_ASSERT_SIZE(egress_pod, 32);
EGRESS_ASSERT_SIZE(egress_rule, 8);
EGRESS_ASSERT_SIZE(egress_policy, 64);
EGRESS_ASSERT_SIZE(egress_choice_key, 12);
EGRESS_ASSERT_SIZE(egress_choice, 68);
EGRESS_ASSERT_SIZE(egress_gateway, 4);
EGRESS_ASSERT_SIZE(egress_node, 56);
EGRESS_ASSERT_SIZE(egress_way, 24);
EGRESS_ASSERT_SIZE(egress_ip, 4);
EGRESS_ASSERT_SIZE(egress_counter, 16);
EGRESS_ASSERT_SIZE(egress_event, 88);
EGRESS_ASSERT_SIZE(egress_lpm_key4, 8);
EGRESS_ASSERT_SIZE(egress_lpm_key6, 20);
EGRESS_ASSERT_SIZE(egress_rule_key4, 12);
EGRESS_ASSERT_SIZE(egress_rule_key6, 24);
EGRESS_ASSERT_SIZE(egress_flow_key4, 16);
EGRESS_ASSERT_SIZE(egress_flow_key6, 40);
EGRESS_ASSERT_SIZE(egress_flow4, 60);
EGRESS_ASSERT_SIZE(egress_flow6, 72);
EGRESS_ASSERT_SIZE(egress_entry4, 92);
EGRESS_ASSERT_SIZE(egress_entry6, 284);
EGRESS_ASSERT_SIZE(egress_fwd_key4, 20);
EGRESS_ASSERT_SIZE(egress_fwd_key6, 44);
EGRESS_ASSERT_SIZE(egress_half4, 44);
EGRESS_ASSERT_SIZE(egress_half6, 56);
EGRESS_ASSERT_SIZE(egress_rev_key4, 16);
EGRESS_ASSERT_SIZE(egress_rev_key6, 40);
EGRESS_ASSERT_SIZE(egress_rev4, 28);
EGRESS_ASSERT_SIZE(egress_rev6, 40);
EGRESS_ASSERT_SIZE(egress_collect4, 68);
EGRESS_ASSERT_SIZE(egress_collect6, 140);

#endif
