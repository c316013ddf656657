/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EGRESS_SHORTAGE_H
#define EGRESS_SHORTAGE_H

#include <stdbool.h>

/* From here on so many allocations of the module succeed, and then one doesn't, or none does. */
void shortage_begin(int allowed, bool lasts);
/* No shortage any more; whether there was one. */
bool shortage_end(void);

#endif
