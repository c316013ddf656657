/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "egress_probe.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <malloc.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

int egress_probe_prepare(int keep_user)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct sets[2];

	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
		return -1;
	if (!keep_user)
		return 0;
	if (syscall(SYS_capget, &header, sets) < 0)
		return -1;
	sets[0].effective &= ~(1u << CAP_SETUID | 1u << CAP_SETGID);
	return syscall(SYS_capset, &header, sets) < 0 ? -1 : 0;
}

void egress_probe_lead(void)
{
	if (getpgrp() != getpid())
		(void)!setpgid(0, 0);
}

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#define ARCHITECTURE 0
#endif

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define END(action) BPF_STMT(BPF_RET | BPF_K, (action))
/* When the call is `number`, the next instruction, else the one after it. */
#define WHEN(number) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (number), 0, 1)

int egress_probe_forbid_processes(void)
{
	struct sock_filter filter[] = {
		LOAD(arch),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0),
		END(SECCOMP_RET_ALLOW),
		LOAD(nr),
		/* Its flags are in memory, where a filter can't look: libraries go back to clone. */
		WHEN(SYS_clone3), END(SECCOMP_RET_ERRNO | ENOSYS),
#ifdef SYS_fork
		WHEN(SYS_fork), END(SECCOMP_RET_KILL_PROCESS),
		WHEN(SYS_vfork), END(SECCOMP_RET_KILL_PROCESS),
#endif
		WHEN(SYS_execve), END(SECCOMP_RET_KILL_PROCESS),
		WHEN(SYS_execveat), END(SECCOMP_RET_KILL_PROCESS),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 1, 0),
		END(SECCOMP_RET_ALLOW),
		/* The flags; little-endian machines have their lower half first. */
		LOAD(args[0]),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CLONE_THREAD, 0, 1),
		END(SECCOMP_RET_ALLOW),
		END(SECCOMP_RET_KILL_PROCESS),
	};
	struct sock_fprog program = { .len = sizeof(filter) / sizeof(filter[0]), .filter = filter };

	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0 ? errno : 0;
}

/* The processes that this one started and that still run, as the kernel lists them; 0 at the end. */
static pid_t next_child(void)
{
	FILE *file = fopen("/proc/thread-self/children", "re");
	int pid = 0;

	if (!file)
		return 0;
	if (fscanf(file, "%d", &pid) != 1)
		pid = 0;
	fclose(file);
	return pid;
}

int egress_probe_children(void)
{
	int count = 0;

	while (count < 1000) {
		pid_t pid = waitpid(-1, NULL, WNOHANG | __WALL);

		if (pid < 0 && errno != EINTR)
			break;
		if (pid > 0)
			count++;
		if (pid != 0)
			continue;
		/* One runs; of a thread that isn't this one, it has no name here. */
		pid = next_child();
		if (pid == 0 || kill(pid, SIGKILL) < 0)
			return count + 1;
		waitpid(pid, NULL, __WALL);
		count++;
	}
	return count;
}

int egress_probe_file(void)
{
	return memfd_create("egress-probe", MFD_CLOEXEC);
}

size_t egress_heap_used(void)
{
	struct mallinfo2 info = mallinfo2();

	return info.uordblks + info.hblkhd;
}
