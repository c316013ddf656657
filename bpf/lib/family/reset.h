/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * reset_lost(): the drop of a packet whose connection is lost, and the word to the pod that opened it, so that it connects
 * anew at once instead of waiting for an answer that can't come.
 *
 * Nobody else is ever told: not the far end, and no pod of a connection that came in. The pod's record says that the pod
 * opened it, and that it left by a gateway; a gateway knows it from the pod's node, which vouches by the tunnel's token.
 */
#define RESET_LENGTH (ETH_HLEN + F(FAMILY_IP_HEADER) + sizeof(struct tcphdr))

/*
 * The header of the answer, as the far end would give it that knows no such connection (RFC 9293, 3.10.7.1). `tcp` is the
 * packet's own header. Its checksum is right both for who verifies it and for a device that is to finish it, as a packet
 * from a pod may be either: let P be the pseudo header's sum and T all else's. The first wants P + T + checksum = 0, the
 * second a field of P. Both hold when T = -2P, and the window, which means nothing in a reset, makes it so.
 */
static __always_inline void F(reset_header)(struct tcphdr *reset, const struct tcphdr *tcp, __u32 length, __u64 pseudo)
{
	const __u16 *words = (const __u16 *)(const void *)reset;
	__u16 before = checksum_fold(sum_fold(pseudo));
	__u64 sum = 2 * (__u64)before;

	*reset = (struct tcphdr){
	    .source = tcp->dest,
	    .dest = tcp->source,
	    .doff = sizeof(*reset) / 4,
	    .rst = 1,
	};
	if (tcp->ack) {
		reset->seq = tcp->ack_seq;
	} else {
		reset->ack = 1;
		reset->ack_seq = bpf_htonl(bpf_ntohl(tcp->seq) + length);
	}
	_Pragma("unroll") for (__u32 at = 0; at < sizeof(*reset) / sizeof(*words); at++) sum += words[at];
	reset->window = checksum_of(sum);
	reset->check = before;
}

/* Makes the packet the answer to itself. False where it can't be, or deserves none. */
static __always_inline bool F(reset_make)(struct __sk_buff *skb, const struct F(packet) *packet)
{
	__u32 length = packet->l4_length ? packet->l4_length : skb->len - packet->l4;
	struct tcphdr tcp;
	void *data;

	if (packet->protocol != IPPROTO_TCP || packet->fragment || packet->tcp_flags & (TCP_SYN | TCP_RST) ||
	    bpf_skb_load_bytes(skb, packet->l4, &tcp, sizeof(tcp)))
		return false;
	length = length - tcp.doff * 4 + tcp.fin;
	if (bpf_skb_change_tail(skb, RESET_LENGTH, 0) || !packet_linear(skb, RESET_LENGTH))
		return false;
	data = (void *)(long)skb->data;
	if (data + RESET_LENGTH > (void *)(long)skb->data_end)
		return false;
	F(reset_header)(data + RESET_LENGTH - sizeof(tcp), &tcp, length, F(reset_ip)(data + ETH_HLEN, packet));
	return true;
}

/*
 * What the program returns. `sender`: the node that sent it through the tunnel; 0 when the pod is here, by
 * steering->ifindex. No connection is known to be lost while maps move. A function of its own to the verifier too.
 */
__noinline int F(reset_lost)(struct __sk_buff *skb, const struct F(packet) *packet, const struct steering *steering,
			     __u32 sender)
{
	const struct egress_config *config = config_read();
	struct bpf_redir_neigh next = {.nh_family = F(FAMILY_AF)};
	const struct egress_pod *pod;
	__u32 ifindex;

	packet_drop(skb, EGRESS_DROP_NO_FLOW);
	if (!config || !packet || !steering || config->upgrading || !F(reset_make)(skb, packet))
		return TC_ACT_SHOT;
	if (sender)
		return leave_by_tunnel(skb, EGRESS_VNI_REPLY | (steering->entry & EGRESS_VNI_ENTRY_MASK), sender,
				       EGRESS_COUNT_RESET);
	ifindex = steering->ifindex;
	pod = bpf_map_lookup_elem(&egress_pods, &ifindex);
	if (!pod)
		return TC_ACT_SHOT;
	packet_count(skb, EGRESS_COUNT_RESET);
	__builtin_memcpy(&next.ipv4_nh, &pod->F(address), sizeof(ADDRESS));
	return bpf_redirect_neigh(pod->deliver_ifindex, &next, sizeof(next), 0);
}

#undef RESET_LENGTH
