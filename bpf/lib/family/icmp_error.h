/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ICMP errors: they belong to the connection of the packet that they quote, and change together with the quotation
 * (RFC 5508, section 4; RFC 4443). None refreshes anything, opens anything or ends anything.
 *
 *   error_arrives(skb, packet, flags)                 from the world, about what an egress IP sent
 *   error_is_given(skb, packet, entry, sender)        out of the tunnel, about what a pod of this node sent
 *   error_steer(skb, packet, steering)                from a pod: a verdict, as of steer(); by its way
 *   error_leaves(skb, packet, entry, sender, ifindex) from a pod, on its gateway, about an answer that it got
 *
 * The first, the second and the last return what the program returns.
 */

/* The error's own address, with one hop less to live. */
static __always_inline int F(error_rewrite)(struct __sk_buff *skb, const struct F(packet) * error,
					    const ADDRESS *address, bool is_source)
{
	const struct egress_config *config = config_read();
	ADDRESS before;

	if (!config || F(rewrite_address)(skb, address, is_source, &before))
		return EGRESS_DROP_INTERNAL;
	if (IPV == 6 &&
	    bpf_l4_csum_replace(skb, error->l4 + ICMP_CHECKSUM_OFFSET, 0, sum_fold(F(address_sum)(&before, address)),
				BPF_F_PSEUDO_HDR | config->csum_ipv6))
		return EGRESS_DROP_INTERNAL;
	return 0;
}

/* How large a packet may be becomes at most what the tunnel takes. 0 or EGRESS_DROP_INTERNAL. */
static __always_inline int F(error_lower)(struct __sk_buff *skb, const struct F(packet) * error,
					  struct F(quote) * quote)
{
	const struct egress_config *config = config_read();
	struct icmp_error_header header;
	__be32 most;

	if (!config || bpf_skb_load_bytes(skb, error->l4, &header, sizeof(header)))
		return EGRESS_DROP_INTERNAL;
	if (!config->tunnel_mtu || header.type != F(FAMILY_TOO_BIG_TYPE) || header.code != F(FAMILY_TOO_BIG_CODE))
		return 0;
	/* IPv4's first two octets are unused, or the quotation's length (RFC 4884). */
	most = header.rest;
	if (IPV == 4)
		most &= bpf_htonl(0xffff);
	if (bpf_ntohl(most) <= config->tunnel_mtu)
		return 0;
	most = bpf_htonl(config->tunnel_mtu) | (header.rest ^ most);
	quote->sum += (__u64)(__u32)~header.rest + most;
	return bpf_skb_store_bytes(skb, error->l4 + 4, &most, sizeof(most), 0) ? EGRESS_DROP_INTERNAL : 0;
}

/* The reverse half of the translation that the quoted packet left by, which isn't refreshed; NULL when there is none.
 */
static __always_inline struct F(egress_rev) *
    F(error_translation)(const struct F(packet) * error, const struct F(packet) * quoted)
{
	struct F(egress_rev_key) key = {
	    .egress = quoted->source,
	    .remote = quoted->destination,
	    .egress_port = quoted->source_port,
	    .remote_port = F(packet_is_icmp)(quoted) ? 0 : quoted->destination_port,
	    .protocol = quoted->protocol,
	};

	if (!F(address_equal)(&quoted->source, &error->destination) || !F(quote_is)(quoted, F(FAMILY_ECHO)))
		return NULL;
	return bpf_map_lookup_elem(&F(egress_nat_rev), &key);
}

/* On its way to the pod, which is here or behind the tunnel. */
static __always_inline int F(error_goes_in)(struct __sk_buff *skb, const struct F(packet) * error,
					    struct F(quote) * quote, const struct F(egress_rev) * rev)
{
	const struct F(packet) *quoted = &quote->packet;
	const struct egress_pod *pod = NULL;
	__u32 node = rev->node, ifindex = rev->ifindex, entry = rev->entry;
	bool by_stack = false;

	if (!node) {
		pod = bpf_map_lookup_elem(&egress_pods, &ifindex);
		if (!pod || !F(address_equal)(&pod->F(address), &rev->source))
			return packet_drop(skb, EGRESS_DROP_NO_POD);
		by_stack = pod->steering == EGRESS_STEERING_STACK &&
			   F(flow_answers_by_stack)(rev, &quoted->destination, quoted->destination_port, quoted->protocol);
		/* Forwarding takes the hop. */
		if (by_stack && F(rewrite_hop_back)(skb))
			return packet_drop(skb, EGRESS_DROP_INTERNAL);
	} else if (F(error_lower)(skb, error, quote)) {
		return packet_drop(skb, EGRESS_DROP_INTERNAL);
	}
	if (F(quote_rewrite)(skb, &error->destination, &rev->source, rev->source_port, true) ||
	    F(error_rewrite)(skb, error, &rev->source, false))
		return packet_drop(skb, EGRESS_DROP_INTERNAL);
	if (node)
		return leave_by_tunnel(skb, EGRESS_VNI_REPLY | (entry & EGRESS_VNI_ENTRY_MASK), node,
				       EGRESS_COUNT_REVERSED);
	if (!pod)
		return packet_drop(skb, EGRESS_DROP_NO_POD);
	packet_count(skb, EGRESS_COUNT_REVERSED);
	return by_stack ? deliver_by_stack(skb) : F(deliver)(skb, pod);
}

/* `flags`: the address's. What belongs to no translation is the node's where the address is. */
__noinline int F(error_arrives)(struct __sk_buff *skb, const struct F(packet) * error, __u32 flags)
{
	struct F(scratch) *scratch = F(scratch_read)();
	const struct F(egress_rev) *rev = NULL;
	int verdict;

	if (!scratch || !error)
		return packet_drop(skb, EGRESS_DROP_INTERNAL);
	verdict = F(quote_read)(skb, error);
	if (!verdict)
		rev = F(error_translation)(error, &scratch->quote.packet);
	if (!rev) {
		if (flags & EGRESS_ENTRY_SHARED)
			return packet_pass();
		return packet_drop(skb, verdict ? verdict : EGRESS_DROP_ICMP_ERROR);
	}
	if (error->ttl <= 1)
		return packet_drop(skb, EGRESS_DROP_TTL);
	return F(error_goes_in)(skb, error, &scratch->quote, rev);
}

/* Only about what the pod itself sent, by that gateway. */
__noinline int F(error_is_given)(struct __sk_buff *skb, const struct F(packet) * error, __u32 entry, __u32 sender)
{
	struct F(scratch) *scratch = F(scratch_read)();
	const struct F(egress_flow) * flow;
	const struct F(packet) * quoted;
	const struct egress_pod *pod;
	__u32 ifindex;
	int verdict;

	if (!scratch || !error)
		return packet_drop(skb, EGRESS_DROP_INTERNAL);
	verdict = F(quote_read)(skb, error);
	if (verdict)
		return packet_drop(skb, verdict);
	quoted = &scratch->quote.packet;
	F(flow_of_sent)(quoted, &scratch->way.flow);
	flow = bpf_map_lookup_elem(&F(egress_flows), &scratch->way.flow);
	if (!flow || flow->kind != EGRESS_FLOW_OUT || flow->place != EGRESS_PLACE_REMOTE || flow->entry != entry ||
	    flow->half.node != sender || !F(quote_is)(quoted, F(FAMILY_ECHO)) ||
	    !F(address_equal)(&quoted->source, &error->destination))
		return packet_drop(skb, EGRESS_DROP_ICMP_ERROR);
	ifindex = flow->ifindex;
	pod = bpf_map_lookup_elem(&egress_pods, &ifindex);
	if (!pod || !F(address_equal)(&pod->F(address), &error->destination))
		return packet_drop(skb, EGRESS_DROP_NO_POD);
	if (error->ttl <= 1)
		return packet_drop(skb, EGRESS_DROP_TTL);
	if (flow->half.flags & EGRESS_FLOW_STACK)
		return deliver_by_stack(skb);
	verdict = F(rewrite_hop)(skb);
	if (verdict)
		return packet_drop(skb, verdict);
	return F(deliver)(skb, pod);
}

/* The flow of the answer that a pod, by its interface, complains of: it must be its own and the far end's. */
static __always_inline const struct F(egress_flow) *
    F(error_flow)(const struct F(packet) * error, __u32 ifindex, struct F(scratch) * scratch)
{
	const struct F(packet) *quoted = &scratch->quote.packet;
	const struct F(egress_flow) * flow;

	F(flow_of_given)(quoted, &scratch->way.flow);
	flow = bpf_map_lookup_elem(&F(egress_flows), &scratch->way.flow);
	if (!flow || flow->ifindex != ifindex || !F(address_equal)(&quoted->destination, &error->source) ||
	    !F(address_equal)(&quoted->source, &error->destination))
		return NULL;
	return flow;
}

/* `steering` as of steer(). A function of its own to the verifier too, for the stack. */
__noinline int F(error_steer)(struct __sk_buff *skb, const struct F(packet) * error, struct steering *steering)
{
	struct F(scratch) *scratch = F(scratch_read)();
	const struct F(egress_flow) *flow = NULL;
	const struct egress_rule *rule;
	int verdict;

	if (!scratch || !error || !steering)
		return EGRESS_DROP_INTERNAL;
	verdict = F(quote_read)(skb, error);
	if (!verdict)
		flow = F(error_flow)(error, steering->ifindex, scratch);
	if (!flow) {
		rule = F(rule_find)(steering->set, &error->destination);
		if (rule && rule->action != EGRESS_ACTION_EXCLUDE)
			return verdict ? verdict : EGRESS_DROP_ICMP_ERROR;
		if (rule)
			packet_count(skb, EGRESS_COUNT_EXCLUDED);
		return VERDICT_PASS;
	}
	if (flow->kind != EGRESS_FLOW_OUT) {
		packet_count(skb, EGRESS_COUNT_INBOUND);
		return VERDICT_PASS;
	}
	if (flow->half.flags & EGRESS_FLOW_LOST)
		return EGRESS_DROP_ICMP_ERROR;
	if (error->ttl <= 1)
		return EGRESS_DROP_TTL;
	steering->policy = flow->policy;
	steering->entry = flow->entry;
	steering->gateway = flow->half.node;
	steering->place = flow->place;
	return F(quote_is)(&scratch->quote.packet, F(FAMILY_ECHO_REPLY)) ? VERDICT_GO : EGRESS_DROP_ICMP_ERROR;
}

/* The translation of the answer that is quoted: way->address and way->port. False when there is none. */
static __always_inline bool F(error_way)(struct F(scratch) * scratch, __u32 entry, __u32 sender, __u32 ifindex)
{
	const struct F(packet) *quoted = &scratch->quote.packet;
	struct F(nat_way) *way = &scratch->way;
	const struct F(egress_half) * half;

	__builtin_memset(way, 0, sizeof(*way));
	way->key.entry = entry;
	way->key.source = quoted->destination;
	way->key.remote = quoted->source;
	way->key.source_port = quoted->destination_port;
	way->key.remote_port = F(packet_is_icmp)(quoted) ? 0 : quoted->source_port;
	way->key.protocol = quoted->protocol;
	way->node = sender;
	way->ifindex = sender ? 0 : ifindex;
	half = F(nat_half)(way);
	if (!half || !F(quote_is)(quoted, F(FAMILY_ECHO_REPLY)))
		return false;
	way->address = half->egress;
	way->port = half->egress_port;
	return true;
}

/* `sender` as of translate_and_leave(); where it is 0, `ifindex` is the pod's. */
__noinline int F(error_leaves)(struct __sk_buff *skb, const struct F(packet) * error, __u32 id, __u32 sender,
			       __u32 ifindex)
{
	struct F(scratch) *scratch = F(scratch_read)();
	const struct F(egress_entry) * entry;
	struct F(nat_way) * way;
	int verdict;

	if (!scratch || !error)
		return packet_drop(skb, EGRESS_DROP_INTERNAL);
	entry = bpf_map_lookup_elem(&F(egress_entries), &id);
	if (!entry)
		return packet_drop(skb, EGRESS_DROP_NO_ENTRY);
	verdict = F(quote_read)(skb, error);
	if (verdict)
		return packet_drop(skb, verdict);
	way = &scratch->way;
	if (!F(error_way)(scratch, id, sender, ifindex) || !F(address_equal)(&way->key.source, &error->source) ||
	    !F(address_equal)(&way->key.remote, &error->destination))
		return packet_drop(skb, EGRESS_DROP_ICMP_ERROR);
	if (error->ttl <= 1)
		return packet_drop(skb, EGRESS_DROP_TTL);
	verdict = F(route_find)(skb, error, entry->ifindex);
	if (verdict)
		return packet_drop(skb, verdict);
	if (F(quote_rewrite)(skb, &error->source, &way->address, way->port, false) ||
	    F(error_rewrite)(skb, error, &way->address, true))
		return packet_drop(skb, EGRESS_DROP_INTERNAL);
	return F(leave_by_route)(skb, &scratch->way, &scratch->fib);
}
