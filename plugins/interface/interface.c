/* SPDX-License-Identifier: Apache-2.0 */
/*
 * interface - the egress IP is the global address of an interface, found by its name, by a pattern or by a route.
 *
 * An instance is its configuration. See README.md.
 */
#define _POSIX_C_SOURCE 200809L
#include "route.h"

#include <fnmatch.h>
#include <string.h>

/* A route can change without the request changing. */
#define ROUTE_SECONDS 10

struct instance {
	const struct egress_host *host;
	char name[LONGEST_NAME + 1]; /* empty: not by name */
	char glob[LONGEST_NAME + 1]; /* empty: not by pattern */
	bool by_route;
	struct address route;
	bool all;
};

/* --- configuration --- */

static int32_t read_interface_name(void *opaque, const struct field *field, struct json_object *value, struct egress_text *error)
{
	return read_name(((struct instance *)opaque)->name, field, value, error);
}

static int32_t read_glob(void *opaque, const struct field *field, struct json_object *value, struct egress_text *error)
{
	return read_name(((struct instance *)opaque)->glob, field, value, error);
}

static int32_t read_route(void *opaque, const struct field *field, struct json_object *value, struct egress_text *error)
{
	struct instance *instance = opaque;
	const char *text = string_of(value);

	if (!value)
		return EGRESS_PLUGIN_DONE;
	if (!text || !read_address(text, strlen(text), &instance->route) || instance->route.length >= 0) {
		say(error, "%s: must be null or an IPv4 or IPv6 address, not %s", field->name, SHOWN_VALUE(value));
		return EGRESS_PLUGIN_BAD_CONFIG;
	}
	instance->by_route = true;
	return EGRESS_PLUGIN_DONE;
}

static int32_t read_addresses(void *opaque, const struct field *field, struct json_object *value, struct egress_text *error)
{
	struct instance *instance = opaque;
	const char *text = string_of(value);

	if (!text || (strcmp(text, "first") != 0 && strcmp(text, "all") != 0)) {
		say(error, "%s: must be \"first\" or \"all\", not %s", field->name, SHOWN_VALUE(value));
		return EGRESS_PLUGIN_BAD_CONFIG;
	}
	instance->all = strcmp(text, "all") == 0;
	return EGRESS_PLUGIN_DONE;
}

static int32_t check(void *opaque, struct egress_text *error)
{
	const struct instance *instance = opaque;
	int ways = (instance->name[0] != 0) + (instance->glob[0] != 0) + instance->by_route;

	if (ways == 1)
		return EGRESS_PLUGIN_DONE;
	say(error, "name, glob, route: exactly one of them must be there, not %d", ways);
	return EGRESS_PLUGIN_BAD_CONFIG;
}

static const struct field fields[] = {
	{ "name", read_interface_name },
	{ "glob", read_glob },
	{ "route", read_route },
	{ "addresses", read_addresses },
};

static const struct configuration configuration = {
	.size = sizeof(struct instance),
	.fields = fields,
	.count = sizeof(fields) / sizeof(fields[0]),
	.check = check,
};

static int32_t interface_open(const struct egress_host *host, const char *config_json, void **instance,
			      struct egress_text *error)
{
	return open_instance(&configuration, host, config_json, instance, error);
}

/* --- a request --- */

/* The global addresses of the wanted families, the first of each or all of them; what else it has goes into the list. */
static void collect(const struct instance *instance, const struct request *request, struct json_object *interface,
		    struct addresses *found, struct list *others)
{
	struct address address;

	for (size_t i = 0; i < address_count(interface); i++) {
		if (!address_at(interface, i, &address))
			continue;
		if (!request->wants[address.family] || why_not_global(&address))
			note(others, "%s", ADDRESS_TEXT(&address));
		else if (instance->all || found->count[address.family] == 0)
			add_address(found, &address);
	}
}

static int32_t give_interface(const struct instance *instance, const struct request *request, struct json_object *interface,
			      struct egress_text *text, struct egress_text *error)
{
	struct answer answer = { .interface = interface_name(interface), .valid_seconds = instance->by_route ? ROUTE_SECONDS : 0 };
	struct list others = { .length = 0 };

	collect(instance, request, interface, &answer.addresses, &others);
	if (!is_empty(&answer.addresses))
		return give(&answer, text, error);
	say(error, "the interface %s of this node has no global %s address; it has: %s", SHOWN_NAME(answer.interface), request->wanted,
	    noted(&others));
	return EGRESS_PLUGIN_NO_ADDRESS;
}

static bool is_match(const char *name, const char *glob)
{
	return fnmatch(glob, name, 0) == 0;
}

/* The matching interface with the lowest index that is up and has an address; nobody means lo by a pattern. */
static int32_t give_match(const struct instance *instance, const struct request *request, struct egress_text *text,
			  struct egress_text *error)
{
	struct json_object *best = NULL;
	struct list matches = { .length = 0 };
	struct list there = { .length = 0 };

	for (size_t i = 0; i < interface_count(request); i++) {
		struct json_object *interface = interface_at(request, i);
		struct addresses found = { .count = { 0 } };
		struct list others = { .length = 0 };

		if (!interface || strcmp(interface_name(interface), "lo") == 0 || !any_name(interface, is_match, instance->glob))
			continue;
		collect(instance, request, interface, &found, &others);
		if (!is_up(interface) || is_empty(&found))
			note(&matches, "%s (%s)", SHOWN_NAME(interface_name(interface)), is_up(interface) ? "no such address" : "down");
		else if (!best || interface_index(interface) < interface_index(best))
			best = interface;
	}
	if (best)
		return give_interface(instance, request, best, text, error);
	note_interfaces(request, &there);
	if (matches.length > 0)
		say(error, "no interface that matches %s is up and has a global %s address; there are: %s", SHOWN_NAME(instance->glob),
		    request->wanted, noted(&matches));
	else
		say(error, "no interface of this node matches %s; there are: %s", SHOWN_NAME(instance->glob), noted(&there));
	return EGRESS_PLUGIN_NO_ADDRESS;
}

static int32_t give_route(const struct instance *instance, const struct request *request, struct egress_text *text,
			  struct egress_text *error)
{
	unsigned int index = 0;
	int32_t status = find_route(&instance->route, &index, error);

	if (status != EGRESS_PLUGIN_DONE)
		return status;
	for (size_t i = 0; i < interface_count(request); i++) {
		struct json_object *interface = interface_at(request, i);

		if (!interface || interface_index(interface) != (int64_t)index)
			continue;
		/* A blackhole by hand: ip route add 192.0.2.1 dev lo. */
		if (strcmp(interface_name(interface), "lo") == 0) {
			say(error, "%s can't be reached: this node's route to it ends at lo", ADDRESS_TEXT(&instance->route));
			return EGRESS_PLUGIN_NO_ADDRESS;
		}
		return give_interface(instance, request, interface, text, error);
	}
	/* The kernel is ahead of the facts in the request. */
	say(error, "the route to %s goes by interface number %u, which the helper hasn't seen yet", ADDRESS_TEXT(&instance->route), index);
	return EGRESS_PLUGIN_RETRY;
}

static int32_t answer(const void *opaque, const struct request *request, struct egress_text *text, struct egress_text *error)
{
	const struct instance *instance = opaque;
	struct json_object *interface;

	if (instance->by_route)
		return give_route(instance, request, text, error);
	if (instance->glob[0])
		return give_match(instance, request, text, error);
	interface = find_interface_up(request, instance->name, error);
	return interface ? give_interface(instance, request, interface, text, error) : EGRESS_PLUGIN_NO_ADDRESS;
}

static int32_t interface_resolve(void *instance, const char *request_json, struct egress_text *text, struct egress_text *error)
{
	return answer_request(answer, instance, request_json, text, error);
}

/* --- the table --- */

static const struct egress_plugin table = {
	.size = sizeof(table),
	.abi = EGRESS_PLUGIN_ABI,
	.name = "interface",
	.version = "1",
	.open = interface_open,
	.resolve = interface_resolve,
	.close = close_instance,
};

__attribute__((visibility("default"))) const struct egress_plugin *egress_plugin_v1(void)
{
	return &table;
}
