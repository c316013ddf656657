/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * tunnel_receive(): what other nodes send. The device is ours alone, so that whatever isn't right is dropped: the
 * token first, then the outer source, then what the identifier says.
 */
#ifndef EGRESS_TUNNEL_H
#define EGRESS_TUNNEL_H

static __always_inline int tunnel_receive(struct __sk_buff *skb)
{
	__u32 sender, entry, vni = 0;

	if (!token_accepted(skb))
		return packet_drop(skb, EGRESS_DROP_TOKEN);
	sender = tunnel_sender(skb, &vni);
	if (!sender)
		return packet_drop(skb, EGRESS_DROP_OUTER_SOURCE);
	if (vni & EGRESS_VNI_PROBE)
		return packet_drop(skb, EGRESS_DROP_PROBE);
	entry = vni & EGRESS_VNI_ENTRY_MASK;
	if (!entry)
		return packet_drop(skb, EGRESS_DROP_NO_ENTRY);
	switch (skb->protocol) {
	case bpf_htons(ETH_P_IP):
		return vni & EGRESS_VNI_REPLY ? tunnel_reply4(skb, entry, sender)
					      : tunnel_request4(skb, entry, sender);
	case bpf_htons(ETH_P_IPV6):
		return vni & EGRESS_VNI_REPLY ? tunnel_reply6(skb, entry, sender)
					      : tunnel_request6(skb, entry, sender);
	default:
		return packet_drop(skb, EGRESS_DROP_FAMILY);
	}
}

#endif
