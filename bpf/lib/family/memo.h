/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the tries said lately, on each processor: a trie is asked again when another address took its place, with
 * another config.generation, and after EGRESS_WAY_JIFFIES. So a packet that is let go costs the same however many ranges
 * and sets there are, and an established connection doesn't pay for the question.
 *
 *   in_cluster(address)        never steered
 *   in_cluster_lately(address) the same where it is known without asking; else false
 *   rule_find(set, address)    the longest prefix of a set, NULL where there is none; valid until the next call
 */
#ifndef MEMO_PLACES
#define MEMO_PLACES 1024 /* a power of two */
/* No set has this number. */
#define MEMO_CLUSTER 0xffffffff

enum memo_answer {
	MEMO_YES = 1,
	MEMO_NO = 2,
};
#endif

struct F(memo) {
	ADDRESS address;
	__u32 set; /* or MEMO_CLUSTER */
	__u32 generation;
	__u32 until;
	__u32 answer; /* enum memo_answer; 0: none yet */
	struct egress_rule rule;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, MEMO_PLACES);
	__type(key, __u32);
	__type(value, struct F(memo));
} F(memos) SEC(".maps");

static __always_inline struct F(memo) *F(memo_place)(__u32 set, const ADDRESS *address)
{
	__u32 place = egress_mix(F(address_place)(address) + set) & (MEMO_PLACES - 1);

	return bpf_map_lookup_elem(&F(memos), &place);
}

static __always_inline bool F(memo_knows)(const struct F(memo) *memo, __u32 generation, __u32 set, const ADDRESS *address)
{
	return memo->answer && memo->generation == generation && memo->set == set && is_before(memo->until) &&
	       F(address_equal)(&memo->address, address);
}

/* `generation` as it was before the trie was asked: a change in between makes it void. */
static __always_inline void F(memo_keep)(struct F(memo) *memo, __u32 generation, __u32 set, const ADDRESS *address,
					 bool answer)
{
	memo->address = *address;
	memo->set = set;
	memo->generation = generation;
	memo->until = jiffies_low() + EGRESS_WAY_JIFFIES;
	memo->answer = answer ? MEMO_YES : MEMO_NO;
}

static __always_inline bool F(in_cluster_lately)(const struct egress_config *config, const ADDRESS *address)
{
	const struct F(memo) *memo = F(memo_place)(MEMO_CLUSTER, address);

	return memo && memo->answer == MEMO_YES && F(memo_knows)(memo, config->generation, MEMO_CLUSTER, address);
}

static __always_inline bool F(in_cluster)(const ADDRESS *address)
{
	struct F(egress_lpm_key) key = {.prefixlen = sizeof(ADDRESS) * 8, .address = *address};
	struct F(memo) *memo = F(memo_place)(MEMO_CLUSTER, address);
	const struct egress_config *config = config_read();
	__u32 generation;

	if (!memo || !config)
		return bpf_map_lookup_elem(&F(egress_cluster), &key) != NULL;
	generation = config->generation;
	if (!F(memo_knows)(memo, generation, MEMO_CLUSTER, address))
		F(memo_keep)(memo, generation, MEMO_CLUSTER, address, bpf_map_lookup_elem(&F(egress_cluster), &key) != NULL);
	return memo->answer == MEMO_YES;
}

static __always_inline const struct egress_rule *F(rule_find)(__u32 set, const ADDRESS *destination)
{
	struct F(egress_rule_key) key = {
	    .prefixlen = 32 + sizeof(ADDRESS) * 8, .set = set, .destination = *destination};
	struct F(memo) *memo = F(memo_place)(set, destination);
	const struct egress_config *config = config_read();
	const struct egress_rule *rule;
	__u32 generation;

	if (!memo || !config || set == MEMO_CLUSTER)
		return bpf_map_lookup_elem(&F(egress_rules), &key);
	generation = config->generation;
	if (!F(memo_knows)(memo, generation, set, destination)) {
		rule = bpf_map_lookup_elem(&F(egress_rules), &key);
		if (rule)
			memo->rule = *rule;
		F(memo_keep)(memo, generation, set, destination, rule != NULL);
	}
	return memo->answer == MEMO_YES ? &memo->rule : NULL;
}
