/* SPDX-License-Identifier: Apache-2.0 */
#include "annotation.h"

#include <errno.h>
#include <json-c/json_pointer.h>
#include <stdio.h>
#include <string.h>

#define SPACE " \t\r\n"
#define SEPARATORS "," SPACE

/* What is being read, for the words of an error. */
struct reading {
	const char *key;
	struct addresses *addresses;
	struct egress_text *error;
};

static int32_t refuse(const struct reading *reading, const char *text, const char *words)
{
	say(reading->error, "the annotation %s can't be used: %s%s%s", SHOWN_NAME(reading->key), text ? SHOWN_TEXT(text) : "",
	    text ? " " : "", words);
	return EGRESS_PLUGIN_NO_ADDRESS;
}

/* `10.1.0.0/24` is the name of a subnet: no bit of a host is set. Of /31, /32 and the like every address is a host's. */
static bool is_network(const struct address *address)
{
	int bits = families[address->family].bits;

	if (address->length < 0 || address->length >= bits - 1)
		return false;
	for (int bit = address->length; bit < bits; bit++)
		if (address->bytes[bit / 8] & (0x80 >> bit % 8))
			return false;
	return true;
}

static int32_t take(const struct reading *reading, const char *text, size_t size)
{
	struct address address;
	const char *why;
	char copy[128];

	snprintf(copy, sizeof(copy), "%.*s", size < sizeof(copy) ? (int)size : (int)sizeof(copy) - 1, text);
	if (!read_address(text, size, &address))
		return refuse(reading, copy, "is no address");
	if (is_network(&address))
		return refuse(reading, copy, "is a network, and no address in it");
	why = why_not_global(&address);
	if (why) {
		struct list words = { .length = 0 };

		note(&words, "can't leave a node: it is %s", why);
		return refuse(reading, copy, noted(&words));
	}
	if (!add_address(reading->addresses, &address))
		return refuse(reading, NULL, "it has more than 16 addresses of a family");
	return EGRESS_PLUGIN_DONE;
}

static int32_t take_list(const struct reading *reading, const char *text)
{
	int32_t status = EGRESS_PLUGIN_DONE;

	for (text += strspn(text, SEPARATORS); *text && status == EGRESS_PLUGIN_DONE; text += strspn(text, SEPARATORS)) {
		size_t size = strcspn(text, SEPARATORS);

		status = take(reading, text, size);
		text += size;
	}
	return status;
}

/* One address, with white space around it. */
static int32_t take_one(const struct reading *reading, const char *text)
{
	size_t size = strlen(text);

	while (size > 0 && strchr(SPACE, text[size - 1]))
		size--;
	return size > 0 ? take(reading, text, size) : EGRESS_PLUGIN_DONE;
}

/* A text, or a list of texts. */
static int32_t take_value(const struct reading *reading, struct json_object *value)
{
	int32_t status = EGRESS_PLUGIN_DONE;
	const char *text = string_of(value);

	if (text)
		return take_list(reading, text);
	if (!json_object_is_type(value, json_type_array))
		return refuse(reading, json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE),
			      "is neither a text nor a list of texts");
	for (size_t i = 0; i < count_of(value) && status == EGRESS_PLUGIN_DONE; i++) {
		struct json_object *element = json_object_array_get_idx(value, i);

		text = string_of(element);
		status = text ? take(reading, text, strlen(text))
			      : refuse(reading, json_object_to_json_string_ext(element, JSON_C_TO_STRING_PLAIN), "is no address");
	}
	return status;
}

static int32_t take_object(const struct reading *reading, struct json_object *object)
{
	int32_t status = EGRESS_PLUGIN_DONE;
	bool has_family = false;

	for (int family = 0; family < FAMILIES && status == EGRESS_PLUGIN_DONE; family++) {
		struct json_object *value = member(object, families[family].key);

		has_family = has_family || value;
		if (value)
			status = take_value(reading, value);
	}
	if (!has_family)
		return refuse(reading, json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE),
			      "has neither ipv4 nor ipv6; a pointer says where else the addresses are");
	return status;
}

static int32_t take_json(const struct reading *reading, const char *text, const char *pointer)
{
	struct json_object *json = NULL;
	struct json_object *value = NULL;
	const char *fault = parse(text, true, &json);
	int32_t status;

	if (fault == out_of_memory) {
		say(reading->error, "%s", fault);
		return EGRESS_PLUGIN_RETRY;
	}
	if (fault)
		return refuse(reading, text, fault);
	if (!pointer[0])
		value = json; /* json-c doesn't take a pointer into null, not even to the whole. */
	if (pointer[0] && json_pointer_get(json, pointer, &value) != 0) {
		struct list words = { .length = 0 };

		note(&words, "has nothing at %s", SHOWN_NAME(pointer));
		status = errno == ENOMEM ? EGRESS_PLUGIN_RETRY : refuse(reading, text, noted(&words));
		if (status == EGRESS_PLUGIN_RETRY)
			say(reading->error, "%s", out_of_memory);
	} else if (json_object_is_type(value, json_type_object)) {
		status = take_object(reading, value);
	} else {
		status = take_value(reading, value);
	}
	json_object_put(json);
	return status;
}

int32_t read_annotation(const char *key, enum format format, const char *pointer, struct json_object *value,
			struct addresses *addresses, struct egress_text *error)
{
	const struct reading reading = { .key = key, .addresses = addresses, .error = error };
	const char *text = string_of(value);
	int32_t status;

	if (!text)
		return refuse(&reading, NULL, "it is no text, or has U+0000 in it");
	text += strspn(text, SPACE);
	if (format == FORMAT_JSON || (format == FORMAT_AUTO && (pointer[0] || (*text && strchr("[{\"", *text)))))
		status = take_json(&reading, text, pointer);
	else if (format == FORMAT_TEXT)
		status = take_one(&reading, text);
	else
		status = take_list(&reading, text);
	if (status == EGRESS_PLUGIN_DONE && is_empty(addresses))
		return refuse(&reading, NULL, "it has no address in it");
	return status;
}

bool is_pointer(const char *text)
{
	if (*text && *text != '/')
		return false;
	for (; *text; text++)
		if (*text == '~' && text[1] != '0' && text[1] != '1')
			return false;
	return true;
}
