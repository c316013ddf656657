/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What is the same in every packet.
 *
 *   packet_linear(skb, length)   makes the first bytes directly accessible
 *   clock_seconds()              of the coarse monotonic clock
 *   jiffies_low()                the low half of jiffies
 */
#ifndef EGRESS_SKB_H
#define EGRESS_SKB_H

#include <stdbool.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>

#include "count.h"
#include "family.h"

#define TCP_FIN 0x01
#define TCP_SYN 0x02
#define TCP_RST 0x04
#define TCP_ACK 0x10

struct icmp_echo {
	__u8 type;
	__u8 code;
	__sum16 checksum;
	__be16 id;
	__be16 sequence;
};

/* Packet pointers are invalid after it. */
static __always_inline bool packet_linear(struct __sk_buff *skb, __u32 length)
{
	void *data = (void *)(long)skb->data;
	void *end = (void *)(long)skb->data_end;

	/* As pointers: to make numbers of them takes CAP_PERFMON. */
	if (data + length <= end)
		return true;
	return length <= skb->len && !bpf_skb_pull_data(skb, length);
}

/* Seconds of the coarse monotonic clock: 17 ns where the exact one costs 40. */
static __always_inline __u32 clock_seconds(void)
{
	return bpf_ktime_get_coarse_ns() / 1000000000;
}

/* Costs nothing: the verifier turns it into one load. */
static __always_inline __u32 jiffies_low(void)
{
	return bpf_jiffies64();
}

/* Whether nothing has to be asked or written before `until`. */
static __always_inline bool is_before(__u32 until)
{
	return until - jiffies_low() <= EGRESS_WAY_JIFFIES;
}

#endif
