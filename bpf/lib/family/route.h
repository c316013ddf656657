/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The ways out of a node, but for the tunnel (token.h).
 *
 *   leave_by_route(skb, packet, scratch, entry_ifindex, half)  to the world, by the route with source egress IP; kept in `half`
 *   leave_as_kept(skb, packet, half)         to the world, translated and sent as `half` says, without asking anybody
 *   deliver(skb, pod)                        to a pod of this node
 *
 * Each returns what the program returns; drops are counted.
 */
static __always_inline long F(route_redirect_neigh)(const struct bpf_fib_lookup *fib)
{
	struct bpf_redir_neigh next = {.nh_family = fib->family};

	/* An IPv4 route may have an IPv6 next hop (RFC 5549). */
	if (fib->family == AF_INET6)
		__builtin_memcpy(next.ipv6_nh, fib->ipv6_dst, sizeof(next.ipv6_nh));
	else
		next.ipv4_nh = fib->ipv4_dst;
	return bpf_redirect_neigh(fib->ifindex, &next, sizeof(next), 0);
}

/*
 * bpf_redirect_neigh keeps the neighbour's state moving, and a stale one is asked again; packets until the way has to be
 * asked for again go with the MAC addresses of the FIB. A redirect to an interface without a route would ask ARP for the
 * whole Internet: so no route is a drop.
 */
static __always_inline int F(leave_by_route)(struct __sk_buff *skb, const struct F(packet) *packet,
					     struct F(scratch) *scratch, __u32 entry_ifindex, struct F(egress_half) *half)
{
	const struct egress_config *config = config_read();
	const struct F(nat_way) *way = &scratch->way;
	struct bpf_fib_lookup *fib = &scratch->fib;
	long found;

	__builtin_memset(fib, 0, sizeof(*fib));
	fib->family = F(FAMILY_AF);
	fib->l4_protocol = packet->protocol;
	fib->sport = way->port;
	fib->dport = way->key.remote_port;
	fib->ifindex = entry_ifindex ? entry_ifindex : skb->ingress_ifindex;
	/* Only a test run has none. */
	if (!fib->ifindex)
		fib->ifindex = skb->ifindex;
	F(route_ask)(fib, &way->address, &way->key.remote, packet->tos);
	found = bpf_fib_lookup(skb, fib, sizeof(*fib), entry_ifindex ? BPF_FIB_LOOKUP_OUTPUT : 0);
	if (found == BPF_FIB_LKUP_RET_FRAG_NEEDED)
		return packet_drop(skb, EGRESS_DROP_TOO_BIG);
	if (found != BPF_FIB_LKUP_RET_SUCCESS && found != BPF_FIB_LKUP_RET_NO_NEIGH)
		return packet_drop(skb, EGRESS_DROP_NO_ROUTE);
	if (entry_ifindex && fib->ifindex != entry_ifindex)
		return packet_drop(skb, EGRESS_DROP_NO_ROUTE);
	packet_count(skb, EGRESS_COUNT_TRANSLATED);
	if (half && config && found == BPF_FIB_LKUP_RET_SUCCESS)
		F(way_keep)(half, config, fib->ifindex, fib->dmac, fib->smac);
	return F(route_redirect_neigh)(fib);
}

static __always_inline int F(leave_as_kept)(struct __sk_buff *skb, const struct F(packet) *packet,
					    const struct F(egress_half) *half)
{
	struct ethhdr *eth = (void *)(long)skb->data;
	__u32 ifindex = half->way.ifindex;

	if ((void *)(eth + 1) > (void *)(long)skb->data_end)
		return packet_drop(skb, EGRESS_DROP_INTERNAL);
	__builtin_memcpy(eth->h_dest, half->way.to, ETH_ALEN);
	__builtin_memcpy(eth->h_source, half->way.from, ETH_ALEN);
	if (F(rewrite_source)(skb, packet, &half->egress, half->egress_port))
		return packet_drop(skb, EGRESS_DROP_INTERNAL);
	packet_count(skb, EGRESS_COUNT_TRANSLATED);
	return bpf_redirect(ifindex, 0);
}

/* Into the device that routes to the pod: its veth, or its bridge, never a bridge port (nothing arrives). */
static __always_inline int F(deliver)(struct __sk_buff *skb, const struct egress_pod *pod)
{
	struct bpf_redir_neigh next = {.nh_family = F(FAMILY_AF)};

	__builtin_memcpy(&next.ipv4_nh, &pod->F(address), sizeof(ADDRESS));
	packet_count(skb, EGRESS_COUNT_DELIVERED);
	return bpf_redirect_neigh(pod->deliver_ifindex, &next, sizeof(next), 0);
}
