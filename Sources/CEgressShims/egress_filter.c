/* SPDX-License-Identifier: Apache-2.0 */
/* The system calls that a module's process goes without: classic BPF, seccomp(2), Documentation/userspace-api/seccomp_filter.rst. */
#define _GNU_SOURCE
#include "egress_sandbox.h"

#include <asm/ioctls.h>
#include <asm/sockios.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/ioprio.h>
#include <linux/prctl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define OWN_ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define OWN_ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

#ifndef OWN_ARCHITECTURE

int egress_sandbox_filter(void)
{
	return ENOSYS;
}

#else

/* x86_64 has a second table of the same calls behind this bit. */
#define X32_BIT 0x40000000u
#define MOST_INSTRUCTIONS 512

/* Numbers are the same on every architecture since Linux 5.1; older headers lack the names. */
#ifndef SYS_mount_setattr
#define SYS_mount_setattr 442
#endif
#ifndef SYS_process_mrelease
#define SYS_process_mrelease 448
#endif
#ifndef SYS_open_tree_attr
#define SYS_open_tree_attr 467
#endif

static const uint32_t refused[] = {
	SYS_execve, SYS_execveat,
#ifdef SYS_fork
	SYS_fork, SYS_vfork,
#endif
	SYS_ptrace, SYS_process_vm_readv, SYS_process_vm_writev, SYS_process_madvise, SYS_process_mrelease, SYS_kcmp,
	SYS_pidfd_getfd, SYS_pidfd_send_signal, SYS_move_pages, SYS_migrate_pages,
	SYS_mount, SYS_umount2, SYS_pivot_root, SYS_chroot, SYS_fsopen, SYS_fsconfig, SYS_fsmount, SYS_fspick, SYS_move_mount,
	SYS_open_tree, SYS_open_tree_attr, SYS_mount_setattr, SYS_swapon, SYS_swapoff,
	SYS_unshare, SYS_setns,
	SYS_bpf, SYS_perf_event_open, SYS_userfaultfd, SYS_io_uring_setup, SYS_io_uring_enter, SYS_io_uring_register,
	SYS_init_module, SYS_finit_module, SYS_delete_module, SYS_kexec_load,
#ifdef SYS_kexec_file_load
	SYS_kexec_file_load,
#endif
	/* Memory that no limit of a process counts. */
	SYS_shmget,
	SYS_reboot, SYS_acct, SYS_add_key, SYS_request_key, SYS_keyctl,
};

/* Their first argument is a process: its own, or 0 where that means itself. */
static const uint32_t signals[] = { SYS_kill, SYS_tkill, SYS_tgkill, SYS_rt_sigqueueinfo, SYS_rt_tgsigqueueinfo };
static const uint32_t tunings[] = { SYS_prlimit64, SYS_sched_setaffinity, SYS_sched_setscheduler, SYS_sched_setparam,
				    SYS_sched_setattr };

/* The owner of a file gets its signals, any signal: a way to reach a process of the same user. */
static const uint32_t file_owners[] = { F_SETOWN, F_SETOWN_EX };
static const uint32_t device_owners[] = { FIOSETOWN, SIOCSPGRP, TIOCSTI };
/* A process that can be dumped has a memory that another module's process could write, by /proc. */
static const uint32_t ways_out[] = { PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_PTRACER, PR_SET_MM };

struct program {
	struct sock_filter code[MOST_INSTRUCTIONS];
	unsigned short length;
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
/* The lower half: the kernel itself looks at no more of an int. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define ARGUMENT(n) (offsetof(struct seccomp_data, args) + 8u * (n))
#else
#define ARGUMENT(n) (offsetof(struct seccomp_data, args) + 8u * (n) + 4u)
#endif

static void add(struct program *program, uint16_t code, uint32_t value, uint8_t yes, uint8_t no)
{
	if (program->length < MOST_INSTRUCTIONS)
		program->code[program->length++] = (struct sock_filter){ .code = code, .k = value, .jt = yes, .jf = no };
}

static void load(struct program *program, size_t offset)
{
	add(program, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

static void allow(struct program *program)
{
	add(program, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
}

static void refuse(struct program *program, int error)
{
	add(program, BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ((uint32_t)error & SECCOMP_RET_DATA), 0, 0);
}

/* The instructions until `end` are for this system call only. */
static unsigned short begin(struct program *program, uint32_t number)
{
	add(program, BPF_JMP | BPF_JEQ | BPF_K, number, 0, 0);
	return program->length;
}

static void end(struct program *program, unsigned short first)
{
	program->code[first - 1].jf = (uint8_t)(program->length - first);
}

/* What was loaded being `value` refuses; the next instruction is for every other. */
static void refuse_if(struct program *program, uint32_t value)
{
	add(program, BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1);
	refuse(program, EPERM);
}

static void allow_if(struct program *program, uint32_t value)
{
	add(program, BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1);
	allow(program);
}

static void check_architecture(struct program *program)
{
	load(program, offsetof(struct seccomp_data, arch));
	add(program, BPF_JMP | BPF_JEQ | BPF_K, OWN_ARCHITECTURE, 1, 0);
	refuse(program, EPERM);
	load(program, offsetof(struct seccomp_data, nr));
#if defined(__x86_64__)
	add(program, BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 0, 1);
	refuse(program, EPERM);
#endif
}

static void allow_threads(struct program *program)
{
	unsigned short first = begin(program, SYS_clone);

	load(program, ARGUMENT(0));
	add(program, BPF_JMP | BPF_JSET | BPF_K, CLONE_THREAD, 0, 1);
	allow(program);
	refuse(program, EPERM);
	end(program, first);
	first = begin(program, SYS_clone3);
	refuse(program, ENOSYS);
	end(program, first);
}

/* An argument that is a process: only this one. */
static void allow_self(struct program *program, unsigned argument, uint32_t self, int may_be_zero)
{
	load(program, ARGUMENT(argument));
	allow_if(program, self);
	if (may_be_zero)
		allow_if(program, 0);
	refuse(program, EPERM);
}

/* Its first argument says whether the second is a process, or a group or user with many. */
static void allow_self_of_kind(struct program *program, uint32_t number, uint32_t process, uint32_t self)
{
	unsigned short first = begin(program, number);

	load(program, ARGUMENT(0));
	add(program, BPF_JMP | BPF_JEQ | BPF_K, process, 1, 0);
	refuse(program, EPERM);
	allow_self(program, 1, self, 1);
	end(program, first);
}

static void keep_to_itself(struct program *program, uint32_t self)
{
	for (size_t i = 0; i < COUNT(signals); i++) {
		unsigned short first = begin(program, signals[i]);

		allow_self(program, 0, self, 0);
		end(program, first);
	}
	for (size_t i = 0; i < COUNT(tunings); i++) {
		unsigned short first = begin(program, tunings[i]);

		allow_self(program, 0, self, 1);
		end(program, first);
	}
	allow_self_of_kind(program, SYS_setpriority, PRIO_PROCESS, self);
	allow_self_of_kind(program, SYS_ioprio_set, IOPRIO_WHO_PROCESS, self);
}

/* Everything but some values of one argument. */
static void refuse_values(struct program *program, uint32_t number, unsigned argument, const uint32_t *values, size_t count)
{
	unsigned short first = begin(program, number);

	load(program, ARGUMENT(argument));
	for (size_t i = 0; i < count; i++)
		refuse_if(program, values[i]);
	allow(program);
	end(program, first);
}

/* The same, as a mapping: a limit of a process counts it as an address only. */
static void refuse_shared_memory(struct program *program)
{
	unsigned short first = begin(program, SYS_mmap);

	load(program, ARGUMENT(3));
	add(program, BPF_ALU | BPF_AND | BPF_K, MAP_SHARED | MAP_ANONYMOUS, 0, 0);
	refuse_if(program, MAP_SHARED | MAP_ANONYMOUS);
	allow(program);
	end(program, first);
}

int egress_sandbox_filter(void)
{
	static struct program program;
	struct sock_fprog given;

	program.length = 0;
	check_architecture(&program);
	allow_threads(&program);
	for (size_t i = 0; i < COUNT(refused); i++) {
		unsigned short first = begin(&program, refused[i]);

		refuse(&program, EPERM);
		end(&program, first);
	}
	refuse_shared_memory(&program);
	keep_to_itself(&program, (uint32_t)getpid());
	refuse_values(&program, SYS_fcntl, 1, file_owners, COUNT(file_owners));
	refuse_values(&program, SYS_ioctl, 1, device_owners, COUNT(device_owners));
	refuse_values(&program, SYS_prctl, 0, ways_out, COUNT(ways_out));
	allow(&program);
	if (program.length == MOST_INSTRUCTIONS)
		return E2BIG;
	given = (struct sock_fprog){ .len = program.length, .filter = program.code };
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &given) == 0)
		return 0;
	return errno;
}

#endif
