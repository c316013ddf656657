/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * translate_and_leave(): a pod's packet on its gateway, from whatever node it came. Returns what the program returns, or LOST.
 */

/*
 * What a new connection may reach by the entry. A living one was asked when it began. A function of its own to the verifier
 * too, for the stack.
 */
__noinline int F(entry_serves)(__u32 set, const ADDRESS *destination)
{
	const struct egress_rule *rule;

	if (!destination || F(in_cluster)(destination))
		return false;
	rule = F(rule_find)(set, destination);
	return rule && rule->action == EGRESS_ACTION_GATEWAY;
}

/* A new translation, for what the entry serves. VERDICT_GO or a drop's reason. */
static __always_inline int F(translate_anew)(const struct F(packet) *packet, const struct F(egress_entry) *entry,
					     struct F(scratch) *scratch)
{
	const struct egress_config *config = config_read();
	struct port_order *order = &scratch->order;
	const struct egress_ip *ip;
	int verdict;

	if (!config)
		return EGRESS_DROP_INTERNAL;
	if (F(packet_continues_tcp)(packet) && !F(entry_adopts)(packet, entry, scratch->way.now))
		return EGRESS_DROP_NO_FLOW;
	if (packet->later)
		return EGRESS_DROP_FIRST_FRAGMENT;
	if (config->upgrading)
		return EGRESS_DROP_UPGRADING;
	if (!entry->count)
		return EGRESS_DROP_NO_EGRESS_IP;
	if (!F(entry_serves)(entry->set, &packet->destination))
		return EGRESS_DROP_DESTINATION;
	if (F(use_entry_is_spent)(scratch->way.key.entry, config->entry_limit))
		return EGRESS_DROP_ENTRY_LIMIT;
	F(nat_address)(entry, &packet->source, &scratch->way.address);
	ip = bpf_map_lookup_elem(&F(egress_ips), &scratch->way.address);
	scratch->way.counter = ip ? ip->counter : 0;
	port_order_make(order, config, F(address_fold)(&packet->source), packet->source_port, packet->protocol);
	order->mask = entry->port_mask;
	order->base = entry->port_base;
	order->keeps_own = order->own >= entry->keep_min && order->own <= entry->keep_max;
	verdict = F(nat_create)();
	if (verdict == VERDICT_GO && F(packet_continues_tcp)(packet))
		count_one(EGRESS_COUNT_ADOPTED);
	return verdict;
}

/* At the tunnel device, where the stack led the packet, it didn't come in: the pod's own device is asked for. */
static __always_inline int F(translate_tells_pod)(struct __sk_buff *skb, const struct egress_config *config, __u32 mtu)
{
	struct F(scratch) *scratch = F(scratch_read)();
	const struct egress_pod *pod;
	int verdict;

	if (skb->ifindex != config->tunnel_ifindex)
		return F(answer_back)(skb, mtu);
	pod = scratch ? bpf_map_lookup_elem(&egress_pods, &scratch->way.ifindex) : NULL;
	if (!pod)
		return packet_drop(skb, EGRESS_DROP_NO_POD);
	verdict = F(answer_too_big)(skb, mtu);
	if (verdict)
		return packet_drop(skb, verdict);
	return F(deliver_as)(skb, pod, EGRESS_COUNT_TOO_BIG_ANSWERED);
}

/*
 * Larger than the next hop takes: the pod is told, here or on its own node, where the tunnel may take less still. A
 * function of its own to the verifier too.
 */
__noinline int F(translate_too_big)(struct __sk_buff *skb, __u32 entry, __u32 sender, __u32 mtu)
{
	const struct egress_config *config = config_read();
	int verdict;

	if (!config)
		return packet_drop(skb, EGRESS_DROP_INTERNAL);
	if (!sender)
		return F(translate_tells_pod)(skb, config, mtu);
	verdict = F(answer_too_big)(skb, config->tunnel_mtu && config->tunnel_mtu < mtu ? config->tunnel_mtu : mtu);
	if (verdict)
		return packet_drop(skb, verdict);
	return leave_by_tunnel(skb, EGRESS_VNI_REPLY | (entry & EGRESS_VNI_ENTRY_MASK), sender,
			       EGRESS_COUNT_TOO_BIG_ANSWERED);
}

/* As the scratch's way says. A function of its own to the verifier too, for the stack. */
__noinline int F(translate_rewrite)(struct __sk_buff *skb, const struct F(packet) *packet)
{
	struct F(scratch) *scratch = F(scratch_read)();

	if (!packet || !scratch)
		return EGRESS_DROP_INTERNAL;
	return F(fragment_rewrite)(skb, packet, &scratch->way.address, scratch->way.port, true);
}

/*
 * `sender`: the node that sent it through the tunnel, where answers go; 0 when the pod is here. A function of its own to
 * the verifier too.
 */
__noinline int F(translate_and_leave)(struct __sk_buff *skb, const struct F(packet) *packet,
				      const struct steering *steering, __u32 sender)
{
	struct F(scratch) *scratch = F(scratch_read)();
	const struct F(egress_entry) *entry;
	struct F(egress_half) *half;
	struct F(nat_way) *way;
	__u32 id;
	int verdict = VERDICT_PASS;

	if (!packet || !steering || !scratch)
		return packet_drop(skb, EGRESS_DROP_INTERNAL);
	id = steering->entry;
	entry = bpf_map_lookup_elem(&F(egress_entries), &id);
	if (!entry)
		return packet_drop(skb, EGRESS_DROP_NO_ENTRY);
	if (!(entry->count + entry->drains))
		return packet_drop(skb, EGRESS_DROP_NO_EGRESS_IP);
	way = &scratch->way;
	__builtin_memset(way, 0, sizeof(*way));
	F(nat_forward_key)(&way->key, packet, id);
	way->now = clock_seconds();
	way->node = sender;
	way->ifindex = sender ? 0 : steering->ifindex;
	way->policy = entry->policy;
	way->gateway = steering->gateway;
	half = packet->is_first ? NULL : F(nat_half)(way);
	if (half)
		verdict = F(nat_continue)(way, half, entry, packet);
	if (verdict == VERDICT_PASS) {
		half = NULL;
		verdict = F(translate_anew)(packet, entry, scratch);
	}
	if (verdict == VERDICT_GO && (half || !F(leave_as_others)(skb, packet->tos, entry->ifindex)))
		verdict = F(route_find)(skb, packet, entry->ifindex);
	if (verdict == EGRESS_DROP_TOO_BIG)
		return F(translate_too_big)(skb, id, sender, scratch->fib.mtu_result);
	if (verdict == VERDICT_GO)
		verdict = F(translate_rewrite)(skb, packet);
	if (verdict == EGRESS_DROP_NO_FLOW)
		return LOST;
	if (verdict != VERDICT_GO)
		return packet_drop(skb, verdict);
	if (way->leaves) {
		skb->mark = EGRESS_MARK_OURS;
		return bpf_redirect(way->leaves, 0);
	}
	F(route_keep)(half, scratch, entry->ifindex, packet->tos);
	return F(leave_by_route)(skb, way, &scratch->fib);
}
