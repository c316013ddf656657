/* SPDX-License-Identifier: Apache-2.0 */
/* Sending a frame of one's own without a packet socket, which would need CAP_NET_RAW. */
#ifndef EGRESS_TRANSMIT_H
#define EGRESS_TRANSMIT_H

#include <stddef.h>
#include <stdint.h>

/*
 * Sends an Ethernet frame (header included, at most 1514 bytes) by an interface of the caller's network namespace.
 *
 * A program of four instructions that clones the frame it is run on to the interface (bpf_clone_redirect), and one run
 * of it on this frame (BPF_PROG_TEST_RUN): CAP_BPF and CAP_NET_ADMIN are enough. The clone goes the way of every
 * packet that the host sends: queueing disciplines and egress programs of the interface see it.
 *
 * Returns 0 when the interface's queue took it, or a negative errno. Never blocks.
 */
int egress_transmit(uint32_t ifindex, const void *frame, size_t length);

#endif
