/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Child processes with exactly the descriptors, signals and environment that they are given: posix_spawn's attribute
 * types are opaque and its *_np additions are missing from Swift's Glibc module.
 *
 * Return convention: 0, or an errno value; nothing is left behind on failure.
 */
#pragma once
#include <stddef.h>
#include <sys/types.h>

/* What a command that ended left. */
struct egress_exit {
	int timed_out;    /* it was killed because the time was over */
	int status;       /* as waitpid gives it */
	size_t said;      /* bytes in the caller's buffer */
};

/* Starts `path` with descriptors 0, 1, 2 and, unless `control` is -1, 3; every other one is closed, signals are at
 * their defaults, the environment is a fixed minimum. The caller keeps its own descriptors and reaps *pid. */
int egress_spawn(const char *path, char *const argv[], int input, int output, int errors, int control, pid_t *pid);

/* The same with an environment of the caller's. */
int egress_spawn_in(const char *path, char *const argv[], char *const envp[], int input, int output, int errors, int control,
		    pid_t *pid);

/* Runs `path` to its end with `input` as standard input; standard output is discarded, standard error cut to
 * `capacity` bytes in `text`. Killed after `timeout_ms`. Network namespace: the calling thread's. */
int egress_run(const char *path, char *const argv[], const void *input, size_t length, char *text, size_t capacity,
	       int timeout_ms, struct egress_exit *exit);

/* Waits for the end of a child, at most `timeout_ms`; then kills and reaps it. */
int egress_reap(pid_t pid, int timeout_ms, struct egress_exit *exit);

/* The same, and kills what is left of the group that the child leads, if it does. */
int egress_reap_group(pid_t pid, int timeout_ms, struct egress_exit *exit);

/* Runs `path` to its end with the environment `envp`, standard input from `input` (nothing when -1), the caller's standard
 * error, and reads its standard output into `bytes`. It is killed when it prints more than `capacity` bytes (then `said`
 * is greater) or, with `timeout_ms` >= 0, when the time is over. What it leaves running is not waited for. */
int egress_capture(const char *path, char *const argv[], char *const envp[], int input, void *bytes, size_t capacity,
		   int timeout_ms, struct egress_exit *exit);

/* The same with nothing as standard input, and what it says on standard error is thrown away. */
int egress_capture_quietly(const char *path, char *const argv[], char *const envp[], void *bytes, size_t capacity,
			   int timeout_ms, struct egress_exit *exit);
