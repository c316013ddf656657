/* SPDX-License-Identifier: Apache-2.0 */
#include "module.h"

#include <string.h>

static void read_families(struct request *request)
{
	struct json_object *list = member(request->json, "families");

	for (size_t i = 0; i < count_of(list); i++) {
		const char *key = string_of(json_object_array_get_idx(list, i));

		for (int family = 0; family < FAMILIES; family++)
			if (key && strcmp(key, families[family].key) == 0)
				request->wants[family] = true;
	}
	if (!request->wants[IPV4] && !request->wants[IPV6])
		request->wants[IPV4] = request->wants[IPV6] = true;
	request->wanted = !request->wants[IPV6] ? "IPv4" : !request->wants[IPV4] ? "IPv6" : "IPv4 or IPv6";
}

static void end_request(struct request *request)
{
	json_object_put(request->json);
	request->json = NULL;
}

static int32_t read_request(const char *request_json, struct request *request, struct egress_text *error)
{
	const char *fault;

	*request = (struct request){ .json = NULL };
	fault = parse(request_json, false, &request->json);
	if (fault == out_of_memory) {
		say(error, "%s", fault);
		return EGRESS_PLUGIN_RETRY;
	}
	if (!json_object_is_type(request->json, json_type_object)) {
		say(error, "the request must be a JSON object%s%s", fault ? "; it " : "", fault ? fault : "");
		end_request(request);
		return BROKEN_REQUEST;
	}
	read_families(request);
	return EGRESS_PLUGIN_DONE;
}

int32_t answer_request(answering *answers, const void *instance, const char *request_json, struct egress_text *answer,
		       struct egress_text *error)
{
	struct request request;
	int32_t status;

	if (!instance) {
		say(error, "there is no instance: it was closed, or never opened");
		return BROKEN_REQUEST;
	}
	status = read_request(request_json, &request, error);
	if (status != EGRESS_PLUGIN_DONE)
		return status;
	status = answers(instance, &request, answer, error);
	end_request(&request);
	return status;
}

size_t interface_count(const struct request *request)
{
	return count_of(member(request->json, "interfaces"));
}

struct json_object *interface_at(const struct request *request, size_t position)
{
	struct json_object *interface = json_object_array_get_idx(member(request->json, "interfaces"), position);

	return interface_name(interface) ? interface : NULL;
}

const char *interface_name(struct json_object *interface)
{
	return string_of(member(interface, "name"));
}

int64_t interface_index(struct json_object *interface)
{
	return json_object_get_int64(member(interface, "index"));
}

bool is_up(struct json_object *interface)
{
	struct json_object *up = member(interface, "up");

	return !up || json_object_get_boolean(up);
}

bool any_name(struct json_object *interface, bool (*matches)(const char *name, const char *wanted), const char *wanted)
{
	struct json_object *others = member(interface, "altNames");
	const char *name = interface_name(interface);

	if (name && matches(name, wanted))
		return true;
	for (size_t i = 0; i < count_of(others); i++) {
		name = string_of(json_object_array_get_idx(others, i));
		if (name && matches(name, wanted))
			return true;
	}
	return false;
}

static bool is_equal(const char *name, const char *wanted)
{
	return strcmp(name, wanted) == 0;
}

struct json_object *find_interface(const struct request *request, const char *name)
{
	struct json_object *found = NULL;

	for (size_t i = 0; i < interface_count(request); i++) {
		struct json_object *interface = interface_at(request, i);

		if (interface && is_equal(interface_name(interface), name))
			return interface;
		if (interface && !found && any_name(interface, is_equal, name))
			found = interface;
	}
	return found;
}

struct json_object *find_interface_up(const struct request *request, const char *name, struct egress_text *error)
{
	struct json_object *interface = find_interface(request, name);
	struct list there = { .length = 0 };

	if (interface && is_up(interface))
		return interface;
	if (interface) {
		say(error, "the interface %s of this node is down", SHOWN_NAME(name));
	} else {
		note_interfaces(request, &there);
		say(error, "this node has no interface %s; there are: %s", SHOWN_NAME(name), noted(&there));
	}
	return NULL;
}

void note_interfaces(const struct request *request, struct list *list)
{
	for (size_t i = 0; i < interface_count(request); i++) {
		struct json_object *interface = interface_at(request, i);

		if (interface)
			note(list, "%s%s", SHOWN_NAME(interface_name(interface)), is_up(interface) ? "" : " (down)");
	}
}

size_t address_count(struct json_object *interface)
{
	return count_of(member(interface, "addresses"));
}

bool address_at(struct json_object *interface, size_t position, struct address *address)
{
	const char *text = string_of(json_object_array_get_idx(member(interface, "addresses"), position));

	return text && read_address(text, strlen(text), address);
}

static bool holds(struct json_object *interface, const struct address *address)
{
	struct address held;

	for (size_t i = 0; i < address_count(interface); i++)
		if (address_at(interface, i, &held) && same_address(&held, address))
			return true;
	return false;
}

static bool is_held(const struct request *request, struct json_object *only, const struct address *address)
{
	for (size_t i = 0; i < interface_count(request); i++) {
		struct json_object *interface = interface_at(request, i);

		if (interface && is_up(interface) && (!only || interface == only) && holds(interface, address))
			return true;
	}
	return false;
}

static void note_addresses(const struct request *request, struct json_object *only, struct list *list)
{
	struct address address;

	for (size_t i = 0; i < interface_count(request); i++) {
		struct json_object *interface = interface_at(request, i);

		if (!interface || !is_up(interface) || (only && interface != only))
			continue;
		for (size_t j = 0; j < address_count(interface); j++)
			if (address_at(interface, j, &address))
				note(list, "%s on %s", ADDRESS_TEXT(&address), SHOWN_NAME(interface_name(interface)));
	}
}

int32_t keep_wanted(const struct request *request, const char *who, const struct addresses *given, struct addresses *wanted,
		    struct egress_text *error)
{
	struct list others = { .length = 0 };

	for (int family = 0; family < FAMILIES; family++) {
		for (size_t i = 0; i < given->count[family]; i++) {
			if (request->wants[family])
				add_address(wanted, &given->list[family][i]);
			else
				note(&others, "%s", ADDRESS_TEXT(&given->list[family][i]));
		}
	}
	if (!is_empty(wanted))
		return EGRESS_PLUGIN_DONE;
	say(error, "%s has no %s address; it has: %s", who, request->wanted, noted(&others));
	return EGRESS_PLUGIN_NO_ADDRESS;
}

int32_t keep_held(const struct request *request, struct json_object *only, const char *whose, const struct addresses *given,
		  struct addresses *held, struct egress_text *error)
{
	struct list there = { .length = 0 };

	for (int family = 0; family < FAMILIES; family++)
		for (size_t i = 0; i < given->count[family]; i++)
			if (is_held(request, only, &given->list[family][i]))
				add_address(held, &given->list[family][i]);
	if (!is_empty(held))
		return EGRESS_PLUGIN_DONE;
	note_addresses(request, only, &there);
	say(error, "none of %s is on %s%s of this node; there are: %s", whose, only ? "the interface " : "an interface",
	    only ? SHOWN_NAME(interface_name(only)) : "", noted(&there));
	return EGRESS_PLUGIN_NO_ADDRESS;
}
