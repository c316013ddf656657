/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Translations on a gateway: two halves in two maps.
 *
 *   nat_find(...)     the living translation of a packet that leaves; refreshes it
 *   nat_address(...)  the address that a new one has
 *   nat_create(...)   a new one; or the reason why there can't be one
 *   nat_answer(...)   the reverse half of a packet that came back; refreshes it
 *
 * The reverse half is created first, and with NOEXIST: that claims the port. Then the forward half; whoever loses
 * that race deletes its own claim and uses the winner's. Deletion goes the other way round, so that a port is never
 * free while a forward half still emits it.
 */
#ifndef EGRESS_NAT_H
#define EGRESS_NAT_H

#include "ports.h"

#define NAT_EEXIST	  17
#define NAT_TRIES_AT_ONCE 16

/* One packet's translation on its way out. */
struct nat_way {
	struct egress_fwd_key key;
	__u32 entry_ifindex;
	__be32 address;
	__be16 port;
	bool refresh; /* the first packet of its second, or a new connection: see leave_by_route() */
	__u8 reserved;
	__u32 now;
	__be32 node;   /* origin: the node that sent it through the tunnel, 0 when the pod is here */
	__u32 ifindex; /* origin: the pod's interface when it is here */
};

static __always_inline void nat_way_start(struct nat_way *way, const struct packet *packet, __u32 entry_id,
					  const struct egress_entry *entry, __be32 node, __u32 ifindex)
{
	__builtin_memset(way, 0, sizeof(*way));
	way->key.entry = entry_id;
	way->key.source = packet->source;
	way->key.remote = packet->destination;
	way->key.source_port = packet->source_port;
	way->key.remote_port = packet->protocol == IPPROTO_ICMP ? 0 : packet->destination_port;
	way->key.protocol = packet->protocol;
	way->entry_ifindex = entry->ifindex;
	way->now = clock_seconds();
	way->node = node;
	way->ifindex = ifindex;
}

static __always_inline void nat_reverse_key(struct egress_rev_key *key, const struct egress_fwd_key *forward,
					    __be32 address, __be16 port)
{
	__builtin_memset(key, 0, sizeof(*key));
	key->egress_ipv4 = address;
	key->remote = forward->remote;
	key->egress_port = port;
	key->remote_port = forward->remote_port;
	key->protocol = forward->protocol;
}

static __always_inline bool nat_is_half_of(const struct egress_rev *rev, const struct egress_fwd_key *forward)
{
	return rev->entry == forward->entry && rev->source == forward->source &&
	       rev->source_port == forward->source_port;
}

/* `key` is the reverse half's. */
static __always_inline void nat_forget(const struct nat_way *way, const struct egress_rev_key *key)
{
	struct egress_rev *rev;

	bpf_map_delete_elem(&egress_nat_fwd, &way->key);
	rev = bpf_map_lookup_elem(&egress_nat_rev, key);
	if (rev && nat_is_half_of(rev, &way->key))
		bpf_map_delete_elem(&egress_nat_rev, key);
}

/* Once a second, and whenever something changed: tells the reverse half. False when there is none. */
static __always_inline bool nat_refresh(struct nat_way *way, struct egress_fwd *fwd, struct egress_rev_key *key,
					bool opens)
{
	struct egress_rev *rev;

	nat_reverse_key(key, &way->key, fwd->egress_ipv4, fwd->egress_port);
	rev = bpf_map_lookup_elem(&egress_nat_rev, key);
	if (!rev || !nat_is_half_of(rev, &way->key))
		return false;
	if (rev->node != way->node)
		rev->node = way->node;
	if (rev->ifindex != way->ifindex)
		rev->ifindex = way->ifindex;
	if (opens) {
		fwd->seen = 0;
		rev->seen = 0;
	}
	fwd->node = way->node;
	fwd->ifindex = way->ifindex;
	fwd->flags = 0;
	fwd->last = way->now;
	way->refresh = true;
	return true;
}

/*
 * The pod's own of the entry's addresses: see egress_mix(). A function of its own to the verifier too, and without a
 * loop: see nat_claim_some().
 */
__noinline __u32 nat_chosen(const struct egress_entry *entry, __be32 pod)
{
	__u64 best = 0;
	__u32 seed;

	if (!entry)
		return 0;
	seed = egress_mix(bpf_ntohl(pod));
	/* No two scores are equal, and no address is zero. */
	_Pragma("unroll") for (__u32 at = 0; at < EGRESS_ENTRY_ADDRESSES; at++)
	{
		__u32 address = entry->egress_ipv4[at];
		__u64 scored = (__u64)egress_mix(seed ^ bpf_ntohl(address)) << 32 | address;

		if (at >= entry->count)
			break;
		if (scored > best)
			best = scored;
	}
	return best;
}

static __always_inline __be32 nat_address(const struct egress_entry *entry, __be32 pod)
{
	return entry->count == 1 ? entry->egress_ipv4[0] : nat_chosen(entry, pod);
}

/* Whether it is one of the entry's addresses. Without a branch for each: the verifier would follow them all. */
static __always_inline bool nat_is_address_of(const struct egress_entry *entry, __be32 address)
{
	__u64 found = 0;

	if (address == entry->egress_ipv4[0])
		return true;
	if (entry->count == 1)
		return false;
	/* Less one: the highest bit is set where there was no difference. */
	_Pragma("unroll") for (__u32 at = 1; at < EGRESS_ENTRY_ADDRESSES; at++) found |=
	    (__u64)(address ^ entry->egress_ipv4[at]) - 1;
	return found >> 63;
}

/* VERDICT_GO with way->address and way->port; VERDICT_PASS when there is no translation yet; or a drop's reason. */
static __always_inline int nat_find(struct nat_way *way, const struct egress_entry *entry, const struct packet *packet)
{
	struct egress_fwd *fwd = bpf_map_lookup_elem(&egress_nat_fwd, &way->key);
	bool opens = packet_opens_tcp(packet);
	__u8 seen = packet_seen(packet);
	struct egress_rev_key key; /* one, for the stack */

	/* A translation keeps its address while that is one of the entry's, whatever a new one would get. */
	if (fwd && !nat_is_address_of(entry, fwd->egress_ipv4)) {
		/* Not any more: a living connection never moves to another address in its middle. */
		if (packet_continues_tcp(packet))
			return EGRESS_DROP_NO_FLOW;
		nat_reverse_key(&key, &way->key, fwd->egress_ipv4, fwd->egress_port);
		nat_forget(way, &key);
		fwd = NULL;
	}
	if (fwd &&
	    (opens || fwd->last != way->now || fwd->flags || fwd->node != way->node || fwd->ifindex != way->ifindex) &&
	    !nat_refresh(way, fwd, &key, opens)) {
		bpf_map_delete_elem(&egress_nat_fwd, &way->key);
		fwd = NULL;
	}
	if (!fwd)
		return packet_continues_tcp(packet) ? EGRESS_DROP_NO_FLOW : VERDICT_PASS;
	way->address = fwd->egress_ipv4;
	way->port = fwd->egress_port;
	if (seen & ~fwd->seen)
		fwd->seen |= seen;
	return VERDICT_GO;
}

static __always_inline void nat_count_tries(__u32 tries)
{
	__u64 *counter = bpf_map_lookup_elem(&egress_tries, &tries);

	if (counter)
		*counter += 1;
}

/* One port: the reverse half exists afterwards. VERDICT_PASS when the port is another's, or a drop's reason. */
static __always_inline int nat_claim(struct nat_way *way, __u32 port, const struct egress_rev *rev)
{
	struct egress_rev_key key;
	long error;

	way->port = bpf_htons(port);
	nat_reverse_key(&key, &way->key, way->address, way->port);
	error = bpf_map_update_elem(&egress_nat_rev, &key, rev, BPF_NOEXIST);
	if (!error)
		return VERDICT_GO;
	return error == -NAT_EEXIST ? VERDICT_PASS : EGRESS_DROP_NAT_FULL;
}

/*
 * The candidates from `first` on, as many as NAT_TRIES_AT_ONCE; else as nat_claim(). A function of its own to the
 * verifier too. It has no loop, and neither has its caller: without CAP_PERFMON the verifier follows each branch also
 * the way that it can't go, where it has forgotten the counter, and finds a loop without end.
 */
__noinline int nat_claim_some(struct nat_way *way, const struct port_order *order, __u32 first)
{
	struct egress_rev rev = {};

	if (!way || !order)
		return EGRESS_DROP_INTERNAL;
	rev.source = way->key.source;
	rev.source_port = way->key.source_port;
	rev.entry = way->key.entry;
	rev.node = way->node;
	rev.ifindex = way->ifindex;
	rev.last = way->now;
	_Pragma("unroll") for (__u32 more = 0; more < NAT_TRIES_AT_ONCE; more++)
	{
		__s32 port = port_candidate(order, first + more);
		int verdict;

		if (port < 0)
			continue;
		verdict = nat_claim(way, port, &rev);
		if (verdict == VERDICT_GO)
			nat_count_tries(first + more);
		if (verdict != VERDICT_PASS)
			return verdict;
	}
	return VERDICT_PASS;
}

static __always_inline void nat_unclaim(const struct nat_way *way)
{
	struct egress_rev_key key;

	nat_reverse_key(&key, &way->key, way->address, way->port);
	bpf_map_delete_elem(&egress_nat_rev, &key);
}

/* Another processor was faster with the forward half: its translation is used. VERDICT_GO or a drop's reason. */
static __always_inline int nat_yield(struct nat_way *way, const struct egress_fwd_key *key)
{
	struct egress_fwd *winner;

	nat_unclaim(way);
	winner = bpf_map_lookup_elem(&egress_nat_fwd, key);
	if (!winner || winner->egress_ipv4 != way->address)
		return EGRESS_DROP_INTERNAL;
	way->port = winner->egress_port;
	return VERDICT_GO;
}

/*
 * The forward half, for the port that is claimed. VERDICT_GO or a drop's reason; the claim goes with a failure.
 * A function of its own to the verifier too, for the stack: with its callers it has 512 octets, and older kernels round
 * each one's up to 32. The key is copied, as they take one from the stack or a map only.
 */
__noinline int nat_settle(struct nat_way *way)
{
	struct egress_fwd fwd = {};
	struct egress_fwd_key key;
	long error;

	if (!way)
		return EGRESS_DROP_INTERNAL;
	key = way->key;
	fwd.egress_ipv4 = way->address;
	fwd.egress_port = way->port;
	fwd.last = way->now;
	fwd.created = way->now;
	fwd.node = way->node;
	fwd.ifindex = way->ifindex;
	error = bpf_map_update_elem(&egress_nat_fwd, &key, &fwd, BPF_NOEXIST);
	if (!error)
		return VERDICT_GO;
	if (error == -NAT_EEXIST)
		return nat_yield(way, &key);
	nat_unclaim(way);
	return EGRESS_DROP_NAT_FULL;
}

static __always_inline int nat_create(struct nat_way *way, const struct port_order *order)
{
	way->refresh = true;
	_Pragma("unroll") for (__u32 first = 0; first <= EGRESS_PORT_TRIES; first += NAT_TRIES_AT_ONCE)
	{
		int verdict = nat_claim_some(way, order, first);

		if (verdict == VERDICT_GO)
			return nat_settle(way);
		if (verdict != VERDICT_PASS)
			return verdict;
	}
	return EGRESS_DROP_NO_PORT;
}

/* The reverse half that a packet to an egress IP belongs to, refreshed; NULL when there is none. */
static __always_inline struct egress_rev *nat_answer(const struct packet *packet)
{
	struct egress_rev_key key = {
	    .egress_ipv4 = packet->destination,
	    .remote = packet->source,
	    .egress_port = packet->destination_port,
	    .remote_port = packet->protocol == IPPROTO_ICMP ? 0 : packet->source_port,
	    .protocol = packet->protocol,
	};
	struct egress_rev *rev = bpf_map_lookup_elem(&egress_nat_rev, &key);
	__u8 seen = packet_seen(packet) | EGRESS_SEEN_REPLY;
	__u32 now;

	if (!rev)
		return NULL;
	now = clock_seconds();
	if (rev->last != now)
		rev->last = now;
	if (rev->flags)
		rev->flags = 0;
	if (seen & ~rev->seen)
		rev->seen |= seen;
	return rev;
}

#endif
