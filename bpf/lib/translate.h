/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * translate_and_leave(): a pod's packet on its gateway, from whatever node it came. Returns what the program returns.
 */
#ifndef EGRESS_TRANSLATE_H
#define EGRESS_TRANSLATE_H

#include "classify.h"
#include "rewrite.h"
#include "route.h"

/* What a new connection may reach by the entry. A living one was asked when it began. */
static __always_inline bool entry_serves(__u32 set, __be32 destination)
{
	const struct egress_rule *rule;

	if (in_cluster4(destination))
		return false;
	rule = rule4_find(set, destination);
	return rule && rule->action == EGRESS_ACTION_GATEWAY;
}

/* A new translation, for what the entry serves. VERDICT_GO or a drop's reason. */
static __always_inline int translate_anew(const struct packet *packet, const struct egress_entry *entry,
					  struct nat_way *way)
{
	const struct egress_config *config = config_read();
	struct port_order order = {};

	if (!config)
		return EGRESS_DROP_INTERNAL;
	if (!entry_serves(entry->set, packet->destination))
		return EGRESS_DROP_DESTINATION;
	way->address = nat_address(entry, packet->source);
	port_order_make(&order, config, entry, packet);
	return nat_create(way, &order);
}

/* `node`: where answers go; 0 when the pod is here. A function of its own to the verifier too. */
__noinline int translate_and_leave(struct __sk_buff *skb, const struct packet *packet, __u32 entry_id, __be32 node)
{
	const struct egress_entry *entry;
	struct nat_way way;
	int verdict;

	if (!packet)
		return packet_drop(skb, EGRESS_DROP_INTERNAL);
	entry = bpf_map_lookup_elem(&egress_entries, &entry_id);
	if (!entry)
		return packet_drop(skb, EGRESS_DROP_NO_ENTRY);
	if (!entry->count)
		return packet_drop(skb, EGRESS_DROP_NO_EGRESS_IP);
	nat_way_start(&way, packet, entry_id, entry, node, node ? 0 : skb->ifindex);
	verdict = nat_find(&way, entry, packet);
	if (verdict == VERDICT_PASS)
		verdict = translate_anew(packet, entry, &way);
	if (verdict == VERDICT_GO)
		verdict = rewrite_source(skb, packet, way.address, way.port);
	if (verdict != VERDICT_GO)
		return packet_drop(skb, verdict);
	return leave_by_route(skb, packet, &way);
}

#endif
