/* SPDX-License-Identifier: Apache-2.0 */
#include "egress_transmit.h"

#include <errno.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int bpf(int command, union bpf_attr *attr)
{
	long result;

	do {
		result = syscall(SYS_bpf, command, attr, sizeof(*attr));
	} while (result < 0 && errno == EINTR);
	return result < 0 ? -errno : (int)result;
}

/* The context stays in r1, where the helper wants it. */
static int load(uint32_t ifindex)
{
	const struct bpf_insn program[] = {
		{ .code = BPF_ALU | BPF_MOV | BPF_K, .dst_reg = BPF_REG_2, .imm = (int32_t)ifindex },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_3, .imm = 0 },
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_clone_redirect },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = BPF_PROG_TYPE_SCHED_CLS;
	attr.insns = (uintptr_t)program;
	attr.insn_cnt = sizeof(program) / sizeof(program[0]);
	attr.license = (uintptr_t) "Apache-2.0";
	strcpy(attr.prog_name, "egress_announce");
	return bpf(BPF_PROG_LOAD, &attr);
}

int egress_transmit(uint32_t ifindex, const void *frame, size_t length)
{
	union bpf_attr attr;
	int program, result;

	if (length < ETH_HLEN || length > ETH_FRAME_LEN)
		return -EINVAL;
	program = load(ifindex);
	if (program < 0)
		return program;
	memset(&attr, 0, sizeof(attr));
	attr.test.prog_fd = (uint32_t)program;
	attr.test.data_in = (uintptr_t)frame;
	attr.test.data_size_in = (uint32_t)length;
	attr.test.repeat = 1;
	result = bpf(BPF_PROG_TEST_RUN, &attr);
	close(program);
	if (result < 0)
		return result;
	/* The helper's own result: a negative errno, or a number of the queue's that is greater than 0 for a drop. */
	result = (int)attr.test.retval;
	return result > 0 ? -ENOBUFS : result;
}
