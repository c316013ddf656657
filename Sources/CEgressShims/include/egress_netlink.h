/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers and headers of rtnetlink, conntrack's and nftables' netlink and sock_diag, and eventfd's, which Swift's Glibc module
 * leaves out. Nothing is declared here. */
#pragma once
#include <linux/fib_rules.h>
#include <linux/if_link.h>
#include <linux/inet_diag.h>
#include <linux/net_namespace.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_conntrack_tcp.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <sys/eventfd.h>
