// SPDX-License-Identifier: Apache-2.0
#include <json-c/json.h>
#include <stdbool.h>

bool json_c_reads(const char *text, size_t length)
{
	static json_tokener *tokener;
	if (!tokener) {
		tokener = json_tokener_new();
		json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	}
	json_tokener_reset(tokener);
	json_object *value = json_tokener_parse_ex(tokener, text, (int)length);
	bool good = value && json_tokener_get_error(tokener) == json_tokener_success;
	json_object_put(value);
	return good;
}
