/* SPDX-License-Identifier: Apache-2.0 */
#include "module.h"

#include <stdlib.h>
#include <string.h>

static int32_t read_field(const struct configuration *configuration, void *instance, const char *name,
			  struct json_object *value, struct egress_text *error)
{
	struct list known = { .length = 0 };

	for (size_t i = 0; i < configuration->count; i++) {
		const struct field *field = &configuration->fields[i];

		if (strcmp(field->name, name) == 0)
			return field->read(instance, field, value, error);
		note(&known, "%s", field->name);
	}
	say(error, "%s: there is no such field; there are: %s", SHOWN_NAME(name), noted(&known));
	return EGRESS_PLUGIN_BAD_CONFIG;
}

static int32_t read_fields(const struct configuration *configuration, void *instance, const char *config_json,
			   struct egress_text *error)
{
	struct json_object *config;
	const char *fault = parse(config_json, true, &config);
	int32_t status = EGRESS_PLUGIN_DONE;

	if (fault == out_of_memory) {
		say(error, "%s", fault);
		return EGRESS_PLUGIN_RETRY;
	}
	if (fault || !json_object_is_type(config, json_type_object)) {
		say(error, "the configuration must be a JSON object%s%s", fault ? "; it " : "", fault ? fault : "");
		json_object_put(config);
		return EGRESS_PLUGIN_BAD_CONFIG;
	}
	json_object_object_foreach(config, name, value) {
		status = read_field(configuration, instance, name, value, error);
		if (status != EGRESS_PLUGIN_DONE)
			break;
	}
	json_object_put(config);
	return status == EGRESS_PLUGIN_DONE ? configuration->check(instance, error) : status;
}

int32_t open_instance(const struct configuration *configuration, const struct egress_host *host, const char *config_json,
		      void **instance, struct egress_text *error)
{
	void *made = calloc(1, configuration->size);
	int32_t status;

	*instance = NULL;
	if (!made) {
		say(error, "%s", out_of_memory);
		return EGRESS_PLUGIN_RETRY;
	}
	*(const struct egress_host **)made = host;
	status = read_fields(configuration, made, config_json, error);
	if (status == EGRESS_PLUGIN_DONE)
		*instance = made;
	else
		free(made);
	return status;
}

void close_instance(void **instance)
{
	free(*instance);
	*instance = NULL;
}

int32_t read_name(char name[LONGEST_NAME + 1], const struct field *field, struct json_object *value, struct egress_text *error)
{
	const char *text = string_of(value);
	size_t length = text ? strlen(text) : 0;

	if (!value)
		return EGRESS_PLUGIN_DONE;
	if (length == 0 || length > LONGEST_NAME) {
		say(error, "%s: must be null or a text of 1 to %d bytes, not %s", field->name, LONGEST_NAME, SHOWN_VALUE(value));
		return EGRESS_PLUGIN_BAD_CONFIG;
	}
	memcpy(name, text, length + 1);
	return EGRESS_PLUGIN_DONE;
}

int32_t read_flag(bool *flag, const struct field *field, struct json_object *value, struct egress_text *error)
{
	if (!json_object_is_type(value, json_type_boolean)) {
		say(error, "%s: must be true or false, not %s", field->name, SHOWN_VALUE(value));
		return EGRESS_PLUGIN_BAD_CONFIG;
	}
	*flag = json_object_get_boolean(value);
	return EGRESS_PLUGIN_DONE;
}
