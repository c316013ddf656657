/* SPDX-License-Identifier: Apache-2.0 */
/* rtnetlink's numbers and headers, and eventfd's, which Swift's Glibc module leaves out. Nothing is declared here. */
#pragma once
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/eventfd.h>
