/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The ways that packets went a moment ago, on each processor: for the first packets of new connections to a remote that
 * has others already. One place for each pair of addresses; who comes later has it.
 */
#ifndef RECENT_PLACES
#define RECENT_PLACES 256 /* a power of two */
/* Every link carries so much: 576 octets (RFC 791), and 1280 where there is IPv6. */
#define RECENT_LENGTH (ETH_HLEN + 576)
#endif

struct F(recent) {
	ADDRESS egress;
	ADDRESS remote;
	__u32 entry_ifindex; /* as asked */
	__u32 tos;
	struct egress_way way;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, RECENT_PLACES);
	__type(key, __u32);
	__type(value, struct F(recent));
} F(recents) SEC(".maps");

static __always_inline struct F(recent) *F(recent_place)(const ADDRESS *egress, const ADDRESS *remote)
{
	__u32 place = egress_mix(F(address_place)(remote) ^ F(address_place)(egress)) & (RECENT_PLACES - 1);

	return bpf_map_lookup_elem(&F(recents), &place);
}

static __always_inline bool F(recent_suits)(const struct F(recent) *recent, const struct F(nat_way) *way,
					    __u32 entry_ifindex, __u8 tos, const struct egress_config *config)
{
	return recent->way.ifindex && recent->way.generation == config->generation && is_before(recent->way.until) &&
	       recent->entry_ifindex == entry_ifindex && recent->tos == tos &&
	       F(address_equal)(&recent->remote, &way->key.remote) && F(address_equal)(&recent->egress, &way->address);
}

static __always_inline void F(recent_keep)(const struct F(nat_way) *way, __u32 entry_ifindex, __u8 tos,
					   const struct egress_config *config, const struct bpf_fib_lookup *fib)
{
	struct F(recent) *recent = F(recent_place)(&way->address, &way->key.remote);

	if (!recent)
		return;
	recent->egress = way->address;
	recent->remote = way->key.remote;
	recent->entry_ifindex = entry_ifindex;
	recent->tos = tos;
	recent->way.until = jiffies_low() + EGRESS_WAY_JIFFIES;
	recent->way.generation = config->generation;
	__builtin_memcpy(recent->way.to, fib->dmac, ETH_ALEN);
	__builtin_memcpy(recent->way.from, fib->smac, ETH_ALEN);
	recent->way.ifindex = fib->ifindex;
}
