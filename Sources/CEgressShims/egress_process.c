/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "egress_process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

static int plan_descriptors(posix_spawn_file_actions_t *actions, const int wanted[4])
{
	int count = wanted[3] < 0 ? 3 : 4;
	int error = 0;

	/* A source below 4 would be overwritten before it is used: egress_spawn gives higher ones. */
	for (int i = 0; i < count && !error; i++)
		error = posix_spawn_file_actions_adddup2(actions, wanted[i], i);
	if (!error)
		error = posix_spawn_file_actions_addclosefrom_np(actions, count);
	return error;
}

static int plan_signals(posix_spawnattr_t *attributes)
{
	sigset_t none, all;
	int error;

	sigemptyset(&none);
	sigfillset(&all);
	error = posix_spawnattr_setsigmask(attributes, &none);
	if (!error)
		error = posix_spawnattr_setsigdefault(attributes, &all);
	if (!error)
		error = posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	return error;
}

/* A Swift child that crashes must die at once, not spend seconds on a backtrace. */
static char *const fixed_environment[] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8",
					   "SWIFT_BACKTRACE=enable=no", NULL };

static int spawn_with(const char *path, char *const argv[], char *const environment[], const int wanted[4], pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int error = posix_spawn_file_actions_init(&actions);

	if (error)
		return error;
	error = posix_spawnattr_init(&attributes);
	if (!error) {
		error = plan_descriptors(&actions, wanted);
		if (!error)
			error = plan_signals(&attributes);
		if (!error)
			error = posix_spawn(pid, path, &actions, &attributes, argv, environment);
		posix_spawnattr_destroy(&attributes);
	}
	posix_spawn_file_actions_destroy(&actions);
	return error;
}

int egress_spawn_in(const char *path, char *const argv[], char *const envp[], int input, int output, int errors, int control,
		    pid_t *pid)
{
	const int given[4] = { input, output, errors, control };
	int high[4] = { -1, -1, -1, -1 };
	int error = 0;

	for (int i = 0; i < 4 && !error; i++) {
		if (given[i] < 0)
			continue;
		high[i] = fcntl(given[i], F_DUPFD_CLOEXEC, 16);
		if (high[i] < 0)
			error = errno;
	}
	if (!error)
		error = spawn_with(path, argv, envp, high, pid);
	for (int i = 0; i < 4; i++)
		if (high[i] >= 0)
			close(high[i]);
	return error;
}

int egress_spawn(const char *path, char *const argv[], int input, int output, int errors, int control, pid_t *pid)
{
	return egress_spawn_in(path, argv, fixed_environment, input, output, errors, control, pid);
}

static int reap(pid_t pid, pid_t group, int timeout_ms, struct egress_exit *exit)
{
	int handle = pidfd_open(pid, 0);
	int ready = 0;

	exit->timed_out = 0;
	exit->status = 0;
	if (handle >= 0) {
		struct pollfd end = { .fd = handle, .events = POLLIN };

		do
			ready = poll(&end, 1, timeout_ms);
		while (ready < 0 && errno == EINTR);
		close(handle);
	}
	if (ready <= 0) {
		exit->timed_out = 1;
		kill(pid, SIGKILL);
	}
	/* Before it is reaped: until then nobody else can have the group's number. */
	if (group > 0)
		kill(-group, SIGKILL);
	while (waitpid(pid, &exit->status, 0) < 0)
		if (errno != EINTR)
			return errno;
	return 0;
}

int egress_reap(pid_t pid, int timeout_ms, struct egress_exit *exit)
{
	return reap(pid, 0, timeout_ms, exit);
}

int egress_reap_group(pid_t pid, int timeout_ms, struct egress_exit *exit)
{
	return reap(pid, pid, timeout_ms, exit);
}

static int write_all(int descriptor, const char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t written = write(descriptor, bytes, length);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return errno;
		bytes += written;
		length -= (size_t)written;
	}
	return 0;
}

static int run_with_files(const char *path, char *const argv[], int input, int errors, int timeout_ms,
			  struct egress_exit *exit)
{
	int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
	pid_t pid;
	int error;

	if (nowhere < 0)
		return errno;
	error = egress_spawn(path, argv, input, nowhere, errors, -1, &pid);
	close(nowhere);
	return error ? error : egress_reap(pid, timeout_ms, exit);
}

/* Memory files instead of pipes: nobody can block on the other side, however much is written. */
int egress_run(const char *path, char *const argv[], const void *input, size_t length, char *text, size_t capacity,
	       int timeout_ms, struct egress_exit *exit)
{
	int in = memfd_create("egress-input", MFD_CLOEXEC);
	int err = memfd_create("egress-errors", MFD_CLOEXEC);
	int error = in < 0 || err < 0 ? errno : write_all(in, input, length);

	exit->said = 0;
	if (!error && lseek(in, 0, SEEK_SET) < 0)
		error = errno;
	if (!error)
		error = run_with_files(path, argv, in, err, timeout_ms, exit);
	if (!error) {
		ssize_t said = pread(err, text, capacity, 0);

		exit->said = said > 0 ? (size_t)said : 0;
	}
	if (in >= 0)
		close(in);
	if (err >= 0)
		close(err);
	return error;
}
