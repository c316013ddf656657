/* SPDX-License-Identifier: Apache-2.0 */
/* Giving privileges up: prctl and capset are variadic or have no wrapper, so Swift can't call them. */
#pragma once

/*
 * For a process with one thread, before it loads code of others: no new privileges by exec, no core files, an empty
 * bounding set, the user and group `nobody` when it was root, no capability at all. What a container already took away
 * (CAP_SETPCAP, CAP_SETUID) can't be used for that, and is no failure; a capability that is left is.
 *
 * Returns 0, or an errno value; *still_root says whether it could not leave uid 0.
 */
int egress_sandbox_enter(int *still_root);
