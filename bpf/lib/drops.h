/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * packet_drop(): counts a drop by its reason, for its policy and its egress address, and tells whoever watches. Whose
 * packet it is, is read from it anew, by where it came in: a drop may cost more than what lives.
 */
#ifndef EGRESS_DROPS_H
#define EGRESS_DROPS_H

#include "events.h"
#include "traffic.h"

/* What is asked here decides nothing, and doesn't show in a trace. */
#define drop_look_up(map, key) ((bpf_map_lookup_elem)(map, key))

/* What is too large for the stack, of which callers have used most. */
struct drop_room {
	struct egress_event event;
	__u8 header[FAMILY_IP_HEADER6];
	__be16 ports[2];
	struct egress_rule_key4 key4;
	struct egress_rule_key6 key6;
	struct bpf_tunnel_key tunnel;
	struct egress_address6 outer;
	__u32 vni;
};

/* One for each processor: see scratch_read(). */
EGRESS_TABLE(egress_drop_room, BPF_MAP_TYPE_PERCPU_ARRAY, __u32, struct drop_room, 1, 0);

static __always_inline void drop_map4(struct egress_address6 *to, const __u8 *from)
{
	to->word[0] = 0;
	to->word[1] = 0;
	to->word[2] = bpf_htonl(0xffff);
	__builtin_memcpy(&to->word[3], from, sizeof(__be32));
}

/* As the packet has it: `source` and `remote` are its sender and receiver. False for what has no addresses. */
static __always_inline bool drop_read(struct __sk_buff *skb, struct drop_room *room)
{
	struct egress_event *event = &room->event;
	__u32 l4;

	if (skb->protocol == bpf_htons(ETH_P_IP)) {
		if (bpf_skb_load_bytes(skb, ETH_HLEN, room->header, FAMILY_IP_HEADER4))
			return false;
		event->family = 4;
		event->protocol = room->header[9];
		drop_map4(&event->source, room->header + 12);
		drop_map4(&event->remote, room->header + 16);
		l4 = ETH_HLEN + (room->header[0] & 0x0f) * 4;
	} else if (skb->protocol == bpf_htons(ETH_P_IPV6)) {
		if (bpf_skb_load_bytes(skb, ETH_HLEN, room->header, FAMILY_IP_HEADER6))
			return false;
		event->family = 6;
		event->protocol = room->header[6];
		__builtin_memcpy(&event->source, room->header + 8, sizeof(event->source));
		__builtin_memcpy(&event->remote, room->header + 24, sizeof(event->remote));
		l4 = ETH_HLEN + FAMILY_IP_HEADER6;
	} else {
		return false;
	}
	room->ports[0] = 0;
	room->ports[1] = 0;
	if (event->protocol == IPPROTO_TCP || event->protocol == IPPROTO_UDP) {
		bpf_skb_load_bytes(skb, l4, room->ports, sizeof(room->ports));
	} else if (event->protocol == FAMILY_ICMP4 || event->protocol == FAMILY_ICMP6) {
		/* The identifier is the pod's, in either direction. */
		bpf_skb_load_bytes(skb, l4 + 4, room->ports, sizeof(room->ports[0]));
	}
	event->source_port = room->ports[0];
	event->remote_port = room->ports[1];
	return true;
}

static __always_inline void drop_turn(struct egress_event *event)
{
	__be16 port = event->source_port;

	_Pragma("unroll") for (__u32 word = 0; word < 4; word++)
	{
		__be32 other = event->source.word[word];

		event->source.word[word] = event->remote.word[word];
		event->remote.word[word] = other;
	}
	if (event->protocol == FAMILY_ICMP4 || event->protocol == FAMILY_ICMP6)
		return;
	event->source_port = event->remote_port;
	event->remote_port = port;
}

static __always_inline const struct egress_rule *drop_rule(struct drop_room *room, __u32 set)
{
	if (room->event.family == 6) {
		room->key6.prefixlen = 32 + 128;
		room->key6.set = set;
		room->key6.destination = room->event.remote;
		return drop_look_up(&egress_rules6, &room->key6);
	}
	room->key4.prefixlen = 32 + 32;
	room->key4.set = set;
	room->key4.destination.word[0] = room->event.remote.word[3];
	return drop_look_up(&egress_rules4, &room->key4);
}

/* Of the egress address that it was sent to; 0 for any other. */
static __always_inline __u32 drop_counter(struct drop_room *room)
{
	const struct egress_ip *ip;

	if (room->event.family == 6) {
		ip = drop_look_up(&egress_ips6, &room->event.remote);
	} else {
		room->key4.destination.word[0] = room->event.remote.word[3];
		ip = drop_look_up(&egress_ips4, &room->key4.destination);
	}
	return ip ? ip->counter : 0;
}

/* The interface of the pod of this node that has the source; 0 for none. */
static __always_inline __u32 drop_pod(struct drop_room *room)
{
	const __u32 *ifindex;

	if (room->event.family == 6) {
		ifindex = drop_look_up(&egress_pod_ips6, &room->event.source);
	} else {
		room->key4.destination.word[0] = room->event.source.word[3];
		ifindex = drop_look_up(&egress_pod_ips4, &room->key4.destination);
	}
	return ifindex ? *ifindex : 0;
}

/* Sent by the tunnel's other end. */
static __always_inline void drop_of_tunnel(struct __sk_buff *skb, const struct egress_config *config,
					   struct drop_room *room)
{
	struct egress_event *event = &room->event;
	const struct egress_entry4 *entry4;
	__u32 id;

	room->vni = 0;
	event->node = tunnel_sender_in(skb, config, &room->vni, &room->tunnel, &room->outer);
	id = room->vni & EGRESS_VNI_ENTRY_MASK;
	if (room->vni & EGRESS_VNI_REPLY) {
		drop_turn(event);
		event->ifindex = drop_pod(room);
		return;
	}
	event->entry = id;
	/* An entry is in the tables of both families, whatever addresses it has. */
	entry4 = drop_look_up(&egress_entries4, &id);
	if (entry4)
		event->policy = entry4->policy;
}

/* From the world, to an egress address; or by then to the pod that it is for. Returns the address's counter. */
static __always_inline __u32 drop_of_uplink(struct drop_room *room)
{
	struct egress_event *event = &room->event;
	__u32 counter = drop_counter(room);

	drop_turn(event);
	if (!counter)
		return 0;
	event->egress = event->source;
	event->egress_port = event->source_port;
	__builtin_memset(&event->source, 0, sizeof(event->source));
	event->source_port = 0;
	return counter;
}

static __always_inline void drop_of_pod(const struct egress_pod *pod, struct drop_room *room)
{
	const struct egress_rule *rule = drop_rule(room, pod->set);

	if (rule)
		room->event.policy = rule->policy;
}

static __always_inline void drop_tell(struct __sk_buff *skb, const struct egress_config *config, __u32 reason,
				      struct drop_room *room)
{
	struct egress_event *event = &room->event;
	const struct egress_pod *pod;
	struct egress_ip_traffic *ip;
	struct egress_traffic *traffic;
	__u32 ifindex = skb->ifindex, counter = 0;
	/* What leaves by the tunnel device a pod of this node sent: the stack led it there. So it did what a guard drops. */
	bool known, is_led = reason == EGRESS_DROP_GUARD ||
			     (ifindex == config->tunnel_ifindex && skb->ingress_ifindex != ifindex);

	__builtin_memset(event, 0, sizeof(*event));
	known = drop_read(skb, room);
	if (known && is_led)
		ifindex = drop_pod(room);
	pod = drop_look_up(&egress_pods, &ifindex);
	if (pod && known) {
		drop_of_pod(pod, room);
	} else if (known && !is_led && ifindex == config->tunnel_ifindex) {
		drop_of_tunnel(skb, config, room);
	} else if (known && !is_led) {
		counter = drop_of_uplink(room);
	}
	traffic = traffic_of(event->policy);
	if (traffic)
		count_up(&traffic->dropped, skb);
	ip = traffic_of_ip(counter);
	if (ip)
		count_up(&ip->dropped, skb);
	if (!config->watched)
		return;
	event->kind = EGRESS_EVENT_DROPPED;
	event->reason = reason;
	if (pod)
		event->ifindex = ifindex;
	event_send(event);
}

/* A function of its own to the verifier too: it is called from everywhere, and is not small. */
__noinline int packet_drop(struct __sk_buff *skb, __u32 reason)
{
	const struct egress_config *config = config_read();
	struct drop_room *room;
	__u32 zero = 0;

	packet_count(skb, reason);
	room = drop_look_up(&egress_drop_room, &zero);
	if (config && room)
		drop_tell(skb, config, reason, room);
	return TC_ACT_SHOT;
}

#endif
