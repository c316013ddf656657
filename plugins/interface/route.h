/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EGRESS_INTERFACE_ROUTE_H
#define EGRESS_INTERFACE_ROUTE_H

#include "module.h"

/* Index of the interface that the kernel's route to this address goes by, as RTM_GETROUTE of rtnetlink(7) has it, of this
 * process's network namespace. Needs no privilege and waits for a second at most.
 * EGRESS_PLUGIN_DONE; EGRESS_PLUGIN_NO_ADDRESS when there is no such route; EGRESS_PLUGIN_RETRY when the kernel can't be
 * asked; `error` has the words. */
int32_t find_route(const struct address *destination, unsigned int *index, struct egress_text *error);

#endif
