/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Fragments: the first has the ports, and the others follow it.
 *
 *   fragment_read(skb, packet, side, place)   ports of a fragment; 0 or a drop's reason
 *   fragment_rewrite(skb, packet, address, port, is_source)   as rewrite_source() and rewrite_destination()
 *
 * The L4 checksum is in the first, and changes there by what changed in the addresses and ports: the others are covered
 * without being seen. One that comes before its first is dropped: nothing is held back here.
 */

/* What the first said, to those that follow. */
static __always_inline int F(fragment_remember)(const struct F(packet) * packet, const struct F(egress_frag_key) * key)
{
	struct egress_frag said = {
	    .seconds = clock_seconds(),
	    .source_port = packet->source_port,
	    .destination_port = packet->destination_port,
	    .icmp_type = packet->icmp_type,
	};

	return bpf_map_update_elem(&F(egress_frags), key, &said, BPF_ANY) ? EGRESS_DROP_INTERNAL : 0;
}

static __always_inline int F(fragment_follow)(struct F(packet) * packet, const struct F(egress_frag_key) * key)
{
	const struct egress_frag *said = bpf_map_lookup_elem(&F(egress_frags), key);

	if (!said || clock_seconds() - said->seconds > EGRESS_FRAG_SECONDS)
		return EGRESS_DROP_FIRST_FRAGMENT;
	packet->source_port = said->source_port;
	packet->destination_port = said->destination_port;
	packet->icmp_type = said->icmp_type;
	return 0;
}

static __always_inline bool F(fragment_is_later)(struct __sk_buff *skb, const struct F(packet) * packet)
{
	__u32 id;

	return F(fragment_place)(skb, packet, &id) != 0;
}

/* `place`: see enum egress_frag_side. A function of its own to the verifier too, for the stack. */
__noinline int F(fragment_read)(struct __sk_buff *skb, struct F(packet) * packet, __u32 side, __u32 place)
{
	struct F(egress_frag_key) key;
	int verdict, offset;

	if (!packet)
		return EGRESS_DROP_INTERNAL;
	__builtin_memset(&key, 0, sizeof(key));
	offset = F(fragment_place)(skb, packet, &key.id);
	if (offset < 0)
		return EGRESS_DROP_MALFORMED;
	key.source = packet->source;
	key.destination = packet->destination;
	key.place = place;
	key.side = side;
	key.protocol = packet->protocol;
	if (offset) {
		packet->later = true;
		/* Would write over the flags that the first one had (RFC 1858). */
		if (packet->protocol == IPPROTO_TCP && offset < (int)sizeof(struct tcphdr))
			return EGRESS_DROP_MALFORMED;
		return F(fragment_follow)(packet, &key);
	}
	verdict = F(packet_parse_l4)(skb, packet);
	return verdict ? verdict : F(fragment_remember)(packet, &key);
}

static __always_inline int F(fragment_rewrite)(struct __sk_buff *skb, const struct F(packet) * packet,
					       const ADDRESS *address, __be16 port, bool is_source)
{
	ADDRESS before;

	if (packet->later)
		return F(rewrite_address)(skb, address, is_source, &before);
	return F(rewrite)(skb, packet, address, port, is_source);
}
