/* SPDX-License-Identifier: Apache-2.0 */
/*
 * static - the egress IP is one that the policy names, wherever a gateway holds it, or can have it put.
 *
 * An instance is its configuration. See README.md.
 */
#include "module.h"

#include <string.h>

struct instance {
	struct place place;
	struct addresses addresses;
};

/* --- configuration --- */

static int32_t read_element(struct instance *instance, const struct field *field, size_t position, int family,
			    struct json_object *element, struct egress_text *error)
{
	const char *text = string_of(element);
	struct address address;
	const char *why;

	if (!text || !read_address(text, strlen(text), &address) || address.family != family || address.length >= 0) {
		say(error, "%s[%zu]: %s is no %s address", field->name, position, SHOWN_VALUE(element), families[family].title);
		return EGRESS_PLUGIN_BAD_CONFIG;
	}
	why = why_not_global(&address);
	if (why) {
		say(error, "%s[%zu]: %s can't leave a node: it is %s", field->name, position, ADDRESS_TEXT(&address), why);
		return EGRESS_PLUGIN_BAD_CONFIG;
	}
	/* Can't be full: the list was counted. */
	add_address(&instance->addresses, &address);
	return EGRESS_PLUGIN_DONE;
}

static int32_t read_addresses(void *opaque, const struct field *field, struct json_object *list, struct egress_text *error)
{
	int family = strcmp(field->name, families[IPV6].key) == 0 ? IPV6 : IPV4;
	int32_t status = EGRESS_PLUGIN_DONE;

	if (!json_object_is_type(list, json_type_array)) {
		say(error, "%s: must be a list of addresses, not %s", field->name, SHOWN_VALUE(list));
		return EGRESS_PLUGIN_BAD_CONFIG;
	}
	if (count_of(list) > MOST_ADDRESSES) {
		say(error, "%s: has %zu addresses; %d are allowed", field->name, count_of(list), MOST_ADDRESSES);
		return EGRESS_PLUGIN_BAD_CONFIG;
	}
	for (size_t i = 0; i < count_of(list) && status == EGRESS_PLUGIN_DONE; i++)
		status = read_element(opaque, field, i, family, json_object_array_get_idx(list, i), error);
	return status;
}

static int32_t check(void *opaque, struct egress_text *error)
{
	const struct instance *instance = opaque;

	if (!is_empty(&instance->addresses))
		return check_place(&instance->place, error);
	say(error, "ipv4, ipv6: one of them must have an address");
	return EGRESS_PLUGIN_BAD_CONFIG;
}

static const struct field fields[] = {
	{ "ipv4", read_addresses },
	{ "ipv6", read_addresses },
	{ "interface", read_place_interface },
	{ "claim", read_place_claim },
};

static const struct configuration configuration = {
	.size = sizeof(struct instance),
	.fields = fields,
	.count = sizeof(fields) / sizeof(fields[0]),
	.check = check,
};

static int32_t static_open(const struct egress_host *host, const char *config_json, void **instance,
			   struct egress_text *error)
{
	return open_instance(&configuration, host, config_json, instance, error);
}

/* --- a request --- */

static int32_t answer(const void *opaque, const struct request *request, struct egress_text *text, struct egress_text *error)
{
	const struct instance *instance = opaque;
	struct answer answer = { .claim = false };
	struct json_object *interface;
	struct addresses wanted = { .count = { 0 } };
	int32_t status = find_place(&instance->place, request, &answer, &interface, error);

	if (status == EGRESS_PLUGIN_DONE)
		status = keep_wanted(request, "the configuration", &instance->addresses, &wanted, error);
	if (status == EGRESS_PLUGIN_DONE && answer.claim)
		answer.addresses = wanted;
	else if (status == EGRESS_PLUGIN_DONE)
		status = keep_held(request, interface, "the configured addresses", &wanted, &answer.addresses, error);
	return status == EGRESS_PLUGIN_DONE ? give(&answer, text, error) : status;
}

static int32_t static_resolve(void *instance, const char *request_json, struct egress_text *text, struct egress_text *error)
{
	return answer_request(answer, instance, request_json, text, error);
}

/* --- the table --- */

static const struct egress_plugin table = {
	.size = sizeof(table),
	.abi = EGRESS_PLUGIN_ABI,
	.name = "static",
	.version = "1",
	.open = static_open,
	.resolve = static_resolve,
	.close = close_instance,
};

__attribute__((visibility("default"))) const struct egress_plugin *egress_plugin_v1(void)
{
	return &table;
}
