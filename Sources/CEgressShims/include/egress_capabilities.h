/* SPDX-License-Identifier: Apache-2.0 */
/* Capabilities of the calling thread (capabilities(7)); glibc has no call for them. */
#ifndef EGRESS_CAPABILITIES_H
#define EGRESS_CAPABILITIES_H

#include <stdint.h>

/* Makes `set` (a bit for each number) the thread's effective set, of those that it is permitted; 0 or a negative errno.
 */
int egress_use_capabilities(uint64_t set);

#endif
