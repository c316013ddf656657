/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "egress_namespaces.h"

#include <errno.h>
#include <sched.h>
#include <stddef.h>
#include <sys/mount.h>

int egress_new_network_namespace(void)
{
	return unshare(CLONE_NEWNET) < 0 ? -errno : 0;
}

int egress_new_mount_namespace(void)
{
	if (unshare(CLONE_NEWNS) < 0)
		return -errno;
	return mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ? -errno : 0;
}

int egress_enter_network_namespace(int fd)
{
	return setns(fd, CLONE_NEWNET) < 0 ? -errno : 0;
}
