/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The ways out of a node, but for the tunnel (token.h).
 *
 *   route_find(skb, packet, entry_ifindex)   the scratch's way's route with source egress IP, into its fib: 0 or a drop's reason;
 *                                          with EGRESS_DROP_TOO_BIG fib->mtu_result says how large it may be
 *   route_keep(half, scratch, entry_ifindex, tos)   keeps it as the connection's way, and for new ones, when it is whole
 *   leave_by_route(skb, fib)                 to the world, once translated
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
__noinline int F(route_find)(struct __sk_buff *skb, const struct F(packet) *packet, __u32 entry_ifindex)
{
	struct F(scratch) *scratch = F(scratch_read)();
	struct bpf_fib_lookup *fib;
	struct F(nat_way) *way;
	__u32 length;
	long found;

	if (!scratch || !packet)
		return EGRESS_DROP_INTERNAL;
	way = &scratch->way;
	fib = &scratch->fib;
	length = F(segment_length)(skb, packet);
	__builtin_memset(fib, 0, sizeof(*fib));
	fib->family = F(FAMILY_AF);
	fib->l4_protocol = packet->protocol;
	fib->sport = way->port;
	fib->dport = way->key.remote_port;
	fib->tot_len = length < 0xffff ? length : 0xffff;
	fib->ifindex = entry_ifindex ? entry_ifindex : skb->ingress_ifindex;
	/* Only a test run has none. */
	if (!fib->ifindex)
		fib->ifindex = skb->ifindex;
	F(route_ask)(fib, &way->address, &way->key.remote, packet->tos);
	found = bpf_fib_lookup(skb, fib, sizeof(*fib), entry_ifindex ? BPF_FIB_LOOKUP_OUTPUT : 0);
	if (found == BPF_FIB_LKUP_RET_FRAG_NEEDED)
		return EGRESS_DROP_TOO_BIG;
	if (found != BPF_FIB_LKUP_RET_SUCCESS && found != BPF_FIB_LKUP_RET_NO_NEIGH)
		return EGRESS_DROP_NO_ROUTE;
	if (entry_ifindex && fib->ifindex != entry_ifindex)
		return EGRESS_DROP_NO_ROUTE;
	/* The MTU comes with the neighbour. */
	if (found != BPF_FIB_LKUP_RET_SUCCESS)
		fib->mtu_result = 0;
	return 0;
}

static __always_inline void F(route_keep)(struct F(egress_half) *half, const struct F(scratch) *scratch,
					  __u32 entry_ifindex, __u8 tos)
{
	const struct egress_config *config = config_read();
	const struct bpf_fib_lookup *fib = &scratch->fib;

	if (!config || !fib->mtu_result)
		return;
	if (half)
		F(way_keep)(half, config, fib->ifindex, fib->mtu_result, fib->dmac, fib->smac);
	F(recent_keep)(&scratch->way, entry_ifindex, tos, config, fib);
}

static __always_inline int F(leave_by_route)(struct __sk_buff *skb, const struct F(nat_way) *way,
					     const struct bpf_fib_lookup *fib)
{
	count_translated(skb, way->policy, way->counter);
	skb->mark = EGRESS_MARK_OURS;
	return F(route_redirect_neigh)(fib);
}

/* Whether it needn't be asked how large a packet may be. */
static __always_inline bool F(way_carries)(struct __sk_buff *skb, const struct F(packet) *packet,
					   const struct F(egress_half) *half)
{
	return !F(is_too_big)(skb, packet, half->way.mtu);
}

/*
 * A new connection's first packet goes as another's to the same remote went a moment ago, if one did: true with way->leaves
 * and the MAC addresses written. Its second packet asks for a way of its own, since routes may differ by ports. A function
 * of its own to the verifier too, for the stack.
 */
__noinline int F(leave_as_others)(struct __sk_buff *skb, __u32 tos, __u32 entry_ifindex)
{
	const struct egress_config *config = config_read();
	struct F(scratch) *scratch = F(scratch_read)();
	const struct F(recent) *recent;
	struct F(nat_way) *way;
	struct ethhdr *eth;

	if (!scratch)
		return false;
	way = &scratch->way;
	recent = F(recent_place)(&way->address, &way->key.remote);
	eth = (void *)(long)skb->data;
	/* Larger than any link may refuse (RFC 791), it is asked whether the way's link does. */
	if (!config || !recent || skb->len > RECENT_LENGTH || !F(recent_suits)(recent, way, entry_ifindex, tos, config))
		return false;
	if ((void *)(eth + 1) > (void *)(long)skb->data_end)
		return false;
	__builtin_memcpy(eth->h_dest, recent->way.to, ETH_ALEN);
	__builtin_memcpy(eth->h_source, recent->way.from, ETH_ALEN);
	way->leaves = recent->way.ifindex;
	count_translated(skb, way->policy, way->counter);
	return true;
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
	count_translated(skb, half->policy, half->counter);
	skb->mark = EGRESS_MARK_OURS;
	return bpf_redirect(ifindex, 0);
}

/* Into the device that routes to the pod: its veth, or its bridge, never a bridge port (nothing arrives). */
static __always_inline int F(deliver_as)(struct __sk_buff *skb, const struct egress_pod *pod, __u32 what)
{
	struct bpf_redir_neigh next = {.nh_family = F(FAMILY_AF)};

	__builtin_memcpy(&next.ipv4_nh, &pod->F(address), sizeof(ADDRESS));
	packet_count(skb, what);
	return bpf_redirect_neigh(pod->deliver_ifindex, &next, sizeof(next), 0);
}

static __always_inline int F(deliver)(struct __sk_buff *skb, const struct egress_pod *pod)
{
	return F(deliver_as)(skb, pod, EGRESS_COUNT_DELIVERED);
}
