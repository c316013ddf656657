/* SPDX-License-Identifier: Apache-2.0 */
/* The manifests under deploy/ as they were at the build: what `kubectl egress install` applies. */
#ifndef EGRESS_MANIFESTS_H
#define EGRESS_MANIFESTS_H

#include <stddef.h>

struct egress_manifest {
	/* The path below deploy/, such as `base/namespace.yaml`. */
	const char *name;
	/* YAML; size is 0 when the build didn't find the file. Not ended by a zero. */
	const unsigned char *text;
	size_t size;
};

/* In the order of applying. Never freed. */
const struct egress_manifest *egress_manifests(size_t *count);

#endif
