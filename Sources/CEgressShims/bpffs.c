/* SPDX-License-Identifier: Apache-2.0 */
#include "egress_bpffs.h"

#include <errno.h>
#include <linux/magic.h>
#include <sys/statfs.h>

int egress_on_bpffs(const char *path)
{
	struct statfs status;

	if (statfs(path, &status) < 0)
		return -errno;
	return status.f_type == BPF_FS_MAGIC;
}
