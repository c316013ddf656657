/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What becomes of a destination.
 *
 *   in_cluster(address)                 never steered
 *   rule_find(set, address)             the longest prefix of a set
 *   steer(skb, packet, pod, steering)   a pod's packet: VERDICT_GO with a gateway, VERDICT_PASS, or a reason
 */
static __always_inline bool F(in_cluster)(const ADDRESS *address)
{
	struct F(egress_lpm_key) key = {.prefixlen = sizeof(ADDRESS) * 8, .address = *address};

	return bpf_map_lookup_elem(&F(egress_cluster), &key) != NULL;
}

static __always_inline const struct egress_rule *F(rule_find)(__u32 set, const ADDRESS *destination)
{
	struct F(egress_rule_key) key = {.prefixlen = 32 + sizeof(ADDRESS) * 8, .set = set, .destination = *destination};

	return bpf_map_lookup_elem(&F(egress_rules), &key);
}

/* And the translation that it is; `way` is room for that. */
static __always_inline void F(flow_forget)(const struct F(egress_flow_key) *key, const struct F(egress_flow) *flow,
					   struct F(nat_way) *way)
{
	__builtin_memset(way, 0, sizeof(*way));
	way->key.entry = flow->entry;
	way->key.source = key->pod;
	way->key.remote = key->remote;
	way->key.source_port = key->pod_port;
	way->key.remote_port = key->remote_port;
	way->key.protocol = key->protocol;
	if (flow->kind == EGRESS_FLOW_OUT && flow->place == EGRESS_PLACE_LOCAL)
		F(nat_forget)(way, &flow->half);
	else
		bpf_map_delete_elem(&F(egress_flows), key);
}

/*
 * The record of a new connection that another node translates; one that this node translates is recorded with its
 * translation. Whatever was there under the key is over. VERDICT_GO or a drop's reason.
 */
static __always_inline int F(steer_record)(const struct F(egress_flow_key) *key, __u32 ifindex,
					   const struct steering *steering, const struct egress_config *config,
					   struct F(egress_flow) *flow)
{
	F(flow_make)(flow, EGRESS_FLOW_OUT, ifindex);
	flow->place = EGRESS_PLACE_REMOTE;
	flow->half.node = steering->gateway;
	flow->half.way.generation = config->generation;
	flow->half.way.until = jiffies_low() + EGRESS_WAY_JIFFIES;
	flow->half.way.ifindex = config->tunnel_ifindex;
	flow->policy = steering->policy;
	flow->entry = steering->entry;
	return bpf_map_update_elem(&F(egress_flows), key, flow, BPF_ANY) ? EGRESS_DROP_FLOWS_FULL : VERDICT_GO;
}

/* Whether the translation that a flow has may go on, when the rules were asked again. */
static __always_inline bool F(steer_goes_on)(const struct F(egress_flow) *flow, __u32 ifindex,
					     const struct steering *steering)
{
	return flow->kind == EGRESS_FLOW_OUT && flow->place == EGRESS_PLACE_LOCAL &&
	       steering->place == EGRESS_PLACE_LOCAL && flow->ifindex == ifindex && flow->entry == steering->entry;
}

/* A packet that no record decides: by the rules of the pod's set. `unreadable` is why its ports couldn't be read. */
static __always_inline int F(steer_by_rules)(struct __sk_buff *skb, const struct F(packet) *packet,
					     const struct egress_pod *pod, const struct egress_config *config,
					     int unreadable, const struct F(egress_flow_key) *key,
					     struct F(egress_flow) *flow, struct steering *steering)
{
	const struct egress_rule *rule = F(rule_find)(pod->set, &packet->destination);
	struct F(scratch) *scratch = F(scratch_read)();
	int verdict;

	if (!scratch)
		return EGRESS_DROP_INTERNAL;
	if (!rule)
		return VERDICT_PASS;
	if (rule->action == EGRESS_ACTION_EXCLUDE) {
		packet_count(skb, EGRESS_COUNT_EXCLUDED);
		return VERDICT_PASS;
	}
	if (rule->action != EGRESS_ACTION_GATEWAY)
		return rule->reason ? rule->reason : EGRESS_DROP_NO_GATEWAY;
	if (packet->fragment)
		return EGRESS_DROP_FRAGMENT;
	if (unreadable)
		return unreadable;
	if (F(packet_is_icmp)(packet) && !F(packet_is_echo)(packet))
		return EGRESS_DROP_PROTOCOL;
	if (F(packet_continues_tcp)(packet))
		return EGRESS_DROP_NO_FLOW;
	if (packet->ttl <= 1)
		return EGRESS_DROP_TTL;
	if (config->upgrading)
		return EGRESS_DROP_UPGRADING;
	steering->policy = rule->policy;
	verdict = steer_choose(skb, IPV, steering);
	if (verdict != VERDICT_GO)
		return verdict;
	if (flow && !F(steer_goes_on)(flow, skb->ifindex, steering))
		F(flow_forget)(key, flow, &scratch->way);
	if (steering->place == EGRESS_PLACE_LOCAL)
		return VERDICT_GO;
	return F(steer_record)(key, skb->ifindex, steering, config, &scratch->flow);
}

/* A packet with a record: VERDICT_PASS when it is left alone, VERDICT_GO when steering says where it goes. */
static __always_inline int F(steer_by_record)(struct __sk_buff *skb, const struct F(packet) *packet,
					      struct F(egress_flow) *flow, const struct egress_config *config,
					      struct steering *steering)
{
	const struct egress_gateway *gateway;
	__u32 node;

	/* A request is never an answer, an answer never a request: each needs the record of its own direction. */
	if (F(packet_is_icmp)(packet) && flow->kind != EGRESS_FLOW_EXEMPT &&
	    F(packet_is_echo)(packet) != (flow->kind == EGRESS_FLOW_OUT))
		return ASKS;
	if (flow->kind != EGRESS_FLOW_OUT) {
		F(flow_sends)(flow, packet);
		packet_count(skb, EGRESS_COUNT_INBOUND);
		return VERDICT_PASS;
	}
	node = flow->half.node;
	gateway = bpf_map_lookup_elem(&egress_gateways, &node);
	if (!gateway || gateway->place != flow->place)
		return ASKS;
	/* TCP stays where its translation is; what can begin anew goes on by a gateway that works. */
	if (!gateway->healthy && packet->protocol != IPPROTO_TCP)
		return ASKS;
	steering->policy = flow->policy;
	steering->entry = flow->entry;
	steering->gateway = node;
	steering->place = gateway->place;
	/* What this node translates is refreshed with its translation. */
	if (flow->place == EGRESS_PLACE_REMOTE) {
		F(flow_sends)(flow, packet);
		F(way_keep)(&flow->half, config, config->tunnel_ifindex, NULL, NULL);
	}
	return VERDICT_GO;
}

static __always_inline int F(steer)(struct __sk_buff *skb, const struct F(packet) *packet, const struct egress_pod *pod,
				    const struct egress_config *config, int unreadable, struct steering *steering)
{
	struct F(egress_flow) *flow = NULL;
	struct F(egress_flow_key) key;
	int verdict;

	F(flow_of_sent)(packet, &key);
	if (!packet->fragment && !unreadable)
		flow = bpf_map_lookup_elem(&F(egress_flows), &key);
	if (flow && flow->ifindex == skb->ifindex && !F(packet_opens_tcp)(packet)) {
		verdict = F(steer_by_record)(skb, packet, flow, config, steering);
		if (verdict == VERDICT_GO && packet->ttl <= 1)
			return EGRESS_DROP_TTL;
		if (verdict != ASKS)
			return verdict;
	}
	return F(steer_by_rules)(skb, packet, pod, config, unreadable, &key, flow, steering);
}
