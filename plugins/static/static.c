/* SPDX-License-Identifier: Apache-2.0 */
/*
 * static - the egress IP is one that the policy names, wherever a gateway holds it.
 *
 * An instance is its configuration: the addresses in network order, and the interface. See README.md.
 */
#define _POSIX_C_SOURCE 200809L
#include "egress_plugin.h"

#include <arpa/inet.h>
#include <json-c/json.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_ADDRESSES 16
#define LONGEST_NAME 127 /* of an interface, alternative names included (ALTIFNAMSIZ) */

struct family {
	const char *key;
	int number;
	size_t width;
	size_t count;
	unsigned char addresses[MOST_ADDRESSES][16];
};

struct instance {
	const struct egress_host *host;
	struct family families[2];
	char interface[LONGEST_NAME + 1]; /* empty: any */
};

__attribute__((format(printf, 2, 3))) static void say(struct egress_text *text, const char *format, ...)
{
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(text->bytes, text->capacity, format, arguments);
	va_end(arguments);
	text->needed = length < 0 ? 0 : (size_t)length + 1;
}

static struct json_object *parse(const char *text)
{
	struct json_tokener *tokener = json_tokener_new();
	struct json_object *object;
	size_t length = strlen(text);

	if (!tokener)
		return NULL;
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
	object = json_tokener_parse_ex(tokener, text, (int)length + 1);
	if (json_tokener_get_error(tokener) != json_tokener_success || json_tokener_get_parse_end(tokener) < length) {
		json_object_put(object);
		object = NULL;
	}
	json_tokener_free(tokener);
	return object;
}

/* --- configuration --- */

static int32_t read_addresses(struct family *family, struct json_object *list, struct egress_text *error)
{
	size_t count;

	if (!json_object_is_type(list, json_type_array)) {
		say(error, "%s: must be a list of addresses", family->key);
		return EGRESS_PLUGIN_BAD_CONFIG;
	}
	count = json_object_array_length(list);
	if (count > MOST_ADDRESSES) {
		say(error, "%s: has %zu addresses; %d are allowed", family->key, count, MOST_ADDRESSES);
		return EGRESS_PLUGIN_BAD_CONFIG;
	}
	for (size_t i = 0; i < count; i++) {
		struct json_object *element = json_object_array_get_idx(list, i);

		if (!json_object_is_type(element, json_type_string) ||
		    inet_pton(family->number, json_object_get_string(element), family->addresses[i]) != 1) {
			say(error, "%s[%zu]: %s is no %s address", family->key, i, json_object_to_json_string(element),
			    family->number == AF_INET ? "IPv4" : "IPv6");
			return EGRESS_PLUGIN_BAD_CONFIG;
		}
	}
	family->count = count;
	return EGRESS_PLUGIN_DONE;
}

static int32_t read_interface(struct instance *instance, struct json_object *name, struct egress_text *error)
{
	size_t length;

	if (!name)
		return EGRESS_PLUGIN_DONE;
	length = json_object_is_type(name, json_type_string) ? strlen(json_object_get_string(name)) : 0;
	if (length == 0 || length > LONGEST_NAME) {
		say(error, "interface: must be null or a name of 1 to %d bytes", LONGEST_NAME);
		return EGRESS_PLUGIN_BAD_CONFIG;
	}
	memcpy(instance->interface, json_object_get_string(name), length + 1);
	return EGRESS_PLUGIN_DONE;
}

static int32_t read_config(struct instance *instance, struct json_object *config, struct egress_text *error)
{
	int32_t status = EGRESS_PLUGIN_DONE;

	if (!json_object_is_type(config, json_type_object)) {
		say(error, "the configuration must be a JSON object");
		return EGRESS_PLUGIN_BAD_CONFIG;
	}
	json_object_object_foreach(config, key, value) {
		if (strcmp(key, "ipv4") == 0) {
			status = read_addresses(&instance->families[0], value, error);
		} else if (strcmp(key, "ipv6") == 0) {
			status = read_addresses(&instance->families[1], value, error);
		} else if (strcmp(key, "interface") == 0) {
			status = read_interface(instance, value, error);
		} else {
			say(error, "%s: there is no such field; there are ipv4, ipv6 and interface", key);
			status = EGRESS_PLUGIN_BAD_CONFIG;
		}
		if (status != EGRESS_PLUGIN_DONE)
			return status;
	}
	if (instance->families[0].count + instance->families[1].count == 0) {
		say(error, "ipv4, ipv6: one of them must have an address");
		return EGRESS_PLUGIN_BAD_CONFIG;
	}
	return EGRESS_PLUGIN_DONE;
}

static int32_t static_open(const struct egress_host *host, const char *config_json, void **instance,
			   struct egress_text *error)
{
	struct instance *made = calloc(1, sizeof(*made));
	struct json_object *config;
	int32_t status;

	*instance = NULL;
	if (!made) {
		say(error, "out of memory");
		return EGRESS_PLUGIN_RETRY;
	}
	made->host = host;
	made->families[0] = (struct family){ .key = "ipv4", .number = AF_INET, .width = 4 };
	made->families[1] = (struct family){ .key = "ipv6", .number = AF_INET6, .width = 16 };
	config = parse(config_json);
	status = read_config(made, config, error);
	json_object_put(config);
	if (status == EGRESS_PLUGIN_DONE)
		*instance = made;
	else
		free(made);
	return status;
}

static void static_close(void **instance)
{
	free(*instance);
	*instance = NULL;
}

/* --- a request --- */

static bool has_name(struct json_object *interface, const char *wanted)
{
	struct json_object *name = json_object_object_get(interface, "name");
	struct json_object *others = json_object_object_get(interface, "altNames");
	size_t count = json_object_is_type(others, json_type_array) ? json_object_array_length(others) : 0;

	if (json_object_is_type(name, json_type_string) && strcmp(json_object_get_string(name), wanted) == 0)
		return true;
	for (size_t i = 0; i < count; i++) {
		struct json_object *other = json_object_array_get_idx(others, i);

		if (json_object_is_type(other, json_type_string) && strcmp(json_object_get_string(other), wanted) == 0)
			return true;
	}
	return false;
}

/* Whether the interface is one that the configuration means, and is up. */
static bool counts(const struct instance *instance, struct json_object *interface)
{
	struct json_object *up = json_object_object_get(interface, "up");

	if (!json_object_is_type(interface, json_type_object) || (up && !json_object_get_boolean(up)))
		return false;
	return !instance->interface[0] || has_name(interface, instance->interface);
}

/* `192.0.2.11/24` → the address without its length; false when the family is another. */
static bool read_address(int family, struct json_object *value, char *text, size_t size, unsigned char *address)
{
	const char *given = json_object_is_type(value, json_type_string) ? json_object_get_string(value) : "";
	size_t length = strcspn(given, "/");

	if (length >= size)
		return false;
	memcpy(text, given, length);
	text[length] = 0;
	return inet_pton(family, text, address) == 1;
}

static bool is_configured(const struct family *family, const unsigned char *address)
{
	for (size_t i = 0; i < family->count; i++)
		if (memcmp(family->addresses[i], address, family->width) == 0)
			return true;
	return false;
}

/* What the walk over the node's interfaces found. */
struct search {
	struct json_object *answers[2];  /* by family */
	struct json_object *interface;   /* of the configured name; the request's */
	char there[1024];                /* for the error: what the node has instead */
	size_t length;
};

static void note(struct search *search, const char *address, struct json_object *name)
{
	int written = snprintf(search->there + search->length, sizeof(search->there) - search->length, "%s%s on %s",
			       search->length ? ", " : "", address, json_object_get_string(name));

	/* A cut note is taken back: the list ends with its last whole element. */
	if (written > 0 && (size_t)written < sizeof(search->there) - search->length)
		search->length += (size_t)written;
	else
		search->there[search->length] = 0;
}

static void search_interface(const struct instance *instance, struct json_object *interface, struct search *search)
{
	struct json_object *addresses = json_object_object_get(interface, "addresses");
	struct json_object *name = json_object_object_get(interface, "name");
	size_t count = json_object_is_type(addresses, json_type_array) ? json_object_array_length(addresses) : 0;

	if (!counts(instance, interface) || !json_object_is_type(name, json_type_string))
		return;
	search->interface = name;
	for (size_t i = 0; i < count; i++) {
		for (int family = 0; family < 2; family++) {
			const struct family *wanted = &instance->families[family];
			struct json_object *value = json_object_array_get_idx(addresses, i);
			unsigned char address[16];
			char text[INET6_ADDRSTRLEN + 8];

			if (!read_address(wanted->number, value, text, sizeof(text), address))
				continue;
			if (is_configured(wanted, address))
				json_object_array_add(search->answers[family], json_object_new_string(text));
			else
				note(search, text, name);
		}
	}
}

static int32_t refuse(const struct instance *instance, const struct search *search, struct egress_text *error)
{
	if (instance->interface[0] && !search->interface)
		say(error, "this node has no interface %s that is up", instance->interface);
	else
		say(error, "none of the configured addresses is on %s%s of this node; there are: %s",
		    instance->interface[0] ? "the interface " : "an interface",
		    instance->interface[0] ? instance->interface : "", search->length ? search->there : "none");
	return EGRESS_PLUGIN_NO_ADDRESS;
}

static int32_t give(const struct instance *instance, const struct search *search, struct egress_text *answer)
{
	struct json_object *object = json_object_new_object();
	struct json_object *name = instance->interface[0] ? json_object_get(search->interface) : NULL;
	int32_t status;

	json_object_object_add(object, "ipv4", json_object_get(search->answers[0]));
	json_object_object_add(object, "ipv6", json_object_get(search->answers[1]));
	/* Without a configured one the route decides: the address may be on lo. */
	json_object_object_add(object, "interface", name);
	json_object_object_add(object, "claim", json_object_new_boolean(0));
	json_object_object_add(object, "validSeconds", NULL);
	say(answer, "%s", json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
	status = answer->needed > answer->capacity ? EGRESS_PLUGIN_BUFFER_SMALL : EGRESS_PLUGIN_DONE;
	json_object_put(object);
	return status;
}

static int32_t static_resolve(void *opaque, const char *request_json, struct egress_text *answer,
			      struct egress_text *error)
{
	const struct instance *instance = opaque;
	struct json_object *request = parse(request_json);
	struct json_object *interfaces = json_object_object_get(request, "interfaces");
	size_t count = json_object_is_type(interfaces, json_type_array) ? json_object_array_length(interfaces) : 0;
	struct search search = { .answers = { json_object_new_array(), json_object_new_array() } };
	int32_t status;

	for (size_t i = 0; i < count; i++)
		search_interface(instance, json_object_array_get_idx(interfaces, i), &search);
	if (json_object_array_length(search.answers[0]) + json_object_array_length(search.answers[1]) == 0)
		status = refuse(instance, &search, error);
	else
		status = give(instance, &search, answer);
	json_object_put(search.answers[0]);
	json_object_put(search.answers[1]);
	json_object_put(request);
	return status;
}

/* --- the table --- */

static const struct egress_plugin table = {
	.size = sizeof(table),
	.abi = EGRESS_PLUGIN_ABI,
	.name = "static",
	.version = "1",
	.open = static_open,
	.resolve = static_resolve,
	.close = static_close,
};

__attribute__((visibility("default"))) const struct egress_plugin *egress_plugin_v1(void)
{
	return &table;
}
