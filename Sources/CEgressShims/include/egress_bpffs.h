/* SPDX-License-Identifier: Apache-2.0 */
/* statfs(2): Swift's Glibc has the structure's type, but not the function. */
#ifndef EGRESS_BPFFS_H
#define EGRESS_BPFFS_H

/* 1 when the path is on a BPF file system, 0 when it isn't, or a negative errno. */
int egress_on_bpffs(const char *path);

#endif
