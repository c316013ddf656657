/* SPDX-License-Identifier: Apache-2.0 */
#include "egress_tcx.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The parts of union bpf_attr that are used, as of 6.6 (include/uapi/linux/bpf.h); longer attributes are zero. */
enum { COMMAND_OBJ_GET_INFO_BY_FD = 15, COMMAND_PROG_QUERY = 16, COMMAND_LINK_CREATE = 28 };
enum { FLAG_BEFORE = 1 << 3 };
/* BPF_MPROG_MAX of kernel/bpf/mprog.c: a hook holds no more. */
enum { PROGRAMS_AT_HOOK = 64 };

struct link_create_attr {
	uint32_t prog_fd;
	uint32_t target_ifindex;
	uint32_t attach_type;
	uint32_t flags;
	uint32_t relative_fd;
	uint32_t reserved;
	uint64_t expected_revision;
};

struct query_attr {
	uint32_t target_ifindex;
	uint32_t attach_type;
	uint32_t query_flags;
	uint32_t attach_flags;
	uint64_t prog_ids;
	uint32_t count;
	uint32_t reserved;
	uint64_t prog_attach_flags;
	uint64_t link_ids;
	uint64_t link_attach_flags;
	uint64_t revision;
};

struct info_attr {
	uint32_t fd;
	uint32_t length;
	uint64_t info;
};

struct link_info {
	uint32_t type;
	uint32_t id;
	uint32_t prog_id;
	uint32_t reserved;
	uint32_t ifindex;
	uint32_t attach_type;
};

static int bpf(int command, void *attr, unsigned int size)
{
	long result;

	do {
		result = syscall(SYS_bpf, command, attr, size);
	} while (result < 0 && errno == EINTR);
	return result < 0 ? -errno : (int)result;
}

int egress_tcx_query(uint32_t ifindex, uint32_t attach_type, uint32_t *prog_ids, uint32_t *count)
{
	struct query_attr attr = {
	    .target_ifindex = ifindex,
	    .attach_type = attach_type,
	    .prog_ids = (uint64_t)(uintptr_t)prog_ids,
	    .count = *count,
	};
	int result = bpf(COMMAND_PROG_QUERY, &attr, sizeof(attr));

	if (result >= 0)
		*count = attr.count;
	return result;
}

/* Index 1 is the loopback interface of every network namespace. */
int egress_tcx_supported(void)
{
	uint32_t count = 0;
	int result = egress_tcx_query(1, EGRESS_TCX_INGRESS, NULL, &count);

	return result >= 0 || result == -ENOSPC || result == -ENOENT;
}

int egress_tcx_link_create(int prog_fd, uint32_t ifindex, uint32_t attach_type)
{
	struct link_create_attr attr = {
	    .prog_fd = (uint32_t)prog_fd,
	    .target_ifindex = ifindex,
	    .attach_type = attach_type,
	    .flags = FLAG_BEFORE,
	};

	return bpf(COMMAND_LINK_CREATE, &attr, sizeof(attr));
}

int egress_tcx_find(uint32_t ifindex, uint32_t attach_type, uint32_t link_id, struct egress_tcx_place *place)
{
	uint32_t programs[PROGRAMS_AT_HOOK] = {0}, links[PROGRAMS_AT_HOOK] = {0};
	struct query_attr attr = {
	    .target_ifindex = ifindex,
	    .attach_type = attach_type,
	    .prog_ids = (uint64_t)(uintptr_t)programs,
	    .link_ids = (uint64_t)(uintptr_t)links,
	    .count = PROGRAMS_AT_HOOK,
	};
	int result = bpf(COMMAND_PROG_QUERY, &attr, sizeof(attr));

	if (result < 0)
		return result;
	for (uint32_t position = 0; position < attr.count && position < PROGRAMS_AT_HOOK; position++) {
		if (links[position] != link_id)
			continue;
		place->before = position;
		place->prog_id = programs[position];
		return 0;
	}
	return -ENOENT;
}

int egress_program_id(int prog_fd, uint32_t *id)
{
	struct {
		uint32_t type;
		uint32_t id;
	} kernel = {0};
	struct info_attr attr = {
	    .fd = (uint32_t)prog_fd,
	    .length = sizeof(kernel),
	    .info = (uint64_t)(uintptr_t)&kernel,
	};
	int result = bpf(COMMAND_OBJ_GET_INFO_BY_FD, &attr, sizeof(attr));

	if (result < 0)
		return result;
	*id = kernel.id;
	return 0;
}

int egress_tcx_link_info(int link_fd, struct egress_tcx_link *info)
{
	struct link_info kernel = {0};
	struct info_attr attr = {
	    .fd = (uint32_t)link_fd,
	    .length = sizeof(kernel),
	    .info = (uint64_t)(uintptr_t)&kernel,
	};
	int result = bpf(COMMAND_OBJ_GET_INFO_BY_FD, &attr, sizeof(attr));

	if (result < 0)
		return result;
	info->link_id = kernel.id;
	info->prog_id = kernel.prog_id;
	info->ifindex = kernel.ifindex;
	info->attach_type = kernel.attach_type;
	return 0;
}
