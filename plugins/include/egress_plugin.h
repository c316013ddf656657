/* SPDX-License-Identifier: Apache-2.0 */
/*
 * egress_plugin.h - the contract between egress-helper and a plugin module.
 *
 * A module is a shared object that exports one symbol, `egress_plugin_v1`, which returns a table. It turns "this gateway
 * entry of this policy, on this node" into the addresses, and the interface, that its traffic leaves with. JSON text goes
 * in and out. A module only answers: the host puts addresses on interfaces and programs into the kernel.
 *
 * `egress-helper plugin-check MODULE [CONFIG]` tries a module against all that follows.
 *
 * Where it runs
 *   In a process of its own, `egress-helper plugin-host MODULE`, one for each module and all its instances. It is loaded
 *   once, by an absolute path, with RTLD_NOW|RTLD_LOCAL, and never unloaded. The file and every folder above it belong to
 *   root, and nobody else can write them. Constructors run before `egress_plugin_v1`, destructors may run at the end.
 *   The process is the user nobody where the helper is root, has no capability and can't gain any.
 *   It may: run threads, read files, use netlink and ordinary sockets, allocate.
 *   It may not: fork or execute (posix_spawn, system, popen), trace or signal other processes, mount, load BPF or kernel
 *   modules, change namespaces, gain privileges. Such a call fails with EPERM, or ends the process: don't count on either.
 *   Descriptors 0 to 3 and signal handlers are the host's. Standard output and standard error lead to the helper's log,
 *   for the libraries that print; a module uses `log`. Environment: PATH, LC_ALL, nothing of the helper's.
 *   The process may be killed between any two instructions: keep nothing that has to be put back.
 *
 * Threads
 *   The host calls one function at a time, of whatever instance, always from the same thread, which is also the one that
 *   loaded the module. A module may have threads of its own. They block signals, don't call the module's own functions on
 *   an instance that `close` may end, and are over, or silent, when `close` of the instance that they serve returns.
 *   No call is made while another is under way, none on an instance after its `close`.
 *
 * Ownership and lifetimes
 *   What the host passes is the host's, and lives until the call returns: copy what you keep. Except `struct egress_host`,
 *   which lives until the process ends; its `log` may be called while an instance is open, or inside of `open`.
 *   What `open` stores in *instance is the module's, until `close`; the host doesn't look inside. The table and its
 *   strings are the module's, are the same for every call of `egress_plugin_v1`, and never change.
 *   The host opens an instance for each configuration that is in use, at most 64, and closes the one that was used last
 *   longest ago when there are more. When its process ends (the helper ends, the module's file is replaced or goes) open
 *   instances are not closed, and exit() may run: destructors and atexit handlers must bear that.
 *   A module doesn't fork. Should a library do so (pthread_atfork), nothing of this contract holds in the child.
 *
 * Text
 *   UTF-8, ended by NUL. JSON is RFC 8259, one value. What the module gets: a configuration of at most 1 MiB (in practice
 *   an annotation: 256 KiB), a request or facts of at most 1 MiB, nested 64 levels at most, no object with a key twice,
 *   numbers as in a double or 64 bits. What it gives: an answer of at most 64 KiB with NUL, nested 16 levels at most; an
 *   error of at most 2 KiB, longer ones are cut; a line of log of at most 1 KiB, 50 lines a call. Control characters in
 *   errors and log lines become spaces. People read errors in the policy's status: name the field or object, say what is
 *   there instead.
 *   Fields that a module doesn't know: it ignores them in a request and in facts (later hosts send more), and refuses
 *   them in its configuration (a typing error must not change where traffic leaves). The host ignores fields of an
 *   answer that it doesn't know.
 *
 * Deadlines
 *   5 seconds from the start of the process until `egress_plugin_v1` returned, 2 seconds for every call after that. A
 *   process that takes longer is killed. One that was killed, crashed or spoke nonsense is started again, after a second,
 *   and after twice as long each time, a minute at most. Where an answer has to be fetched, fetch it in a thread of your
 *   own, return EGRESS_PLUGIN_RETRY at first, and answer from what you have.
 *
 * What becomes of an answer
 *   The agent on every gateway of the policy asks; the answer is published in that node's EgressNode, where every node
 *   and `kubectl egress explain` see it. Questions are asked again when anything in the request changes, when
 *   validSeconds are over, and after 60 seconds in any case. The same question gets the same answer from every instance,
 *   as long as what the module knows is the same.
 *   Of the addresses at most 16 of a family are used. With several, the datapath chooses one by the pod's address (highest
 *   random weight): always the same for a pod, and spread over all pods.
 *   A failure (status 1, 2, 100 and up, or a process that broke) is a finding on the policy, and its last good answer stays
 *   in force. EGRESS_PLUGIN_NO_ADDRESS is an answer: there is none here, and what was said before doesn't count.
 *
 * Sizes and versions
 *   Each table begins with its own size. The reader copies min(size, its own) into a zeroed table: an older module lacks
 *   the newer functions (NULL means "not implemented"), a newer one loads unchanged. Fields are only ever appended, and
 *   EGRESS_PLUGIN_ABI grows by 1 when they are. What can't be appended becomes the symbol `egress_plugin_v2`.
 *   Read `size` of `struct egress_host` before you use a field that this version appended.
 */
#ifndef EGRESS_PLUGIN_H
#define EGRESS_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define EGRESS_PLUGIN_ABI 1u

/* What a function returns. 5 … 99 and what is below 0 are reserved; 100 and up are the module's own and mean failure.
 * `open` may return 0, 1, 2, 100 and up; `resolve` all of them; `facts` 0, 1, 100 and up. */
enum egress_plugin_status {
	EGRESS_PLUGIN_DONE = 0,
	EGRESS_PLUGIN_RETRY = 1,         /* not now; the host asks again, later each time */
	EGRESS_PLUGIN_BAD_CONFIG = 2,    /* the configuration will never do; `error` names the field */
	EGRESS_PLUGIN_NO_ADDRESS = 3,    /* understood, and this node has no address for it; `error` says what it has instead */
	EGRESS_PLUGIN_BUFFER_SMALL = 4   /* `needed` says how much; the host calls again with more, at most 64 KiB */
};

/* How a line of log is shown. */
enum egress_plugin_level {
	EGRESS_PLUGIN_DEBUG = 0,
	EGRESS_PLUGIN_INFO = 1,
	EGRESS_PLUGIN_WARNING = 2,
	EGRESS_PLUGIN_ERROR = 3
};

/* A buffer of the caller. The callee writes at most `capacity` bytes, NUL included, and sets `needed` to the bytes of the
 * whole text, NUL included, whatever the capacity is; it doesn't change `bytes` and `capacity`. An answer that has no room
 * (needed > capacity) is EGRESS_PLUGIN_BUFFER_SMALL; an error that has none is cut and ended with NUL, and the status
 * stays. `bytes` is never NULL; `capacity` may be 0, and then nothing is written. This is what snprintf does. (since 1) */
struct egress_text {
	char *bytes;
	size_t capacity;
	size_t needed;
};

/* What the host offers to a module. (since 1) */
struct egress_host {
	size_t size;    /* of this table, as the host knows it (since 1) */
	void *context;  /* for `log`; the module hands it back and doesn't look inside (since 1) */
	/* Takes a finished line, not a format; `level` is an egress_plugin_level. Safe from any thread while an instance is
	 * open. Never blocks: what is too much is dropped and counted. (since 1) */
	void (*log)(void *context, int32_t level, const char *message);
};

/* What the module offers to the host. */
struct egress_plugin {
	size_t size;          /* sizeof(struct egress_plugin) as the module was compiled (since 1) */
	uint32_t abi;         /* EGRESS_PLUGIN_ABI as the module was compiled (since 1) */
	uint32_t flags;       /* 0 (since 1) */
	const char *name;     /* what the annotation `kubectl-egress.dev/strategy` says: a-z, 0-9, '-' and '.', at most 63 (since 1) */
	const char *version;  /* for people, 1 to 64 bytes (since 1) */
	/* Makes an instance for one configuration, the JSON object in the annotation `kubectl-egress.dev/strategy-config`, or
	 * {}. On success *instance isn't NULL; on failure it is, and `error` says why. Checks the whole configuration: what it
	 * accepts, `resolve` doesn't refuse. (since 1) */
	int32_t (*open)(const struct egress_host *host, const char *config_json, void **instance, struct egress_text *error);
	/* Answers one request:
	 *   {"policy":"egress-sample","uid":"5ed1…","entry":0,
	 *    "node":{"name":"node-2","labels":{…},"annotations":{…}},
	 *    "interfaces":[{"name":"eth0","altNames":["enp1s0"],"index":2,"addresses":["192.0.2.11/24"],"up":true}],
	 *    "defaultRoute":{"ipv4":"eth0","ipv6":null},"families":["ipv4"],"config":{…}}
	 * with, on success,
	 *   {"ipv4":["198.51.100.7"],"ipv6":[],"interface":"eth0","claim":false,"validSeconds":300}
	 * The request's `families` are those of the policy's destinations, one at least.
	 * `ipv4`, `ipv6`: addresses that packets can leave with (no loopback, link-local, multicast or unspecified ones), of
	 *   the families that were asked for; absent is []; together one at least.
	 * `interface`: name or alternative name of the interface that traffic leaves by; null or absent: the route decides.
	 * `claim`: true: the addresses may be on no interface yet. The host takes a lock in the cluster for each, so that it
	 *   has one owner, puts those that it got on `interface`, which has to be there then, announces them, and takes them
	 *   away when the answer no longer holds. false or absent: they must be on an interface of the node already.
	 * `validSeconds`: 1 and up, how long the answer holds at most; null or absent: until something changes. The host asks
	 *   again after 60 seconds in any case. (since 1) */
	int32_t (*resolve)(void *instance, const char *request_json, struct egress_text *answer_json, struct egress_text *error);
	/* Something on the node changed; may be NULL. `facts_json` has the request's "interfaces" and "defaultRoute". For
	 * modules that watch something of their own: each request has the node as it is. The host asks again afterwards; a
	 * status other than 0 is logged, and that is all. (since 1) */
	int32_t (*facts)(void *instance, const char *facts_json);
	/* Ends the instance and sets *instance to NULL; harmless when it is NULL. Not called at the end of the process. (since 1) */
	void (*close)(void **instance);
};

/* The one exported symbol: the same static table each time. Called before anything else, and perhaps more than once. */
const struct egress_plugin *egress_plugin_v1(void);

#ifdef __cplusplus
}
#endif

/*
 * Rejected
 *   Returning strings from malloc: whose malloc, and who frees after a failure? The caller's buffer has no such question.
 *   A variadic log function: a format string from a module is a way into the host.
 *   A callback for the answer: a C callback can't carry Swift's or C++'s errors, and invites answers after the return.
 *   A version number that is compared for equality: every release would break every module.
 *   Several symbols instead of a table: a loader would bind one module's to another's.
 *   C structures for request and answer instead of JSON: every field would be an ABI.
 *   Loading into the helper itself: a module's crash would take the datapath's keeper with it.
 *   A module that puts addresses on interfaces itself: two would quarrel, and both would need CAP_NET_ADMIN.
 *   dlclose: threads, thread-local data and destructors of a module outlive it in ways nobody tests.
 *
 * Change log
 *   1  first version
 */
#endif
