/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What has addresses, for the family EGRESS_FAMILY (4 or 6). Included by egress_abi.h once for each, so without a guard.
 */
#define EGRESS_JOIN_(name, family) name##family
#define EGRESS_JOIN(name, family)  EGRESS_JOIN_(name, family)
#define EGRESS_F(name)             EGRESS_JOIN(name, EGRESS_FAMILY)
#define EGRESS_ADDRESS             struct EGRESS_F(egress_address)

struct EGRESS_F(egress_lpm_key) {
	__u32 prefixlen;
	EGRESS_ADDRESS address;
};

/* prefixlen counts the set too: 32 + the prefix's own length. A set never changes: a change is a new set. */
struct EGRESS_F(egress_rule_key) {
	__u32 prefixlen;
	__u32 set;
	EGRESS_ADDRESS destination;
};

/* What a gateway does for one entry of a policy. */
struct EGRESS_F(egress_entry) {
	__u32 set;        /* the entry's own destinations and exclusions */
	__u32 ifindex;    /* leaves here; 0: the route with the egress IP as its source decides */
	__u32 policy;     /* slot */
	__u16 keep_min;   /* an original port in keep_min … keep_max is kept when free */
	__u16 keep_max;
	__u16 port_base;  /* else a port of port_base … port_base + port_mask */
	__u16 port_mask;  /* a power of two, less one */
	__u32 flags;      /* enum egress_entry_flags; shared when one of its addresses is */
	__u32 count;      /* of addresses; 0: the entry has none of this family */
	EGRESS_ADDRESS egress[EGRESS_ENTRY_ADDRESSES]; /* ascending, each once; what isn't used is 0 */
	__u32 drains;      /* so many more addresses follow those: living translations go on with them, no new one begins */
	__u32 adopt_until; /* seconds of the coarse monotonic clock: till then TCP in its middle is taken over; 0: never */
};

/*
 * The forward half of a translation. On a gateway for the pods of other nodes it is a value of its own; for a pod of the
 * gateway's own node it lies in the pod's flow. Only the forward direction writes it.
 */
struct EGRESS_F(egress_half) {
	/* 0 where there is no translation; in a flow that another node translates the first word has it, of IPv6 folded */
	EGRESS_ADDRESS egress;
	__be16 egress_port;
	__u8 seen;             /* enum egress_seen, from the pod */
	__u8 flags;            /* enum egress_half_flags */
	__u32 last;            /* seconds of the coarse monotonic clock, at most EGRESS_WAY_JIFFIES late */
	__u32 created;         /* same clock */
	__u32 node;            /* in a flow the gateway; else the node that sent the last packet: answers go there */
	__u16 policy;          /* slot, for counting; 0: not counted */
	__u16 counter;         /* of the egress address: see struct egress_ip */
	struct egress_way way;
};

/* A connection of a pod, on the pod's node. For ICMP echo pod_port is the identifier, remote_port is 0. */
struct EGRESS_F(egress_flow_key) {
	EGRESS_ADDRESS pod;
	EGRESS_ADDRESS remote;
	__be16 pod_port;
	__be16 remote_port;
	__u8 protocol;
	__u8 reserved[3];
};

/* Good for the interface that it names alone: a pod can't borrow another's, nor inherit it. */
struct EGRESS_F(egress_flow) {
	struct EGRESS_F(egress_half) half;
	__u8 kind;       /* enum egress_flow_kind */
	__u8 place;      /* enum egress_place of the gateway; only a local one's half is a translation */
	__u8 seen_in;    /* enum egress_seen, to the pod */
	__u8 reserved;
	__u32 ifindex;   /* of the pod */
	__u32 policy;    /* slot */
	__u32 entry;
};

struct EGRESS_F(egress_fwd_key) {
	__u32 entry;
	EGRESS_ADDRESS source;
	EGRESS_ADDRESS remote;
	__be16 source_port; /* ICMP echo: the identifier */
	__be16 remote_port; /* ICMP echo: 0 */
	__u8 protocol;
	__u8 reserved[3];
};

struct EGRESS_F(egress_rev_key) {
	EGRESS_ADDRESS egress;
	EGRESS_ADDRESS remote;
	__be16 egress_port;
	__be16 remote_port;
	__u8 protocol;
	__u8 reserved[3];
};

/*
 * The reverse half; `node` and `ifindex` are refreshed by authenticated forward packets. Where `entry` is 0 it is no
 * translation but the claim of another's connection on a port of a shared address: its answers are the node's.
 */
struct EGRESS_F(egress_rev) {
	EGRESS_ADDRESS source;
	__be16 source_port; /* of a claim: enum egress_seen, from the node, in the host's order */
	__u8 seen;       /* enum egress_seen; EGRESS_SEEN_REPLY with the first answer */
	__u8 flags;      /* enum egress_half_flags */
	__u32 entry;
	__u32 node;      /* the tunnel's other end; 0 when the pod is on this node */
	__u32 ifindex;   /* the pod's, when it is on this node: its flow is the forward half */
	__u32 last;      /* seconds of the coarse monotonic clock, at most EGRESS_WAY_JIFFIES late */
	__u32 until;     /* the low half of jiffies: nothing is written before */
	__u16 policy;    /* as in the forward half */
	__u16 counter;
};

struct EGRESS_F(egress_frag_key) {
	EGRESS_ADDRESS source;
	EGRESS_ADDRESS destination;
	__u32 id;        /* IPv4's 16 bits, or the fragment header's 32, as on the wire */
	__u32 place;     /* see enum egress_frag_side */
	__u8 side;
	__u8 protocol;
	__u16 reserved;
};

/* `last` and `rev_last` are as they were when the decision was made; a connection that moved on is left alone. */
struct EGRESS_F(egress_collect) {
	__u32 step;      /* enum egress_collect_step */
	__u32 table;     /* enum egress_collect_table */
	__u32 last;      /* of the flow or the forward half */
	__u32 rev_last;  /* of the reverse half; 0 where there is none */
	struct EGRESS_F(egress_flow_key) flow;
	struct EGRESS_F(egress_fwd_key) fwd;
	struct EGRESS_F(egress_rev_key) rev;
};

#undef EGRESS_JOIN_
#undef EGRESS_JOIN
#undef EGRESS_F
#undef EGRESS_ADDRESS
