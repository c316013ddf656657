/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "egress_namespaces.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stddef.h>
#include <sys/mount.h>
#include <sys/socket.h>

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

struct socket_request {
	int fd;
	int domain;
	int type;
	int protocol;
	int result;
};

static void *make_socket(void *argument)
{
	struct socket_request *request = argument;

	if (setns(request->fd, CLONE_NEWNET) < 0) {
		request->result = -errno;
		return NULL;
	}
	request->result = socket(request->domain, request->type | SOCK_CLOEXEC, request->protocol);
	if (request->result < 0)
		request->result = -errno;
	return NULL;
}

int egress_socket_in_namespace(int fd, int domain, int type, int protocol)
{
	struct socket_request request = { .fd = fd, .domain = domain, .type = type, .protocol = protocol };
	pthread_t thread;
	int error = pthread_create(&thread, NULL, make_socket, &request);

	if (error)
		return -error;
	error = pthread_join(thread, NULL);
	return error ? -error : request.result;
}
