/* SPDX-License-Identifier: Apache-2.0 */
#include "module.h"

#include <string.h>

/* Takes the value; without one there was no memory for it. */
static bool add(struct json_object *object, const char *key, struct json_object *value)
{
	if (value && json_object_object_add(object, key, value) == 0)
		return true;
	json_object_put(value);
	return false;
}

static struct json_object *made_list(const struct addresses *addresses, int family)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; list && i < addresses->count[family]; i++) {
		struct json_object *text = json_object_new_string(ADDRESS_TEXT(&addresses->list[family][i]));

		if (!text || json_object_array_add(list, text) != 0) {
			json_object_put(text);
			json_object_put(list);
			list = NULL;
		}
	}
	return list;
}

static struct json_object *made_object(const struct answer *answer)
{
	struct json_object *object = json_object_new_object();
	bool is_whole = object;

	for (int family = 0; is_whole && family < FAMILIES; family++)
		is_whole = add(object, families[family].key, made_list(&answer->addresses, family));
	if (is_whole)
		is_whole = answer->interface ? add(object, "interface", json_object_new_string(answer->interface))
					     : json_object_object_add(object, "interface", NULL) == 0;
	if (is_whole)
		is_whole = add(object, "claim", json_object_new_boolean(answer->claim));
	if (is_whole)
		is_whole = answer->valid_seconds ? add(object, "validSeconds", json_object_new_int(answer->valid_seconds))
						 : json_object_object_add(object, "validSeconds", NULL) == 0;
	if (!is_whole) {
		json_object_put(object);
		object = NULL;
	}
	return object;
}

int32_t give(const struct answer *answer, struct egress_text *text, struct egress_text *error)
{
	struct json_object *object = made_object(answer);
	const char *json = NULL;

	if (object)
		json = json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
	if (!json) {
		json_object_put(object);
		say(error, "%s", out_of_memory);
		return EGRESS_PLUGIN_RETRY;
	}
	text->needed = strlen(json) + 1;
	if (text->needed <= text->capacity)
		memcpy(text->bytes, json, text->needed);
	else if (text->capacity > 0)
		text->bytes[0] = 0;
	json_object_put(object);
	return text->needed <= text->capacity ? EGRESS_PLUGIN_DONE : EGRESS_PLUGIN_BUFFER_SMALL;
}
