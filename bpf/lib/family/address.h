/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Addresses as words in network order.
 *
 *   address_equal(a, b)     address_is_zero(a)
 *   address_in(network, a)  a mask of zero has every address
 *   address_fold(a)         32 bits of it
 *   address_place(a)        the same quicker, for a place among few that a mix chooses: who knows how may share one
 *   address_sum(a, b)       what a checksum over it changes by when a becomes b; not folded
 */
#define ADDRESS_WORDS (sizeof(ADDRESS) / sizeof(__be32))

static __always_inline bool F(address_equal)(const ADDRESS *a, const ADDRESS *b)
{
	__u32 difference = 0;

	_Pragma("unroll") for (__u32 at = 0; at < ADDRESS_WORDS; at++) difference |= a->word[at] ^ b->word[at];
	return !difference;
}

static __always_inline bool F(address_is_zero)(const ADDRESS *a)
{
	__u32 bits = 0;

	_Pragma("unroll") for (__u32 at = 0; at < ADDRESS_WORDS; at++) bits |= a->word[at];
	return !bits;
}

static __always_inline bool F(address_in)(const struct F(egress_network) *network, const ADDRESS *a)
{
	__u32 difference = 0;

	_Pragma("unroll") for (__u32 at = 0; at < ADDRESS_WORDS; at++) difference |=
	    (a->word[at] & network->mask.word[at]) ^ network->address.word[at];
	return !difference;
}

static __always_inline __u32 F(address_fold)(const ADDRESS *a)
{
	__u32 folded = a->word[0];

	_Pragma("unroll") for (__u32 at = 1; at < ADDRESS_WORDS; at++) folded = egress_mix(folded) ^ a->word[at];
	return folded;
}

static __always_inline __u32 F(address_place)(const ADDRESS *a)
{
	__u32 place = a->word[0];

	_Pragma("unroll") for (__u32 at = 1; at < ADDRESS_WORDS; at++) place = place * 0x9e3779b1 + a->word[at];
	return place;
}

/* RFC 1624, equation 3. */
static __always_inline __u64 F(address_sum)(const ADDRESS *from, const ADDRESS *to)
{
	__u64 sum = 0;

	_Pragma("unroll") for (__u32 at = 0; at < ADDRESS_WORDS; at++) sum += (__u64)(__u32)~from->word[at] + to->word[at];
	return sum;
}
