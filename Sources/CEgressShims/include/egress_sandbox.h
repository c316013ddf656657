/* SPDX-License-Identifier: Apache-2.0 */
/* Giving privileges up: prctl and capset are variadic or have no wrapper, so Swift can't call them. */
#pragma once
#include <stddef.h>

/*
 * For a process with one thread, before it loads code of others. Afterwards it has
 *   - no capability, an empty bounding set, no new privileges by exec, the user and group `nobody` when it was root;
 *     what a container already took away (CAP_SETPCAP, CAP_SETUID) can't be used for that, and is no failure;
 *   - a session of its own, so that a signal to its group reaches nobody else;
 *   - at most EGRESS_SANDBOX_DESCRIPTORS open files, nothing to write to files, no core dump, the first place when
 *     memory runs out, the last but a few when the processor does;
 *   - an end with the thread that started it (PR_SET_PDEATHSIG: so that thread has to live as long as it is wanted);
 *   - a filter of system calls, see egress_sandbox_filter_error.
 *
 * Returns 0, or an errno value; *still_root says whether it could not leave uid 0.
 */
int egress_sandbox_enter(int *still_root);

/*
 * Why egress_sandbox_enter went on without a filter of system calls: an errno value, 0 when there is one. With it these
 * fail with EPERM, for good and for every thread: running programs, making processes (threads are fine), looking into or
 * signalling other processes, mounting, namespaces, BPF, kernel modules, keys, io_uring, userfaultfd, shared memory
 * without a file, and undoing the end with the parent. clone3 fails with ENOSYS, as on an older kernel, since a filter can't see its flags.
 */
int egress_sandbox_filter_error(void);

/* Bounds the process's own memory, in bytes: what it may write to, and all that it maps, shared memory included.
 * Apart, because a sanitizer's shadow has no room in any bound. Returns 0, or an errno value. */
int egress_sandbox_bound_memory(size_t writable, size_t mapped);

#define EGRESS_SANDBOX_DESCRIPTORS 256

/* Inside: installs the filter. Returns 0, or an errno value. */
int egress_sandbox_filter(void);
