/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * guard_stops(): the guard at an uplink, for CNIs that go past netfilter. A packet that still has the address of a governed
 * pod of this node, to what its policy claims: its program should have steered it, and somebody took that off. What
 * belongs to a connection that came in, or is exempt, may leave; so may what isn't claimed, or has no gateway and may do
 * without. An exempt connection by the address behind a service is seen here alone, and is kept alive here.
 */

/* Whether the packet's connection may leave without a gateway. */
static __always_inline bool F(guard_knows)(struct __sk_buff *skb, const struct F(packet) * packet, int unreadable,
					   __u32 ifindex, struct F(scratch) * scratch)
{
	const struct F(egress_flow) *about = NULL;
	struct F(egress_flow) *flow;

	if (F(packet_is_error)(packet)) {
		if (!F(quote_read)(skb, packet))
			about = F(error_flow)(packet, ifindex, scratch);
		return about && about->kind != EGRESS_FLOW_OUT;
	}
	if (unreadable || F(packet_opens_tcp)(packet))
		return false;
	F(flow_of_sent)(packet, &scratch->way.flow);
	flow = bpf_map_lookup_elem(&F(egress_flows), &scratch->way.flow);
	if (!flow || flow->ifindex != ifindex)
		return false;
	if (flow->kind != EGRESS_FLOW_EXEMPT)
		return flow->kind == EGRESS_FLOW_IN && !F(packet_is_echo)(packet);
	F(flow_sends)(flow, packet);
	return true;
}

static __always_inline bool F(guard_claims)(const struct F(packet) * packet, const struct egress_pod *pod, __u32 ifindex)
{
	const struct egress_rule *rule = F(rule_find)(pod->set, &packet->destination);
	struct steering steering = {.ifindex = ifindex};

	if (!rule || rule->action == EGRESS_ACTION_EXCLUDE)
		return false;
	steering.policy = rule->policy;
	return rule->action != EGRESS_ACTION_GATEWAY || steer_by_rank(IPV, &steering) != VERDICT_PASS;
}

/* `unreadable` is why its extension headers couldn't be followed. A function of its own to the verifier too, for the stack. */
__noinline int F(guard_stops)(struct __sk_buff *skb, struct F(packet) * packet, int unreadable, __u32 ifindex)
{
	struct F(scratch) *scratch = F(scratch_read)();
	const struct egress_pod *pod = bpf_map_lookup_elem(&egress_pods, &ifindex);

	if (!scratch || !packet)
		return true;
	if (!pod || pod->mode == EGRESS_MODE_RECORD || !F(address_equal)(&pod->F(address), &packet->source) ||
	    F(in_cluster)(&packet->destination))
		return false;
	if (!unreadable)
		unreadable = packet->fragment ? F(fragment_read)(skb, packet, EGRESS_FRAG_POD, ifindex)
					      : F(packet_parse_l4)(skb, packet);
	return !F(guard_knows)(skb, packet, unreadable, ifindex, scratch) && F(guard_claims)(packet, pod, ifindex);
}
