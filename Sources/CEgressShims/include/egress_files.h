/* SPDX-License-Identifier: Apache-2.0 */
/* What Swift's Glibc module lacks of files, since its headers are read without _GNU_SOURCE. */
#pragma once
#include <stdint.h>

/* Opens `path` only to have it (O_PATH); the caller closes it. -1 with errno on failure. */
int egress_hold_file(const char *path);

/* The number of the mount that `path` is on, as in /proc/self/mountinfo; a link is not followed.
 * 0 or an errno value: ENOSYS before Linux 5.8. */
int egress_mount_number(const char *path, uint64_t *number);
