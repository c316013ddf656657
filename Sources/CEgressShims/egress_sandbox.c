/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "egress_sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NOBODY 65534
/* Of the whole user, on the whole node: other containers may well run as nobody, so this only stops a flood of threads. */
#define MOST_THREADS 4096

static int filter_error = ENOSYS;

/* While it is root: afterwards the process isn't dumpable, and its files in /proc are root's. */
static void go_first_without_memory(void)
{
	int file = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (file < 0)
		return;
	(void)!write(file, "1000", 4);
	close(file);
}

static void limit(int resource, rlim_t most)
{
	const struct rlimit both = { .rlim_cur = most, .rlim_max = most };

	setrlimit((__rlimit_resource_t)resource, &both);
}

static void be_modest(void)
{
	go_first_without_memory();
	setsid();
	umask(077);
	setpriority(PRIO_PROCESS, 0, 10);
	limit(RLIMIT_CORE, 0);
	limit(RLIMIT_NOFILE, EGRESS_SANDBOX_DESCRIPTORS);
	limit(RLIMIT_NPROC, MOST_THREADS);
	/* A write is to fail with EFBIG, and not to kill. */
	signal(SIGXFSZ, SIG_IGN);
	limit(RLIMIT_FSIZE, 0);
}

static void leave_root(void)
{
	if (setgroups(0, NULL) == 0 && setresgid(NOBODY, NOBODY, NOBODY) == 0)
		(void)!setresuid(NOBODY, NOBODY, NOBODY);
}

static int drop_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[2] = { 0 };

	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	return syscall(SYS_capset, &header, none) < 0 ? errno : 0;
}

int egress_sandbox_enter(int *still_root)
{
	int error;

	*still_root = 0;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return errno;
	be_modest();
	for (unsigned long capability = 0; capability < 64; capability++)
		if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) < 0)
			break;
	if (geteuid() == 0)
		leave_root();
	*still_root = geteuid() == 0;
	error = drop_capabilities();
	/* So are its memory and files in /proc root's, whoever it was before. */
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	/* Last, since a change of user takes it away again. */
	if (!error && prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		error = errno;
	if (!error)
		filter_error = egress_sandbox_filter();
	return error;
}

int egress_sandbox_filter_error(void)
{
	return filter_error;
}

/* A limit that is lower already stays: raising it is a privilege. */
static int lower(int resource, rlim_t most)
{
	struct rlimit both;

	if (getrlimit((__rlimit_resource_t)resource, &both) < 0)
		return errno;
	both.rlim_max = both.rlim_max < most ? both.rlim_max : most;
	both.rlim_cur = both.rlim_max;
	return setrlimit((__rlimit_resource_t)resource, &both) < 0 ? errno : 0;
}

int egress_sandbox_bound_memory(size_t writable, size_t mapped)
{
	int error = lower(RLIMIT_DATA, writable);

	return error ? error : lower(RLIMIT_AS, mapped);
}
