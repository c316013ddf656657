/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Why packets are dropped, what else is counted, and for whom. Included by egress_abi.h.
 */
#ifndef EGRESS_ABI_COUNTS_H
#define EGRESS_ABI_COUNTS_H

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
	EGRESS_DROP_FRAGMENT = 8,       /* not given any more: fragments follow their first */
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
	EGRESS_DROP_SERVICE = 37,       /* the same, sent to a service whose endpoint is outside; netfilter's half counts it */
	EGRESS_DROP_STACK = 38,         /* led to the tunnel device by its mark, and no claimed packet of a pod */
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
	EGRESS_COUNT_RECLAIMED = 74,   /* a port was taken over from a connection that was over */
	EGRESS_COUNT_FOREIGN = 75,     /* another's connection claimed a port of a shared address */
	EGRESS_COUNT_UNCLAIMED = 76,   /* another's connection found no room for its claim */
	EGRESS_COUNT_TOO_BIG_ANSWERED = 77, /* larger than the way out: told its sender so, by ICMP */
	EGRESS_COUNT_OUTER_FRAGMENTS = 78,  /* larger than the tunnel, and may be cut: the outer packet is */
	EGRESS_COUNT_EXEMPT = 79,      /* of a connection that was open before a policy first claimed the pod */
	EGRESS_COUNT_UNWATCHED = 80,   /* events for which egress_events had no room; its bytes mean nothing */
	EGRESS_COUNT_TTL_ANSWERED = 81, /* the last hop was here: told its sender so, by ICMP */
	EGRESS_COUNT_ICMP_LIMITED = 82, /* would have been told something by ICMP, and too many were */
	EGRESS_COUNT_RESET = 83,       /* a pod was told by a TCP reset that its connection is lost */
	EGRESS_COUNT_ADOPTED = 84,     /* a connection in its middle was taken over from another gateway; its bytes mean nothing */
	EGRESS_COUNTS = 96,
};

struct egress_counter {
	__u64 packets;
	__u64 bytes;
};

/* What a policy's packets did here; see enum egress_count. */
struct egress_traffic {
	struct egress_counter tunnelled;
	struct egress_counter delivered; /* of what another node translates */
	struct egress_counter translated;
	struct egress_counter reversed;
	struct egress_counter dropped;
};

/* What left by an egress address, what came back, and what of either was dropped. */
struct egress_ip_traffic {
	struct egress_counter translated;
	struct egress_counter reversed;
	struct egress_counter dropped;
};

/* Addresses of both families. */
#define EGRESS_IP_COUNTERS (2 * EGRESS_MAX_EGRESS_IPS)

#endif
