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

/* What a map says to BPF_NOEXIST. */
#define NAT_EEXIST 17

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

/* Of every ICMP error; what it is about follows. */
#define ICMP_HEADER 8
struct icmp_error_header {
	__u8 type;
	__u8 code;
	__sum16 checksum;
	__be32 rest; /* an MTU, or whatever the type says */
};

/* bpf_csum_diff() takes at most so many octets before 6.13. */
#define CHECKSUM_STEP 512

static __always_inline __u16 checksum_fold(__u32 sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static __always_inline __u32 sum_fold(__u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	return (sum & 0xffffffff) + (sum >> 32);
}

/* The checksum of what has this sum. */
static __always_inline __u16 checksum_of(__u64 sum)
{
	return ~checksum_fold(sum_fold(sum));
}

/* What a sum changes by when two octets at an even place do. */
static __always_inline __u64 word_sum(__u16 from, __u16 to)
{
	return (__u32)(__u16)~from + to;
}

/* The sum of `length` octets, a constant multiple of four, and of what was summed before. */
static __always_inline __u32 octets_sum(void *octets, __u32 length, __u32 sum)
{
	_Pragma("unroll") for (__u32 at = 0; at < length; at += CHECKSUM_STEP) sum =
	    bpf_csum_diff(NULL, 0, octets + at, length - at < CHECKSUM_STEP ? length - at : CHECKSUM_STEP, sum);
	return sum;
}

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

/* As a way keeps it. */
static __always_inline __u16 way_mtu(__u32 mtu)
{
	return mtu == 0 || mtu > 0xffff ? 0xffff : mtu;
}

/* Whether nothing has to be asked or written before `until`. */
static __always_inline bool is_before(__u32 until)
{
	return until - jiffies_low() <= EGRESS_WAY_JIFFIES;
}

#endif
