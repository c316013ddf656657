/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "egress_process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <time.h>
#include <unistd.h>

struct capture {
	int pipe;         /* what the child prints; -1 after its end */
	char *bytes;
	size_t capacity;
	size_t said;
};

static long long now_ms(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000LL + time.tv_nsec / 1000000;
}

/* Takes what there is without waiting; stops at one byte too many. */
static void drain(struct capture *capture)
{
	while (capture->pipe >= 0 && capture->said <= capture->capacity) {
		char surplus;
		size_t room = capture->capacity - capture->said;
		ssize_t count = read(capture->pipe, room ? capture->bytes + capture->said : &surplus, room ? room : 1);

		if (count > 0) {
			capture->said += (size_t)count;
		} else if (count == 0 || errno != EINTR) {
			if (count < 0 && errno == EAGAIN)
				return;
			close(capture->pipe);
			capture->pipe = -1;
		}
	}
}

/* Returns 0 when the child ended by itself, else 1. */
static int follow(struct capture *capture, int child, int timeout_ms)
{
	long long deadline = now_ms() + timeout_ms;

	for (;;) {
		/* poll skips a descriptor that is negative. */
		struct pollfd ready[2] = { { .fd = child, .events = POLLIN }, { .fd = capture->pipe, .events = POLLIN } };
		long long left = timeout_ms < 0 ? -1 : deadline - now_ms();

		if (timeout_ms >= 0 && left <= 0)
			return 1;
		if (poll(ready, 2, (int)left) < 0 && errno != EINTR)
			return 1;
		drain(capture);
		if (capture->said > capture->capacity)
			return 1;
		if (ready[0].revents) {
			drain(capture);
			return 0;
		}
	}
}

static int capture_with(const char *path, char *const argv[], char *const envp[], int input, int heard, void *bytes,
			size_t capacity, int timeout_ms, struct egress_exit *exit)
{
	struct capture capture = { .pipe = -1, .bytes = bytes, .capacity = capacity };
	int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
	int errors = heard < 0 || fcntl(heard, F_GETFD) < 0 ? nothing : heard;
	int ends[2], child, stopped, error;
	pid_t pid;

	exit->said = 0;
	if (nothing < 0)
		return errno;
	if (pipe2(ends, O_CLOEXEC) < 0) {
		error = errno;
		close(nothing);
		return error;
	}
	error = egress_spawn_in(path, argv, envp, input < 0 ? nothing : input, ends[1], errors, -1, &pid);
	close(ends[1]);
	close(nothing);
	if (error) {
		close(ends[0]);
		return error;
	}
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	capture.pipe = ends[0];
	child = pidfd_open(pid, 0);
	stopped = child < 0 || follow(&capture, child, timeout_ms);
	if (stopped)
		kill(pid, SIGKILL);
	if (child >= 0)
		close(child);
	error = egress_reap(pid, -1, exit);
	if (capture.pipe >= 0)
		close(capture.pipe);
	exit->said = capture.said;
	exit->timed_out = stopped && capture.said <= capacity;
	return error;
}

int egress_capture(const char *path, char *const argv[], char *const envp[], int input, void *bytes, size_t capacity,
		   int timeout_ms, struct egress_exit *exit)
{
	return capture_with(path, argv, envp, input, STDERR_FILENO, bytes, capacity, timeout_ms, exit);
}

int egress_capture_quietly(const char *path, char *const argv[], char *const envp[], void *bytes, size_t capacity,
			   int timeout_ms, struct egress_exit *exit)
{
	return capture_with(path, argv, envp, -1, -1, bytes, capacity, timeout_ms, exit);
}
