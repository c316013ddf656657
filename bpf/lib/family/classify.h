/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What becomes of a destination.
 *
 *   steer_pod(pod, ifindex, steering)        what steer() must know of the pod
 *   steer(skb, packet, unreadable, steering) a pod's packet: VERDICT_GO with a gateway, VERDICT_PASS, or a reason
 */
/* A new connection's record, counted; over one that another processor wrote meanwhile. 0, or no room. */
static __always_inline long F(flow_write)(const struct F(egress_flow_key) *key, const struct F(egress_flow) *flow)
{
	bool is_steered = flow->kind == EGRESS_FLOW_OUT;
	long error = bpf_map_update_elem(&F(egress_flows), key, flow, BPF_NOEXIST);

	if (!error)
		F(use_change)(EGRESS_USE_POD, flow->ifindex, is_steered, !is_steered);
	else if (error == -NAT_EEXIST)
		error = bpf_map_update_elem(&F(egress_flows), key, flow, BPF_EXIST);
	return error;
}

/*
 * The record of a new connection that another node translates; one that this node translates is recorded with its
 * translation. Whatever was there under the key is over. VERDICT_GO or a drop's reason.
 */
static __always_inline int F(steer_record)(const struct F(egress_flow_key) *key, __u32 ifindex,
					   const struct steering *steering, struct F(egress_flow) *flow)
{
	F(flow_make)(flow, EGRESS_FLOW_OUT, ifindex);
	flow->place = EGRESS_PLACE_REMOTE;
	flow->half.node = steering->gateway;
	flow->half.egress.word[0] = steering->egress;
	flow->policy = steering->policy;
	flow->entry = steering->entry;
	if (F(flow_write)(key, flow))
		return EGRESS_DROP_FLOWS_FULL;
	F(event_of_flow)(EGRESS_EVENT_OPENED, key, flow);
	return VERDICT_GO;
}

/* Whether the translation that a flow has may go on, when the rules were asked again. */
static __always_inline bool F(steer_goes_on)(const struct F(egress_flow) *flow, __u32 ifindex,
					     const struct steering *steering)
{
	return flow->kind == EGRESS_FLOW_OUT && flow->place == EGRESS_PLACE_LOCAL &&
	       steering->place == EGRESS_PLACE_LOCAL && flow->ifindex == ifindex && flow->entry == steering->entry;
}

/* Answers go no longer by the stack when the pod's packets don't. */
static __always_inline void F(steer_turns)(struct F(egress_flow) *flow, const struct steering *steering)
{
	if (steering->way != EGRESS_STEERING_STACK && flow->half.flags & EGRESS_FLOW_STACK)
		flow->half.flags &= ~EGRESS_FLOW_STACK;
}

/* Whether a SYN is the one that its record was made for, again: the stack led it on, or nobody answered. */
static __always_inline bool F(steer_repeats)(const struct F(egress_flow) *flow, const struct steering *steering)
{
	return flow->kind == EGRESS_FLOW_OUT && flow->place == EGRESS_PLACE_REMOTE &&
	       steering->place == EGRESS_PLACE_REMOTE && flow->ifindex == steering->ifindex &&
	       flow->entry == steering->entry && flow->half.node == steering->gateway &&
	       flow->policy == steering->policy && !flow->seen_in && !flow->half.seen;
}

/* A packet that no record decides: by the rules of the pod's set. `unreadable` is why its ports couldn't be read. */
static __always_inline int F(steer_by_rules)(struct __sk_buff *skb, const struct F(packet) *packet,
					     const struct egress_config *config, int unreadable,
					     const struct F(egress_flow_key) *key,
					     struct F(egress_flow) *flow, struct steering *steering)
{
	const struct egress_rule *rule = F(rule_find)(steering->set, &packet->destination);
	struct F(scratch) *scratch = F(scratch_read)();
	int verdict;

	if (!scratch)
		return EGRESS_DROP_INTERNAL;
	/* Where nothing serves the policy now, it waits as new ones do. */
	if (F(flow_is_lost)(packet, flow, steering->ifindex) && (!rule || rule->action != EGRESS_ACTION_DROP)) {
		steering->policy = rule && rule->action == EGRESS_ACTION_GATEWAY ? rule->policy : 0;
		return MOVES;
	}
	if (!rule)
		return VERDICT_PASS;
	if (rule->action == EGRESS_ACTION_EXCLUDE) {
		packet_count(skb, EGRESS_COUNT_EXCLUDED);
		return VERDICT_PASS;
	}
	if (rule->action != EGRESS_ACTION_GATEWAY)
		return rule->reason ? rule->reason : EGRESS_DROP_NO_GATEWAY;
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
	/* Before FORWARD nothing is recorded of what this node translates; there the fragments are put together. */
	if (packet->later && !(steering->way == EGRESS_STEERING_STACK && steering->place == EGRESS_PLACE_LOCAL))
		return EGRESS_DROP_FIRST_FRAGMENT;
	if (flow && F(steer_repeats)(flow, steering)) {
		F(steer_turns)(flow, steering);
		F(flow_sends)(flow, packet);
		return VERDICT_GO;
	}
	if (flow && !F(steer_goes_on)(flow, steering->ifindex, steering)) {
		F(flow_forget)(key, flow, &scratch->way);
		flow = NULL;
	}
	if (!flow && F(use_is_spent)(steering->ifindex, config->pod_limit, true))
		return EGRESS_DROP_POD_LIMIT;
	if (steering->place == EGRESS_PLACE_LOCAL)
		return VERDICT_GO;
	return F(steer_record)(key, steering->ifindex, steering, &scratch->flow);
}

/*
 * Asked for with a connection's second packet: many have one alone. What the stack leads asks each time: nothing that is
 * kept may pass FORWARD by.
 */
static __always_inline void F(steer_keep_way)(struct __sk_buff *skb, const struct egress_config *config,
					      const struct steering *steering, struct F(egress_half) *half)
{
	struct F(scratch) *scratch = F(scratch_read)();
	struct bpf_fib_lookup *fib;

	if (!scratch)
		return;
	fib = &scratch->fib;
	if (steering->way == EGRESS_STEERING_STACK)
		F(way_keep)(half, config, 0, config->tunnel_mtu, NULL, NULL);
	else if (encap_ask(skb, config, half->node, fib))
		F(way_keep)(half, config, fib->ifindex, config->tunnel_mtu, fib->dmac, fib->smac);
	else
		F(way_keep)(half, config, config->tunnel_ifindex, config->tunnel_mtu, NULL, NULL);
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
		packet_count(skb, flow->kind == EGRESS_FLOW_EXEMPT ? EGRESS_COUNT_EXEMPT : EGRESS_COUNT_INBOUND);
		return VERDICT_PASS;
	}
	node = flow->half.node;
	gateway = bpf_map_lookup_elem(&egress_gateways, &node);
	if (flow->half.flags & EGRESS_FLOW_LOST || !gateway || gateway->place != flow->place)
		return ASKS;
	/* TCP stays where its translation is; what can begin anew goes on by a gateway that works. */
	if (!gateway->healthy && packet->protocol != IPPROTO_TCP)
		return ASKS;
	steering->policy = flow->policy;
	steering->entry = flow->entry;
	steering->gateway = node;
	steering->place = gateway->place;
	F(steer_turns)(flow, steering);
	/* What this node translates is refreshed with its translation. */
	if (flow->place == EGRESS_PLACE_REMOTE) {
		F(flow_sends)(flow, packet);
		F(steer_keep_way)(skb, config, steering, &flow->half);
	}
	return VERDICT_GO;
}

static __always_inline void F(steer_pod)(const struct egress_pod *pod, __u32 ifindex, struct steering *steering)
{
	steering->ifindex = ifindex;
	steering->way = pod->steering;
	steering->set = pod->set;
}

/* As steer(), or MOVES. A function of its own to the verifier too, for the stack. */
__noinline int F(steer_stays)(struct __sk_buff *skb, const struct F(packet) *packet, int unreadable, struct steering *steering)
{
	const struct egress_config *config = config_read();
	struct F(egress_flow) *flow = NULL;
	struct F(egress_flow_key) key;
	int verdict;

	if (!config || !packet || !steering)
		return EGRESS_DROP_INTERNAL;
	F(flow_of_sent)(packet, &key);
	if (!unreadable && !packet->is_first)
		flow = bpf_map_lookup_elem(&F(egress_flows), &key);
	if (flow && flow->ifindex == steering->ifindex && !F(packet_opens_tcp)(packet)) {
		verdict = F(steer_by_record)(skb, packet, flow, config, steering);
		if (verdict == VERDICT_GO && packet->ttl <= 1)
			return EGRESS_DROP_TTL;
		if (verdict != ASKS)
			return verdict;
	}
	return F(steer_by_rules)(skb, packet, config, unreadable, &key, flow, steering);
}

static __always_inline int F(steer)(struct __sk_buff *skb, const struct F(packet) *packet, int unreadable,
				    struct steering *steering)
{
	int verdict = F(steer_stays)(skb, packet, unreadable, steering);

	return verdict == MOVES ? F(steer_moves)(skb, packet, steering) : verdict;
}
