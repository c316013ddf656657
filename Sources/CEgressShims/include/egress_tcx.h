/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tcx (Linux 6.6) by its system calls: Debian 12's libbpf (1.1) and headers (6.1) don't know it.
 * Functions return a descriptor or 0, or a negative errno.
 */
#ifndef EGRESS_TCX_H
#define EGRESS_TCX_H

#include <stdint.h>

/* enum bpf_attach_type of 6.6. */
#define EGRESS_TCX_INGRESS 46
#define EGRESS_TCX_EGRESS  47

struct egress_tcx_link {
	uint32_t link_id;
	uint32_t prog_id;
	uint32_t ifindex; /* in the caller's network namespace; 0 once the interface is gone */
	uint32_t attach_type;
};

struct egress_tcx_place {
	uint32_t before; /* programs that run before it */
	uint32_t prog_id;
};

/* 1 when this kernel has tcx, else 0. */
int egress_tcx_supported(void);

/* Attaches at the head of the interface's list, in the caller's network namespace; returns the link's descriptor. */
int egress_tcx_link_create(int prog_fd, uint32_t ifindex, uint32_t attach_type);

int egress_tcx_link_info(int link_fd, struct egress_tcx_link *info);

/* Where a link stands at a hook of the caller's network namespace, and what it runs: one system call, which needs no
 * descriptor. -ENOENT when it isn't there, -ENODEV when the interface isn't. */
int egress_tcx_find(uint32_t ifindex, uint32_t attach_type, uint32_t link_id, struct egress_tcx_place *place);

/* The kernel's number of a loaded program, tcx or not. */
int egress_program_id(int prog_fd, uint32_t *id);

/* Ids of the programs at the hook, first to run first; *count is room on entry and number on return. */
int egress_tcx_query(uint32_t ifindex, uint32_t attach_type, uint32_t *prog_ids, uint32_t *count);

#endif
