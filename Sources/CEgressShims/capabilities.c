/* SPDX-License-Identifier: Apache-2.0 */
#include "egress_capabilities.h"

#include <errno.h>
#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

int egress_use_capabilities(uint64_t set)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &header, data) < 0)
		return -errno;
	data[0].effective = data[0].permitted & (uint32_t)set;
	data[1].effective = data[1].permitted & (uint32_t)(set >> 32);
	return syscall(SYS_capset, &header, data) < 0 ? -errno : 0;
}
