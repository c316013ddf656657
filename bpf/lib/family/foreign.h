/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * uplink_send(): what leaves by an uplink, and the datapath didn't send. From a governed pod's address: see guard.h.
 *
 * From an egress IP that is the node's own: a socket's packet, or one that the kernel masqueraded (to any port, with
 * `random`). A connection from one of the ports that translations have claims that port for its remote, as a reverse half
 * without an entry: no translation gets it then, and its answers are left to the node. Where a translation has the port
 * already, the newcomer is dropped. Any other packet costs two lookups.
 *
 * A fragment follows its first, and a datagram in fragments claims nothing.
 */

/* The claim of a connection that has none yet. */
static __always_inline void F(foreign_claim)(struct __sk_buff *skb, const struct F(egress_rev_key) *key, __u8 seen)
{
	struct F(scratch) *scratch = F(scratch_read)();
	const struct egress_config *config = config_read();
	struct F(egress_rev) *rev;

	if (!scratch || !config)
		return;
	rev = &scratch->rev;
	__builtin_memset(rev, 0, sizeof(*rev));
	rev->source_port = seen;
	rev->last = clock_seconds();
	if (F(use_entry_is_spent)(0, config->entry_limit) ||
	    bpf_map_update_elem(&F(egress_nat_rev), key, rev, BPF_NOEXIST)) {
		packet_count(skb, EGRESS_COUNT_UNCLAIMED);
		return;
	}
	F(use_change)(EGRESS_USE_ENTRY, 0, 1, 0);
	packet_count(skb, EGRESS_COUNT_FOREIGN);
}

static __always_inline void F(foreign_goes_on)(struct F(egress_rev) *rev, const struct F(packet) *packet)
{
	__u8 seen = F(packet_seen)(packet);
	__u32 now = clock_seconds();

	if (F(packet_opens_tcp)(packet)) {
		rev->seen = 0;
		rev->source_port = 0;
	}
	if (seen & ~rev->source_port)
		rev->source_port |= seen;
	if (rev->flags)
		rev->flags = 0;
	if (rev->last != now)
		rev->last = now;
}

/* Most of what the node sends: seen at once where the header lies open. */
static __always_inline bool F(uplink_sends_others)(const struct __sk_buff *skb)
{
	const __auto_type ip = F(packet_ip)(skb);
	ADDRESS from;

	if (!ip)
		return false;
	__builtin_memcpy(&from, &ip->saddr, sizeof(from));
	return !bpf_map_lookup_elem(&F(egress_pod_ips), &from) && !bpf_map_lookup_elem(&F(egress_ips), &from);
}

/* From one of our addresses. A function of its own to the verifier too, for the stack. */
__noinline int F(foreign_sends)(struct __sk_buff *skb, struct F(packet) *packet)
{
	struct F(egress_rev_key) key = {};
	const struct egress_ip *ip;
	struct F(egress_rev) *rev;
	__u32 port;

	if (!packet)
		return packet_pass();
	ip = bpf_map_lookup_elem(&F(egress_ips), &packet->source);
	if (!ip || !(ip->flags & EGRESS_ENTRY_SHARED) || packet->fragment || F(packet_parse_l4)(skb, packet))
		return packet_pass();
	port = bpf_ntohs(packet->source_port);
	if (port < ip->port_min || port > ip->port_max || (F(packet_is_icmp)(packet) && !F(packet_is_echo)(packet)))
		return packet_pass();
	key.egress = packet->source;
	key.remote = packet->destination;
	key.egress_port = packet->source_port;
	key.remote_port = F(packet_is_icmp)(packet) ? 0 : packet->destination_port;
	key.protocol = packet->protocol;
	rev = bpf_map_lookup_elem(&F(egress_nat_rev), &key);
	if (rev && rev->entry)
		return packet_drop(skb, EGRESS_DROP_PORT_TAKEN);
	if (rev)
		F(foreign_goes_on)(rev, packet);
	else
		F(foreign_claim)(skb, &key, F(packet_seen)(packet));
	return packet_pass();
}

/* A function of its own to the verifier too, for the stack. */
__noinline int F(uplink_send)(struct __sk_buff *skb)
{
	struct F(packet) packet = {};
	__u32 *ifindex;
	int unreadable;

	if (F(uplink_sends_others)(skb))
		return packet_pass();
	unreadable = F(packet_parse_ip)(skb, &packet);
	if (unreadable == EGRESS_DROP_MALFORMED)
		return packet_pass();
	ifindex = bpf_map_lookup_elem(&F(egress_pod_ips), &packet.source);
	if (ifindex)
		return F(guard_stops)(skb, &packet, unreadable, *ifindex) ? packet_drop(skb, EGRESS_DROP_GUARD)
									  : packet_pass();
	return unreadable ? packet_pass() : F(foreign_sends)(skb, &packet);
}
