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

#endif
