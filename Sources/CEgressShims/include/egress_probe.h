/* SPDX-License-Identifier: Apache-2.0 */
/* What a process needs that tries a plugin module: prctl is variadic, and malloc.h and memfd_create aren't in Swift's Glibc module. */
#pragma once
#include <stddef.h>

/* Before egress_sandbox_enter: makes the calling process the parent of orphans below it. With `keep_user` it can't leave
 * its user any more (CAP_SETUID and CAP_SETGID are taken from its effective set). Returns 0, or -1 with errno. */
int egress_probe_prepare(int keep_user);

/* After it: the leader of a process group, unless it is that already. */
void egress_probe_lead(void);

/* After it: from now on this process is killed with SIGSYS when it starts a process or a program; threads are fine.
 * Returns 0, or an errno value where the kernel has no filters of system calls. */
int egress_probe_forbid_processes(void);

/* How many children there are, running or not; those that ended are reaped, the others killed. 1,000 at most. */
int egress_probe_children(void);

/* A nameless file in memory, closed by exec; -1 with errno. */
int egress_probe_file(void);

/* Bytes that malloc has given out and that were not freed, in every arena and mapping. */
size_t egress_heap_used(void);
