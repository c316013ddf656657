/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * F(name): the name of the family IPV. What a family is in numbers: see ipv4.h and ipv6.h.
 */
#ifndef EGRESS_FAMILY_NAMES_H
#define EGRESS_FAMILY_NAMES_H

#define FAMILY_JOIN_(name, ipv) name##ipv
#define FAMILY_JOIN(name, ipv)	FAMILY_JOIN_(name, ipv)
#define F(name)			FAMILY_JOIN(name, IPV)
#define ADDRESS			struct F(egress_address)

#ifndef AF_INET
#define AF_INET	 2
#define AF_INET6 10
#endif

/* linux/icmp.h brings the C library's headers along, which know no BPF target. */
enum {
	FAMILY_AF4 = AF_INET,
	FAMILY_AF6 = AF_INET6,
	FAMILY_ICMP4 = 1,
	FAMILY_ICMP6 = 58,
	FAMILY_ECHO4 = 8,
	FAMILY_ECHO6 = 128,
	FAMILY_ECHO_REPLY4 = 0,
	FAMILY_ECHO_REPLY6 = 129,
	FAMILY_IP_HEADER4 = 20,
	FAMILY_IP_HEADER6 = 40,
	/* The error that says how large a packet may be (RFC 1191, RFC 8201). */
	FAMILY_TOO_BIG_TYPE4 = 3,
	FAMILY_TOO_BIG_TYPE6 = 2,
	FAMILY_TOO_BIG_CODE4 = 4,
	FAMILY_TOO_BIG_CODE6 = 0,
	/* The error that says that a packet's hops ended (RFC 792, RFC 4443); its code is 0. */
	FAMILY_EXPIRED_TYPE4 = 11,
	FAMILY_EXPIRED_TYPE6 = 3,
	/* Where the addresses are in the IP header. */
	FAMILY_SOURCE4 = 12,
	FAMILY_SOURCE6 = 8,
	FAMILY_DESTINATION4 = 16,
	FAMILY_DESTINATION6 = 24,
	/* What every link carries: nobody is told to send smaller packets. */
	FAMILY_LEAST_MTU4 = 576,
	FAMILY_LEAST_MTU6 = 1280,
	/* Where the L4 header is when the IP header has neither options nor extensions. */
	FAMILY_PLAIN_L44 = 14 + FAMILY_IP_HEADER4,
	FAMILY_PLAIN_L46 = 14 + FAMILY_IP_HEADER6,
};

#endif
