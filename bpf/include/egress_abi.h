/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The one definition of every map's keys and values, of drop reasons and of the tunnel's identifiers.
 * Included by the BPF programs and imported by Swift: no layout is written twice.
 *
 * Order of bytes: __be32 and __be16 are as on the wire; everything else is in the host's order. Padding is
 * named `reserved` and zero: the kernel compares keys as bytes.
 * A change of any layout or meaning raises EGRESS_ABI_VERSION; pins live under a folder named by it.
 *
 * Maps (names are at most 15 characters):
 *
 *   name             type           key                     value
 *   egress_config    ARRAY[1]       u32 0                   struct egress_config
 *   egress_meta      ARRAY[1]       u32 0                   struct egress_meta
 *   egress_pods      HASH           u32 interface index     struct egress_pod
 *   egress_pod_ips   HASH           __be32 pod address      u32 interface index
 *   egress_rules4    LPM_TRIE       struct egress_rule4_key struct egress_rule
 *   egress_rules6    LPM_TRIE       struct egress_rule6_key struct egress_rule
 *   egress_cluster4  LPM_TRIE       struct egress_lpm4_key  u32 enum egress_range
 *   egress_cluster6  LPM_TRIE       struct egress_lpm6_key  u32 enum egress_range
 *   egress_policies  HASH           u32 slot                struct egress_policy
 *   egress_choices   HASH           struct egress_choice_key struct egress_choice
 *   egress_gateways  HASH           __be32 node address     struct egress_gateway
 *   egress_nodes     HASH           __be32 node address     struct egress_node
 *   egress_flows     HASH           struct egress_flow_key  struct egress_flow
 *   egress_entries   HASH           u32 entry id            struct egress_entry
 *   egress_ips       HASH           __be32 egress address   struct egress_ip
 *   egress_nat_fwd   HASH           struct egress_fwd_key   struct egress_fwd
 *   egress_nat_rev   HASH           struct egress_rev_key   struct egress_rev
 *   egress_counts    PERCPU_ARRAY   u32 enum egress_count or egress_drop   struct egress_counter
 *   egress_tries     PERCPU_ARRAY   u32 0 … EGRESS_PORT_TRIES              u64 new translations that took so many tries
 *
 * No map that holds a connection is LRU: a living flow is never evicted to make room (RFC 6888, REQ-11).
 */
#ifndef EGRESS_ABI_H
#define EGRESS_ABI_H

#include <linux/types.h>

#define EGRESS_ABI_VERSION 2

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
	EGRESS_MAX_FLOWS = 262144,
	EGRESS_MAX_ENTRIES = 16384,
	EGRESS_MAX_EGRESS_IPS = 4096,
	EGRESS_MAX_TRANSLATIONS = 262144,
};

struct egress_config {
	__u32 tunnel_ifindex; /* of egw0 */
	__be32 node_ipv4;     /* this node's address as the tunnel's outer address */
	__u32 tunnel_mtu;     /* largest inner IP packet that needs no outer fragment, in bytes */
	__u32 token_count;    /* 0 … EGRESS_TOKENS; the first is written, all are accepted; 0 refuses every packet */
	__u8 tokens[EGRESS_TOKENS][EGRESS_TOKEN_LENGTH];
	__u64 port_key[2];    /* secret of the port choice; made once, kept over restarts */
};

struct egress_meta {
	__u64 revision; /* of the plan in force */
};

/* The record of one governed pod, by the host side of its veth. An attached program without it drops. */
struct egress_pod {
	__be32 ipv4;           /* 0 when the pod has none */
	__u8 ipv6[16];         /* all zero when the pod has none */
	__u32 set;             /* its rules: egress_rules4 and egress_rules6 under this set */
	__u32 deliver_ifindex; /* the device that routes to the pod: the veth, or its bridge */
	__u32 reserved;
};

struct egress_lpm4_key {
	__u32 prefixlen;
	__be32 address;
};

struct egress_lpm6_key {
	__u32 prefixlen;
	__u8 address[16];
};

/* prefixlen counts the set too: 32 + the prefix's own length. A set never changes: a change is a new set. */
struct egress_rule4_key {
	__u32 prefixlen;
	__u32 set;
	__be32 destination;
};

struct egress_rule6_key {
	__u32 prefixlen;
	__u32 set;
	__u8 destination[16];
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
};

struct egress_ranked {
	__u32 entry;    /* the id that this gateway gave out */
	__be32 gateway; /* key into egress_gateways */
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

/* A node that may be the other end of the tunnel. */
struct egress_node {
	__be32 pod_network; /* inner sources it may send; with pod_mask 0 any */
	__be32 pod_mask;
};

enum egress_nat_flags {
	EGRESS_NAT_DYING = 1, /* marked by the collector; a packet clears it */
};

/* A connection of a pod, on the pod's node. For ICMP echo pod_port is the identifier, remote_port is 0. */
struct egress_flow_key {
	__u32 ifindex;
	__be32 remote;
	__be16 pod_port;
	__be16 remote_port;
	__u8 protocol;
	__u8 reserved[3];
};

enum egress_flow_kind {
	EGRESS_FLOW_OUT = 1,    /* the pod opened it, and it leaves by `entry` at `gateway` */
	EGRESS_FLOW_IN = 2,     /* somebody outside opened it: answers go the ordinary way */
	EGRESS_FLOW_EXEMPT = 3, /* open before a policy first claimed the pod */
};

/* What TCP flags one direction of a connection has shown. */
enum egress_seen {
	EGRESS_SEEN_REPLY = 1,
	EGRESS_SEEN_FIN = 2,
	EGRESS_SEEN_RST = 4,
};

struct egress_flow {
	__u8 kind;       /* enum egress_flow_kind */
	__u8 seen_out;   /* enum egress_seen, from the pod */
	__u8 seen_in;    /* enum egress_seen, to the pod */
	__u8 flags;      /* enum egress_nat_flags */
	__u32 policy;    /* slot */
	__u32 entry;
	__be32 gateway;
	__u32 last;      /* seconds of the coarse monotonic clock, written only when it changed */
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

/* What a gateway does for one entry of a policy. */
struct egress_entry {
	__u32 set;         /* the entry's own destinations and exclusions */
	__u32 ifindex;     /* leaves here; 0: the route with source egress_ipv4 decides */
	__u32 policy;      /* slot */
	__u16 keep_min;    /* an original port in keep_min … keep_max is kept when free */
	__u16 keep_max;
	__u16 port_base;  /* else a port of port_base … port_base + port_mask */
	__u16 port_mask;  /* a power of two, less one */
	__u32 flags;       /* enum egress_entry_flags; shared when one of its addresses is */
	__u32 count;       /* of addresses */
	__be32 egress_ipv4[EGRESS_ENTRY_ADDRESSES]; /* ascending, each once; what isn't used is 0 */
};

struct egress_ip {
	__u32 flags; /* enum egress_entry_flags: an unknown packet to a shared address belongs to the node */
};

struct egress_fwd_key {
	__u32 entry;
	__be32 source;
	__be32 remote;
	__be16 source_port; /* ICMP echo: the identifier */
	__be16 remote_port; /* ICMP echo: 0 */
	__u8 protocol;
	__u8 reserved[3];
};

/*
 * The forward half; only the forward direction writes it. `node` and `ifindex` are the origin of the last packet:
 * when another packet comes from elsewhere, the reverse half is told, and else isn't touched.
 */
struct egress_fwd {
	__be32 egress_ipv4;
	__be16 egress_port;
	__u8 seen;       /* enum egress_seen */
	__u8 flags;      /* enum egress_nat_flags */
	__u32 last;      /* seconds of the coarse monotonic clock */
	__u32 created;   /* same clock */
	__be32 node;     /* as in struct egress_rev */
	__u32 ifindex;   /* as in struct egress_rev */
};

struct egress_rev_key {
	__be32 egress_ipv4;
	__be32 remote;
	__be16 egress_port;
	__be16 remote_port;
	__u8 protocol;
	__u8 reserved[3];
};

/* The reverse half; `node` and `ifindex` are refreshed by each authenticated forward packet. */
struct egress_rev {
	__be32 source;
	__be16 source_port;
	__u8 seen;       /* enum egress_seen; EGRESS_SEEN_REPLY with the first answer */
	__u8 flags;      /* enum egress_nat_flags */
	__u32 entry;
	__be32 node;     /* the tunnel's other end; 0 when the pod is on this node */
	__u32 ifindex;   /* the pod's, when it is on this node */
	__u32 last;      /* seconds of the coarse monotonic clock */
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
	EGRESS_DROP_FAMILY = 7,         /* IPv6, claimed, not carried yet */
	EGRESS_DROP_FRAGMENT = 8,       /* a fragment of a claimed packet, not carried yet */
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
	EGRESS_COUNT_UNRECORDED = 71,  /* a connection came in and found no room in egress_flows */
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
	EGRESS_COLLECT_FLOW = 1,   /* egress_flows under `flow` */
	EGRESS_COLLECT_NAT = 2,    /* both halves: egress_nat_fwd under `fwd`, egress_nat_rev under `rev` */
	EGRESS_COLLECT_ORPHAN = 3, /* egress_nat_rev under `rev`, whose forward half is gone or has another port */
};

/* `last` and `rev_last` are as they were when the decision was made; a connection that moved on is left alone. */
struct egress_collect {
	__u32 step;      /* enum egress_collect_step */
	__u32 table;     /* enum egress_collect_table */
	__u32 last;      /* of the flow or the forward half */
	__u32 rev_last;  /* of the reverse half; 0 where there is none */
	struct egress_flow_key flow;
	struct egress_fwd_key fwd;
	struct egress_rev_key rev;
};

#define EGRESS_ASSERT_SIZE(type, size) _Static_assert(sizeof(struct type) == (size), #type " has another size")
EGRESS_ASSERT_SIZE(egress_config, 56);
EGRESS_ASSERT_SIZE(egress_meta, 8);
EGRESS_ASSERT_SIZE(egress_pod, 32);
EGRESS_ASSERT_SIZE(egress_lpm4_key, 8);
EGRESS_ASSERT_SIZE(egress_lpm6_key, 20);
EGRESS_ASSERT_SIZE(egress_rule4_key, 12);
EGRESS_ASSERT_SIZE(egress_rule6_key, 24);
EGRESS_ASSERT_SIZE(egress_rule, 8);
EGRESS_ASSERT_SIZE(egress_policy, 64);
EGRESS_ASSERT_SIZE(egress_choice_key, 8);
EGRESS_ASSERT_SIZE(egress_choice, 68);
EGRESS_ASSERT_SIZE(egress_gateway, 4);
EGRESS_ASSERT_SIZE(egress_node, 8);
EGRESS_ASSERT_SIZE(egress_flow_key, 16);
EGRESS_ASSERT_SIZE(egress_flow, 20);
EGRESS_ASSERT_SIZE(egress_entry, 92);
EGRESS_ASSERT_SIZE(egress_ip, 4);
EGRESS_ASSERT_SIZE(egress_fwd_key, 20);
EGRESS_ASSERT_SIZE(egress_fwd, 24);
EGRESS_ASSERT_SIZE(egress_rev_key, 16);
EGRESS_ASSERT_SIZE(egress_rev, 24);
EGRESS_ASSERT_SIZE(egress_counter, 16);
EGRESS_ASSERT_SIZE(egress_collect, 68);

#endif
