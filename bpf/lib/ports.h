/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which ports a new translation tries: port_order_make(), then port_candidate(0 … EGRESS_PORT_TRIES).
 *
 * Number 0 is the pod's own port, when the entry keeps it. The others go through the slice from a place and by an
 * odd stride that a keyed hash of (pod, port, protocol) gives: the slice is a power of two, so that an odd stride
 * meets every port once; nobody outside can foretell the order, and a gateway with the same key tries the same ports.
 * In a slice larger than the tries the second half of them begins elsewhere with another stride: own ports lie side by
 * side, and a short stride would meet no other.
 */
#ifndef EGRESS_PORTS_H
#define EGRESS_PORTS_H

#include "skb.h"

struct port_order {
	__u32 start;
	__u32 stride;
	__u32 other_start;
	__u32 other_stride;
	__u32 mask;
	__u16 base;
	__u16 own; /* host order */
	bool keeps_own;
	__u8 reserved[3]; /* zero: a function of its own may read no byte that nobody wrote */
};

#define ROTATE_LEFT(x, bits) (((x) << (bits)) | ((x) >> (64 - (bits))))

static __always_inline void siphash_round(__u64 v[4])
{
	v[0] += v[1];
	v[2] += v[3];
	v[1] = ROTATE_LEFT(v[1], 13) ^ v[0];
	v[3] = ROTATE_LEFT(v[3], 16) ^ v[2];
	v[0] = ROTATE_LEFT(v[0], 32);
	v[2] += v[1];
	v[0] += v[3];
	v[1] = ROTATE_LEFT(v[1], 17) ^ v[2];
	v[3] = ROTATE_LEFT(v[3], 21) ^ v[0];
	v[2] = ROTATE_LEFT(v[2], 32);
}

/* SipHash-2-4 (Aumasson and Bernstein, 2012) of one 8-byte word. */
static __always_inline __u64 siphash_word(const __u64 key[2], __u64 word)
{
	__u64 v[4] = {key[0] ^ 0x736f6d6570736575, key[1] ^ 0x646f72616e646f6d, key[0] ^ 0x6c7967656e657261,
		      key[1] ^ 0x7465646279746573};
	const __u64 length = 8ULL << 56;

	v[3] ^= word;
	siphash_round(v);
	siphash_round(v);
	v[0] ^= word;
	v[3] ^= length;
	siphash_round(v);
	siphash_round(v);
	v[0] ^= length;
	v[2] ^= 0xff;
	siphash_round(v);
	siphash_round(v);
	siphash_round(v);
	siphash_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/* `pod`: 32 bits of its address; `own` its port. */
static __always_inline void port_order_make(struct port_order *order, const struct egress_config *config, __u32 pod,
					    __be16 own, __u8 protocol)
{
	__u64 word = (__u64)pod << 32 | (__u64)own << 16 | protocol;
	__u64 hash = siphash_word(config->port_key, word);

	order->start = hash;
	order->stride = (hash >> 32) | 1;
	order->other_start = hash >> 16;
	order->other_stride = (hash >> 48) | 1;
	order->own = bpf_ntohs(own);
}

/* How the candidates from `first` on go through the slice. */
struct port_walk {
	__u32 start;
	__u32 stride;
};

static __always_inline struct port_walk port_walk_from(const struct port_order *order, __u32 first)
{
	struct port_walk walk = {.start = order->start, .stride = order->stride};
	__u32 start = order->other_start, stride = order->other_stride;

	/* Both are read: the verifier refuses a pointer to one or the other. */
	barrier_var(walk.start);
	barrier_var(walk.stride);
	barrier_var(start);
	barrier_var(stride);
	if (first >= EGRESS_PORT_TRIES / 2 && order->mask >= EGRESS_PORT_TRIES) {
		walk.start = start;
		walk.stride = stride;
	}
	return walk;
}

/* A port in host order, or a negative number when `number` gives none. */
static __always_inline __s32 port_candidate(const struct port_order *order, struct port_walk walk, __u32 number)
{
	__u32 port;

	if (number == 0)
		return order->keeps_own ? (__s32)order->own : -1;
	if (number > EGRESS_PORT_TRIES || number - 1 > order->mask)
		return -1;
	port = walk.start + (number - 1) * walk.stride;
	port = (order->base + (port & order->mask)) & 0xffff;
	return port < EGRESS_LOWEST_PORT ? -1 : (__s32)port;
}

static __always_inline void port_count_tries(__u32 tries)
{
	__u64 *counter = bpf_map_lookup_elem(&egress_tries, &tries);

	if (counter)
		*counter += 1;
}

#endif
