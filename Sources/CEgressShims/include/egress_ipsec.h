/* SPDX-License-Identifier: Apache-2.0 */
/* IPsec of the calling thread's network namespace: XFRM's netlink family, whose headers Swift's Glibc doesn't have. */
#ifndef EGRESS_IPSEC_H
#define EGRESS_IPSEC_H

/* How many policies for outgoing packets there are (0 where the kernel has no IPsec), or a negative errno. */
int egress_ipsec_policies(void);

#endif
