/* SPDX-License-Identifier: Apache-2.0 */
/*
 * egress_plugin.h - the table that a plugin module of egress-helper returns.
 *
 * A module is a shared object that exports one symbol, `egress_plugin_v1`. It turns "this gateway entry of this
 * policy, on this node" into the addresses and the interface that its traffic leaves with. JSON text goes in and out.
 *
 * Where it runs: in a process of its own (`egress-helper plugin-host MODULE`), without capabilities, loaded once by
 * an absolute path with RTLD_NOW|RTLD_LOCAL and never unloaded.
 *
 * Threads: the host calls one function of one instance at a time, always from the same thread. A module may have
 * threads of its own; none of them may call `egress_host.log` after `close` returned.
 *
 * Ownership: every pointer that the host passes is the host's and lives until the call returns, but for
 * `egress_host`, which lives until the process ends. What `open` stores in `*instance` is the module's, until
 * `close`. The table and the strings in it are the module's and live for ever.
 *
 * Text: UTF-8, ended by NUL. A module writes into a buffer of the caller: see `struct egress_text`.
 *
 * Sizes: each table begins with its own size. The host copies min(size, its own) into a zeroed table, so an older
 * module lacks the newer functions (NULL means "not implemented"), and a newer one loads unchanged. Fields are only
 * ever appended. What can't be appended becomes `egress_plugin_v2`.
 */
#ifndef EGRESS_PLUGIN_H
#define EGRESS_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define EGRESS_PLUGIN_ABI 1u

/* What a function returns. 5 … 99 are reserved; 100 and up are the module's own and mean failure. */
enum egress_plugin_status {
	EGRESS_PLUGIN_DONE = 0,
	EGRESS_PLUGIN_RETRY = 1,         /* not now; the host asks again, later each time */
	EGRESS_PLUGIN_BAD_CONFIG = 2,    /* the configuration will never do; `error` says which field */
	EGRESS_PLUGIN_NO_ADDRESS = 3,    /* understood, and this node has no address for it */
	EGRESS_PLUGIN_BUFFER_SMALL = 4,  /* `needed` says how much; the host calls again with more */
};

enum egress_plugin_level {
	EGRESS_PLUGIN_DEBUG = 0,
	EGRESS_PLUGIN_INFO = 1,
	EGRESS_PLUGIN_WARNING = 2,
	EGRESS_PLUGIN_ERROR = 3,
};

/* A buffer of the caller. The callee writes at most `capacity` bytes, NUL included, and sets `needed` to the bytes
 * of the whole text, NUL included. With needed > capacity it returns EGRESS_PLUGIN_BUFFER_SMALL for an answer; an
 * error text is cut instead. `bytes` is never NULL; `capacity` may be 0, and then nothing is written. (since 1) */
struct egress_text {
	char *bytes;
	size_t capacity;
	size_t needed;
};

/* What the host offers to a module. (since 1) */
struct egress_host {
	size_t size;    /* of this table, as the host knows it */
	void *context;  /* for `log`; the module hands it back and doesn't look inside */
	/* Takes a finished line; safe from any thread until `close` returned. The host limits the rate. */
	void (*log)(void *context, int32_t level, const char *message);
};

/* What the module offers to the host. */
struct egress_plugin {
	size_t size;          /* sizeof(struct egress_plugin) as the module was compiled (since 1) */
	uint32_t abi;         /* EGRESS_PLUGIN_ABI as the module was compiled (since 1) */
	uint32_t flags;       /* 0 (since 1) */
	const char *name;     /* what the annotation `kubectl-egress.dev/strategy` says (since 1) */
	const char *version;  /* for people (since 1) */
	/* Makes an instance for one configuration, a JSON object. On failure *instance is NULL. (since 1) */
	int32_t (*open)(const struct egress_host *host, const char *config_json, void **instance, struct egress_text *error);
	/* Answers one request:
	 *   {"policy","uid","entry","node":{"name","labels","annotations"},"interfaces":[{"name","altNames","index",
	 *    "addresses":["192.0.2.11/24"],"up"}],"defaultRoute":{"ipv4","ipv6"},"families":["ipv4"],"config":{…}}
	 * with
	 *   {"ipv4":["198.51.100.7"],"ipv6":[],"interface":"eth0" or null,"claim":false,"validSeconds":null}
	 * (since 1) */
	int32_t (*resolve)(void *instance, const char *request_json, struct egress_text *answer_json, struct egress_text *error);
	/* Something on the node changed; may be NULL. `facts_json` has the request's "interfaces" and "defaultRoute". (since 1) */
	int32_t (*facts)(void *instance, const char *facts_json);
	/* Ends the instance and sets *instance to NULL; harmless when it is NULL. (since 1) */
	void (*close)(void **instance);
};

/* The one exported symbol. */
const struct egress_plugin *egress_plugin_v1(void);

#ifdef __cplusplus
}
#endif

/*
 * Rejected: returning malloc'd strings (whose allocator?), a variadic log function (a format string from a module is
 * a way into the host), a callback for the answer (a C callback can't carry Swift's or C++'s errors), a version
 * number checked for equality (every release would break every module).
 *
 * Change log
 *   1  first version
 */
#endif
