/* SPDX-License-Identifier: Apache-2.0 */
#include "module.h"

#include <string.h>

#define LONGEST_TEXT (16u << 20)
#define DEEPEST 66 /* a request has 64 levels at most (egress_plugin.h) */

const char out_of_memory[] = "out of memory";

static size_t members(struct json_object *value)
{
	size_t count = 0;

	if (json_object_is_type(value, json_type_array))
		for (size_t i = 0; i < json_object_array_length(value); i++)
			count += members(json_object_array_get_idx(value, i));
	if (json_object_is_type(value, json_type_object)) {
		json_object_object_foreach(value, key, element) {
			(void)key;
			count += 1 + members(element);
		}
	}
	return count;
}

/* What json-c takes without a word. The text is JSON, so each ':' outside a string is a member's. */
static const char *quiet_fault(const char *text, struct json_object *value)
{
	size_t colons = 0;
	bool quoted = false;

	for (; *text; text++) {
		if (*text == '"')
			quoted = !quoted;
		else if (!quoted && *text == ':')
			colons++;
		else if (quoted && *text == '\\') {
			if (strncmp(text + 1, "u0000", 5) == 0)
				return "has the character U+0000 in it";
			text++;
		}
	}
	return colons == members(value) ? NULL : "has a field twice";
}

const char *parse(const char *text, bool by_hand, struct json_object **object)
{
	size_t length = strlen(text);
	struct json_tokener *tokener;
	enum json_tokener_error fault;
	const char *words = NULL;

	*object = NULL;
	if (length > LONGEST_TEXT)
		return "has more than 16 MiB";
	tokener = json_tokener_new_ex(DEEPEST);
	if (!tokener)
		return out_of_memory;
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	/* With the NUL: a number ends where the next byte isn't one of it. */
	*object = json_tokener_parse_ex(tokener, text, (int)length + 1);
	fault = json_tokener_get_error(tokener);
	if (fault == json_tokener_continue || fault == json_tokener_error_parse_eof)
		words = "ends too early";
	else if (fault == json_tokener_error_depth)
		words = "is nested too deeply";
	else if (fault == json_tokener_error_parse_utf8_string)
		words = "isn't UTF-8";
	else if (fault != json_tokener_success || json_tokener_get_parse_end(tokener) < length)
		words = "isn't JSON";
	else if (by_hand)
		words = quiet_fault(text, *object);
	json_tokener_free(tokener);
	if (words) {
		json_object_put(*object);
		*object = NULL;
	}
	return words;
}

const char *string_of(struct json_object *value)
{
	const char *text = json_object_is_type(value, json_type_string) ? json_object_get_string(value) : NULL;

	return text && strlen(text) == (size_t)json_object_get_string_len(value) ? text : NULL;
}

struct json_object *member(struct json_object *object, const char *key)
{
	struct json_object *value = NULL;

	if (json_object_is_type(object, json_type_object))
		json_object_object_get_ex(object, key, &value);
	return value;
}

size_t count_of(struct json_object *array)
{
	return json_object_is_type(array, json_type_array) ? json_object_array_length(array) : 0;
}
