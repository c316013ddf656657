/* SPDX-License-Identifier: Apache-2.0 */
/*
 * node-annotation - the egress IP is one that something else wrote into an annotation of the Node.
 *
 * An instance is its configuration. See README.md.
 */
#include "annotation.h"

#include <string.h>

struct instance {
	struct place place;
	char key[LONGEST_KEY + 1];
	enum format format;
	char pointer[LONGEST_POINTER + 1];
	bool has_pointer;
};

/* --- configuration --- */

static int32_t read_key(void *opaque, const struct field *field, struct json_object *value, struct egress_text *error)
{
	struct instance *instance = opaque;
	const char *text = string_of(value);
	size_t length = text ? strlen(text) : 0;

	if (length == 0 || length > LONGEST_KEY) {
		say(error, "%s: must be the name of an annotation, 1 to %d bytes, not %s", field->name, LONGEST_KEY, SHOWN_VALUE(value));
		return EGRESS_PLUGIN_BAD_CONFIG;
	}
	memcpy(instance->key, text, length + 1);
	return EGRESS_PLUGIN_DONE;
}

static int32_t read_format(void *opaque, const struct field *field, struct json_object *value, struct egress_text *error)
{
	static const char *const names[] = {
		[FORMAT_AUTO] = "auto", [FORMAT_TEXT] = "text", [FORMAT_LIST] = "list", [FORMAT_JSON] = "json"
	};
	struct instance *instance = opaque;
	const char *text = string_of(value);

	for (size_t i = 0; text && i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(text, names[i]) == 0) {
			instance->format = (enum format)i;
			return EGRESS_PLUGIN_DONE;
		}
	}
	say(error, "%s: must be \"auto\", \"text\", \"list\" or \"json\", not %s", field->name, SHOWN_VALUE(value));
	return EGRESS_PLUGIN_BAD_CONFIG;
}

static int32_t read_pointer(void *opaque, const struct field *field, struct json_object *value, struct egress_text *error)
{
	struct instance *instance = opaque;
	const char *text = string_of(value);

	if (!text || strlen(text) > LONGEST_POINTER || !is_pointer(text)) {
		say(error, "%s: must be a JSON Pointer of at most %d bytes, as /0/ipv4, not %s", field->name, LONGEST_POINTER,
		    SHOWN_VALUE(value));
		return EGRESS_PLUGIN_BAD_CONFIG;
	}
	memcpy(instance->pointer, text, strlen(text) + 1);
	instance->has_pointer = true;
	return EGRESS_PLUGIN_DONE;
}

static int32_t check(void *opaque, struct egress_text *error)
{
	struct instance *instance = opaque;

	if (!instance->key[0])
		say(error, "annotation: must be there, the name of an annotation of the Node");
	else if (instance->has_pointer && instance->format != FORMAT_AUTO && instance->format != FORMAT_JSON)
		say(error, "pointer: is for the formats \"json\" and \"auto\"");
	else
		return check_place(&instance->place, error);
	return EGRESS_PLUGIN_BAD_CONFIG;
}

static const struct field fields[] = {
	{ "annotation", read_key },
	{ "format", read_format },
	{ "pointer", read_pointer },
	{ "interface", read_place_interface },
	{ "claim", read_place_claim },
};

static const struct configuration configuration = {
	.size = sizeof(struct instance),
	.fields = fields,
	.count = sizeof(fields) / sizeof(fields[0]),
	.check = check,
};

static int32_t node_annotation_open(const struct egress_host *host, const char *config_json, void **instance,
				    struct egress_text *error)
{
	return open_instance(&configuration, host, config_json, instance, error);
}

/* --- a request --- */

/* So many names of annotations are enough to see a slip of the pen. */
#define MOST_NAMES 8

static int32_t refuse_missing(const char *key, struct json_object *annotations, struct egress_text *error)
{
	struct list there = { .length = 0 };
	int names = 0;

	if (json_object_is_type(annotations, json_type_object)) {
		json_object_object_foreach(annotations, name, value) {
			(void)value;
			if (names++ < MOST_NAMES)
				note(&there, "%s", SHOWN_NAME(name));
			else
				there.left_out++;
		}
	}
	say(error, "this node has no annotation %s; there are: %s", SHOWN_NAME(key), noted(&there));
	return EGRESS_PLUGIN_NO_ADDRESS;
}

/* Of several addresses some may be elsewhere, say those of a load balancer; that shouldn't happen unseen. */
static void tell_left_out(const struct instance *instance, const struct addresses *wanted, const struct addresses *held)
{
	struct list others = { .length = 0 };

	for (int family = 0; family < FAMILIES; family++)
		for (size_t i = 0; i < wanted->count[family]; i++)
			if (!has_address(held, &wanted->list[family][i]))
				note(&others, "%s", ADDRESS_TEXT(&wanted->list[family][i]));
	if (others.length > 0)
		tell(instance->place.host, EGRESS_PLUGIN_WARNING, "the annotation %s has addresses that %s doesn't hold: %s",
		     SHOWN_NAME(instance->key), instance->place.interface[0] ? SHOWN_NAME(instance->place.interface) : "this node",
		     noted(&others));
}

static int32_t keep_there(const struct instance *instance, const struct request *request, struct json_object *interface,
			  const struct addresses *wanted, struct addresses *held, struct egress_text *error)
{
	struct list whose = { .length = 0 };
	int32_t status;

	note(&whose, "the addresses of the annotation %s", SHOWN_NAME(instance->key));
	status = keep_held(request, interface, noted(&whose), wanted, held, error);
	if (status == EGRESS_PLUGIN_DONE)
		tell_left_out(instance, wanted, held);
	return status;
}

static int32_t answer(const void *opaque, const struct request *request, struct egress_text *text, struct egress_text *error)
{
	const struct instance *instance = opaque;
	struct json_object *annotations = member(member(request->json, "node"), "annotations");
	struct json_object *value = NULL;
	struct json_object *interface;
	struct addresses written = { .count = { 0 } };
	struct addresses wanted = { .count = { 0 } };
	struct answer answer = { .claim = false };
	struct list who = { .length = 0 };
	int32_t status;

	if (!json_object_is_type(annotations, json_type_object) || !json_object_object_get_ex(annotations, instance->key, &value))
		return refuse_missing(instance->key, annotations, error);
	status = find_place(&instance->place, request, &answer, &interface, error);
	if (status == EGRESS_PLUGIN_DONE)
		status = read_annotation(instance->key, instance->format, instance->pointer, value, &written, error);
	note(&who, "the annotation %s", SHOWN_NAME(instance->key));
	if (status == EGRESS_PLUGIN_DONE)
		status = keep_wanted(request, noted(&who), &written, &wanted, error);
	if (status == EGRESS_PLUGIN_DONE && answer.claim)
		answer.addresses = wanted;
	else if (status == EGRESS_PLUGIN_DONE)
		status = keep_there(instance, request, interface, &wanted, &answer.addresses, error);
	return status == EGRESS_PLUGIN_DONE ? give(&answer, text, error) : status;
}

static int32_t node_annotation_resolve(void *instance, const char *request_json, struct egress_text *text,
				       struct egress_text *error)
{
	return answer_request(answer, instance, request_json, text, error);
}

/* --- the table --- */

static const struct egress_plugin table = {
	.size = sizeof(table),
	.abi = EGRESS_PLUGIN_ABI,
	.name = "node-annotation",
	.version = "1",
	.open = node_annotation_open,
	.resolve = node_annotation_resolve,
	.close = close_instance,
};

__attribute__((visibility("default"))) const struct egress_plugin *egress_plugin_v1(void)
{
	return &table;
}
