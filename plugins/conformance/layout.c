/* SPDX-License-Identifier: Apache-2.0 */
/* What version 1 of egress_plugin.h promises about memory on 64 bits; compiles as C11 and as C++17, or the promise broke. */
#include "egress_plugin.h"

#ifdef __cplusplus
#define HOLDS(condition) static_assert(condition, #condition)
#else
#define HOLDS(condition) _Static_assert(condition, #condition)
#endif

HOLDS(sizeof(void *) == 8);

HOLDS(offsetof(struct egress_text, bytes) == 0);
HOLDS(offsetof(struct egress_text, capacity) == 8);
HOLDS(offsetof(struct egress_text, needed) == 16);
HOLDS(sizeof(struct egress_text) == 24);

/* Later versions append: sizes only grow, places stay. */
HOLDS(offsetof(struct egress_host, size) == 0);
HOLDS(offsetof(struct egress_host, context) == 8);
HOLDS(offsetof(struct egress_host, log) == 16);
HOLDS(sizeof(struct egress_host) >= 24);

HOLDS(offsetof(struct egress_plugin, size) == 0);
HOLDS(offsetof(struct egress_plugin, abi) == 8);
HOLDS(offsetof(struct egress_plugin, flags) == 12);
HOLDS(offsetof(struct egress_plugin, name) == 16);
HOLDS(offsetof(struct egress_plugin, version) == 24);
HOLDS(offsetof(struct egress_plugin, open) == 32);
HOLDS(offsetof(struct egress_plugin, resolve) == 40);
HOLDS(offsetof(struct egress_plugin, facts) == 48);
HOLDS(offsetof(struct egress_plugin, close) == 56);
HOLDS(sizeof(struct egress_plugin) >= 64);
HOLDS(EGRESS_PLUGIN_ABI > 1 || sizeof(struct egress_plugin) == 64);

HOLDS(EGRESS_PLUGIN_DONE == 0 && EGRESS_PLUGIN_RETRY == 1 && EGRESS_PLUGIN_BAD_CONFIG == 2);
HOLDS(EGRESS_PLUGIN_NO_ADDRESS == 3 && EGRESS_PLUGIN_BUFFER_SMALL == 4);
HOLDS(EGRESS_PLUGIN_DEBUG == 0 && EGRESS_PLUGIN_INFO == 1 && EGRESS_PLUGIN_WARNING == 2 && EGRESS_PLUGIN_ERROR == 3);
