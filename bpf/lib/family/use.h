/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * How many connections a pod has open, and translations an entry: so that one of them can't have the whole table.
 *
 *   use_change(of, key, steered, others)    adds to them; key: the pod's interface, or the entry's id
 *   use_is_spent(ifindex, limit, steered)   whether the pod may have no more of one kind
 *   use_entry_is_spent(entry, limit)        whether the entry may have no more
 *
 * Limits are said for IPv4. Of IPv6 it is half as many, as its tables are half as large.
 */
static __always_inline __s32 F(use_limit)(__u32 limit)
{
	limit = IPV == 6 ? limit / 2 + limit % 2 : limit;
	return limit > 0x7fffffff ? 0x7fffffff : (__s32)limit;
}

/* 1 when it was counted. What finds no room isn't counted, and has no limit. A function of its own to the verifier too. */
__noinline int F(use_change)(__u32 of, __u32 key, __s32 steered, __s32 others)
{
	struct egress_use none = {};
	struct egress_use *use;

	if (of == EGRESS_USE_POD) {
		use = bpf_map_lookup_elem(&F(egress_pod_use), &key);
		if (!use) {
			bpf_map_update_elem(&F(egress_pod_use), &key, &none, BPF_NOEXIST);
			use = bpf_map_lookup_elem(&F(egress_pod_use), &key);
		}
	} else {
		use = bpf_map_lookup_elem(&F(egress_ent_use), &key);
		if (!use) {
			bpf_map_update_elem(&F(egress_ent_use), &key, &none, BPF_NOEXIST);
			use = bpf_map_lookup_elem(&F(egress_ent_use), &key);
		}
	}
	if (!use)
		return 0;
	if (steered)
		__sync_fetch_and_add(&use->steered, steered);
	if (others)
		__sync_fetch_and_add(&use->others, others);
	return 1;
}

static __always_inline bool F(use_is_spent)(__u32 ifindex, __u32 limit, bool steered)
{
	const struct egress_use *use = limit ? bpf_map_lookup_elem(&F(egress_pod_use), &ifindex) : NULL;

	return use && (steered ? use->steered : use->others) >= F(use_limit)(limit);
}

static __always_inline bool F(use_entry_is_spent)(__u32 entry, __u32 limit)
{
	const struct egress_use *use = limit ? bpf_map_lookup_elem(&F(egress_ent_use), &entry) : NULL;

	return use && use->steered >= F(use_limit)(limit);
}
