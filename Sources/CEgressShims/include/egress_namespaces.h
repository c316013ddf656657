/* SPDX-License-Identifier: Apache-2.0 */
/* Namespaces of the calling thread; glibc declares these only for GNU sources, which Swift's Glibc isn't. */
#ifndef EGRESS_NAMESPACES_H
#define EGRESS_NAMESPACES_H

/* A new network namespace; 0 or a negative errno. */
int egress_new_network_namespace(void);

/* A new mount namespace, private to the thread; 0 or a negative errno. */
int egress_new_mount_namespace(void);

/* Enters the network namespace of a descriptor; 0 or a negative errno. */
int egress_enter_network_namespace(int fd);

/* A socket of the network namespace of a descriptor, close-on-exec, made by a thread of its own, so that the caller never
 * leaves its namespace; a descriptor, which is the caller's, or a negative errno. Needs CAP_SYS_ADMIN. */
int egress_socket_in_namespace(int fd, int domain, int type, int protocol);

#endif
