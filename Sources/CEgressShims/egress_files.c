/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "egress_files.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

int egress_hold_file(const char *path)
{
	return open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
}

int egress_mount_number(const char *path, uint64_t *number)
{
	struct statx status;

	if (statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STATX_MNT_ID, &status) < 0)
		return errno;
	if (!(status.stx_mask & STATX_MNT_ID))
		return ENOSYS;
	*number = status.stx_mnt_id;
	return 0;
}
