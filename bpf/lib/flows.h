/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Connections of the pods of this node: who opened them, and where they leave.
 *
 *   flow_of_sent(packet, ifindex, key)    key of a packet that a pod sends
 *   flow_of_given(packet, ifindex, key)   key of a packet that a pod is given
 *   flow_touch(flow, packet, sent)        notes that it lives
 */
#ifndef EGRESS_FLOWS_H
#define EGRESS_FLOWS_H

#include "parse.h"

static __always_inline void flow_of_sent(const struct packet *packet, __u32 ifindex, struct egress_flow_key *key)
{
	__builtin_memset(key, 0, sizeof(*key));
	key->ifindex = ifindex;
	key->remote = packet->destination;
	key->pod_port = packet->source_port;
	key->remote_port = packet->protocol == IPPROTO_ICMP ? 0 : packet->destination_port;
	key->protocol = packet->protocol;
}

static __always_inline void flow_of_given(const struct packet *packet, __u32 ifindex, struct egress_flow_key *key)
{
	__builtin_memset(key, 0, sizeof(*key));
	key->ifindex = ifindex;
	key->remote = packet->source;
	key->pod_port = packet->destination_port;
	key->remote_port = packet->protocol == IPPROTO_ICMP ? 0 : packet->source_port;
	key->protocol = packet->protocol;
}

static __always_inline void flow_touch(struct egress_flow *flow, const struct packet *packet, bool sent)
{
	__u8 seen = packet_seen(packet);
	__u32 now = clock_seconds();

	if (flow->last != now)
		flow->last = now;
	if (flow->flags)
		flow->flags = 0;
	if (sent) {
		/* The pod's answer to somebody outside. */
		if (flow->kind == EGRESS_FLOW_IN)
			seen |= EGRESS_SEEN_REPLY;
		if (seen & ~flow->seen_out)
			flow->seen_out |= seen;
		return;
	}
	seen |= EGRESS_SEEN_REPLY;
	if (seen & ~flow->seen_in)
		flow->seen_in |= seen;
}

#endif
