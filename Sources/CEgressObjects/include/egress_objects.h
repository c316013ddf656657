/* SPDX-License-Identifier: Apache-2.0 */
/* The BPF object as `make bpf` built it, part of the program: no loose file at run time. */
#ifndef EGRESS_OBJECTS_H
#define EGRESS_OBJECTS_H

#include <stddef.h>

/* Never freed. *size is 0 when the package was built before `make bpf`. */
const void *egress_object(size_t *size);

#endif
