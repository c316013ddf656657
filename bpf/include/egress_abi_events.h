/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What is told to whoever watches connections, or traces a packet. Included by egress_abi.h.
 */
#ifndef EGRESS_ABI_EVENTS_H
#define EGRESS_ABI_EVENTS_H

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

/* What a traced packet asked; more than EGRESS_TRACE_STEPS are not kept. */
enum egress_trace_what {
	EGRESS_TRACE_CLUSTER = 1,
	EGRESS_TRACE_POD = 2,
	EGRESS_TRACE_RULE = 3,
	EGRESS_TRACE_FLOW = 4,
	EGRESS_TRACE_CHOICE = 5,
	EGRESS_TRACE_GATEWAY = 6,
	EGRESS_TRACE_NODE = 7,
	EGRESS_TRACE_NODE_ID = 8,
	EGRESS_TRACE_ENTRY = 9,
	EGRESS_TRACE_EGRESS_IP = 10,
	EGRESS_TRACE_FORWARD = 11,
	EGRESS_TRACE_REVERSE = 12,
	EGRESS_TRACE_POD_IP = 13,
	EGRESS_TRACE_ROUTE = 14,     /* bpf_fib_lookup: the key is what was asked, the value what it said */
	EGRESS_TRACE_WHAT = 0x3f,
	EGRESS_TRACE_IPV6 = 0x40,    /* of the tables of IPv6 */
	EGRESS_TRACE_WRITE = 0x80,   /* not read but written */
};

#define EGRESS_TRACE_STEPS 128

/* What of a key or value doesn't fit is cut off. */
struct egress_trace_step {
	__u32 what;     /* enum egress_trace_what; 0: no step */
	__s32 result;   /* of a lookup 0, or -ENOENT where there was nothing; else what the kernel answered */
	__u8 key[64];
	__u8 value[96];
};

#endif
