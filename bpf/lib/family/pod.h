/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Both sides of a pod's veth.
 *
 *   pod_sends(skb)      what the program returns
 *   pod_is_given(skb)   notes who opened what; never drops
 */

/* A connection that leaves no gateway's way; `before`: what is there under its key, and is over. */
static __always_inline void F(pod_notes)(struct __sk_buff *skb, const struct F(egress_flow_key) *key,
					 const struct F(egress_flow) *before, __u8 kind, struct F(scratch) *scratch)
{
	const struct egress_config *config = config_read();

	if (before)
		F(flow_forget)(key, before, &scratch->way);
	F(flow_make)(&scratch->flow, kind, skb->ifindex);
	if (!config || F(use_is_spent)(skb->ifindex, config->pod_limit, false) || F(flow_write)(key, &scratch->flow))
		packet_count(skb, EGRESS_COUNT_UNRECORDED);
}

/*
 * In record mode: what is open now goes on as it is, also when rules are in force. A function of its own to the verifier
 * too, for the stack.
 */
__noinline int F(pod_records)(struct __sk_buff *skb, const struct F(packet) *packet, __u32 set)
{
	struct F(scratch) *scratch = F(scratch_read)();
	struct F(egress_flow_key) key;
	struct F(egress_flow) *flow;

	if (!packet)
		return 0;
	packet_count(skb, EGRESS_COUNT_RECORDED);
	F(flow_of_sent)(packet, &key);
	flow = bpf_map_lookup_elem(&F(egress_flows), &key);
	if (flow && flow->ifindex == skb->ifindex) {
		F(flow_sends)(flow, packet);
		return 0;
	}
	if (scratch && F(rule_find)(set, &packet->destination))
		F(pod_notes)(skb, &key, flow, EGRESS_FLOW_EXEMPT, scratch);
	return 0;
}

/* VERDICT_GO with steering, VERDICT_PASS, or a drop's reason. A function of its own to the verifier too. */
__noinline int F(pod_decides)(struct __sk_buff *skb, const struct F(packet) *packet, int unreadable,
			      struct steering *steering)
{
	const struct egress_config *config = config_read();
	const struct egress_pod *pod;
	__u32 ifindex = skb->ifindex;
	int verdict;

	if (!config || !packet || !steering)
		return EGRESS_DROP_INTERNAL;
	if (F(in_cluster)(&packet->destination))
		return VERDICT_PASS;
	pod = bpf_map_lookup_elem(&egress_pods, &ifindex);
	if (!pod)
		return EGRESS_DROP_NO_RECORD;
	if (F(address_is_zero)(&pod->F(address)) || !F(address_equal)(&packet->source, &pod->F(address)))
		return EGRESS_DROP_SPOOFED;
	if (pod->mode == EGRESS_MODE_RECORD) {
		if (!unreadable)
			F(pod_records)(skb, packet, pod->set);
		return VERDICT_PASS;
	}
	F(steer_pod)(pod, ifindex, steering);
	if (F(packet_is_error)(packet))
		return F(error_steer)(skb, packet, steering);
	verdict = F(steer)(skb, packet, unreadable, steering);
	if (verdict == VERDICT_GO)
		verdict = F(mss_clamp)(skb, packet, config->tunnel_mtu);
	return verdict;
}

static __always_inline int F(pod_leaves_by_tunnel)(struct __sk_buff *skb, __u32 entry, __u32 gateway, __u32 policy)
{
	int verdict = F(rewrite_hop)(skb);

	if (verdict)
		return packet_drop(skb, verdict);
	count_tunnelled(skb, policy);
	return leave_by_tunnel(skb, entry & EGRESS_VNI_ENTRY_MASK, gateway, EGRESS_COUNT_TUNNELLED);
}

/*
 * If it isn't too large; by the stack also what this node translates. A function of its own to the verifier too, for the
 * stack.
 */
__noinline int F(pod_enters_tunnel)(struct __sk_buff *skb, const struct F(packet) *packet, const struct steering *steering)
{
	const struct egress_config *config = config_read();

	if (!config || !packet || !steering)
		return packet_drop(skb, EGRESS_DROP_INTERNAL);
	/* The stack cuts what may be cut: the route to the device says how large. */
	if (steering->way == EGRESS_STEERING_STACK && !F(packet_is_whole)(skb))
		return leave_by_stack(skb);
	if (F(tunnel_takes)(skb, packet, config) != VERDICT_GO)
		return F(answer_back)(skb, config->tunnel_mtu);
	if (steering->way == EGRESS_STEERING_STACK)
		return leave_by_stack(skb);
	return F(pod_leaves_by_tunnel)(skb, steering->entry, steering->gateway, steering->policy);
}

/* As the flow keeps it: by the device, or without. */
static __always_inline int F(pod_goes_on_by_tunnel)(struct __sk_buff *skb, const struct F(packet) *packet,
						    const struct egress_config *config, const struct F(egress_flow) *flow)
{
	__u32 entry = flow->entry & EGRESS_VNI_ENTRY_MASK, node = flow->half.node, ifindex = flow->half.way.ifindex;

	if (!ifindex || ifindex == config->tunnel_ifindex || !encap_suits(skb, config))
		return F(pod_leaves_by_tunnel)(skb, entry, node, flow->policy);
	if (F(rewrite_hop)(skb))
		return packet_drop(skb, EGRESS_DROP_INTERNAL);
	count_tunnelled(skb, flow->policy);
	return leave_encapsulated(skb, config, &flow->half.way, ifindex, entry, node, packet->tos);
}

/*
 * An established connection whose way is kept: what the program returns, without asking anything; else ASKS. A function of
 * its own to the verifier too, for the stack.
 */
__noinline int F(pod_goes_on)(struct __sk_buff *skb, struct F(packet) *packet)
{
	const struct egress_config *config = config_read();
	const struct F(egress_flow) *flow;
	struct F(egress_flow_key) key;

	if (!config || !packet)
		return ASKS;
	F(flow_of_sent)(packet, &key);
	flow = bpf_map_lookup_elem(&F(egress_flows), &key);
	packet->is_first = !flow;
	if (!flow || flow->kind != EGRESS_FLOW_OUT || flow->ifindex != skb->ifindex || flow->half.flags ||
	    !F(way_is_kept)(config, &flow->half) || !F(packet_is_ordinary)(packet) ||
	    !F(way_carries)(skb, packet, &flow->half))
		return ASKS;
	if (flow->place == EGRESS_PLACE_LOCAL)
		return F(leave_as_kept)(skb, packet, &flow->half);
	return F(pod_goes_on_by_tunnel)(skb, packet, config, flow);
}

/* What no record decides. A function of its own to the verifier too: what is established needs none of it. */
__noinline int F(pod_asks)(struct __sk_buff *skb, const struct F(packet) *packet, int unreadable)
{
	struct steering steering = {};
	int verdict = F(pod_decides)(skb, packet, unreadable, &steering);

	if (!packet)
		return packet_drop(skb, EGRESS_DROP_INTERNAL);
	if (verdict == VERDICT_PASS)
		return packet_pass();
	if (verdict == EGRESS_DROP_TTL)
		return F(expired_back)(skb, packet);
	if (verdict != VERDICT_GO)
		return verdict == EGRESS_DROP_NO_FLOW && steering.lost ? F(reset_lost)(skb, packet, &steering, 0)
								: packet_drop(skb, verdict);
	if (steering.place != EGRESS_PLACE_LOCAL || steering.way == EGRESS_STEERING_STACK)
		return F(pod_enters_tunnel)(skb, packet, &steering);
	if (F(packet_is_error)(packet))
		return F(error_leaves)(skb, packet, steering.entry, 0, steering.ifindex);
	verdict = F(translate_and_leave)(skb, packet, &steering, 0);
	return verdict == LOST ? F(reset_lost)(skb, packet, &steering, 0) : verdict;
}

/* A function of its own to the verifier too, for the stack: so that the families don't add up. */
__noinline int F(pod_sends)(struct __sk_buff *skb)
{
	const struct egress_config *config = config_read();
	struct F(packet) packet;
	int verdict, unreadable = 0;

	verdict = F(packet_parse_ip)(skb, &packet);
	if (verdict)
		return packet_drop(skb, verdict);
	if (F(packet_is_local)(skb, &packet) || (config && F(in_cluster_lately)(config, &packet.destination)))
		return packet_pass();
	if (packet.fragment) {
		/* Nothing is remembered of what stays in the cluster. */
		unreadable = F(in_cluster)(&packet.destination)
				 ? EGRESS_DROP_FIRST_FRAGMENT
				 : F(fragment_read)(skb, &packet, EGRESS_FRAG_POD, skb->ifindex);
	} else {
		unreadable = F(packet_parse_l4)(skb, &packet);
		verdict = unreadable ? ASKS : F(pod_goes_on)(skb, &packet);
		if (verdict != ASKS)
			return verdict;
	}
	return F(pod_asks)(skb, &packet, unreadable);
}

/* Whether a packet without a record may be the first of a connection that somebody outside opens. */
static __always_inline bool F(pod_is_called)(const struct F(packet) *packet, __u32 ifindex)
{
	const struct egress_pod *pod;

	if (packet->protocol == IPPROTO_TCP)
		return F(packet_opens_tcp)(packet);
	if (F(packet_is_icmp)(packet))
		return F(packet_is_echo)(packet);
	/* UDP doesn't tell. From where no policy claims anything an answer needs no record, and there are many. */
	pod = bpf_map_lookup_elem(&egress_pods, &ifindex);
	return pod && F(rule_find)(pod->set, &packet->source);
}

__noinline int F(pod_is_given)(struct __sk_buff *skb)
{
	struct F(scratch) *scratch = F(scratch_read)();
	__u32 ifindex = skb->ifindex;
	struct F(egress_flow_key) key;
	struct F(egress_flow) *flow;
	struct F(packet) packet;

	/* Of fragments the first says it all; its record is what the pod's answer needs. */
	if (F(packet_parse_ip)(skb, &packet) || F(packet_is_local)(skb, &packet) ||
	    (packet.fragment && F(fragment_is_later)(skb, &packet)) || F(packet_parse_l4)(skb, &packet) || F(in_cluster)(&packet.source) || !scratch)
		return 0;
	F(flow_of_given)(&packet, &key);
	flow = bpf_map_lookup_elem(&F(egress_flows), &key);
	if (flow && flow->ifindex == ifindex &&
	    !((flow->kind == EGRESS_FLOW_IN || flow->half.flags & EGRESS_FLOW_LOST) && F(packet_opens_tcp)(&packet))) {
		F(flow_is_given)(flow, &packet);
		return 0;
	}
	if (!F(pod_is_called)(&packet, ifindex))
		return 0;
	F(pod_notes)(skb, &key, flow, EGRESS_FLOW_IN, scratch);
	return 0;
}
