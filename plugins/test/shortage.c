/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that runs out where a module asks for it: the linker puts these between the module and what allocates
 * (-Wl,--wrap=NAME). What json-c does inside when it has none is json-c's.
 */
#include "shortage.h"

#include <json-c/json.h>
#include <json-c/json_pointer.h>
#include <errno.h>
#include <stdlib.h>

static int left = -1; /* negative: no shortage */
static bool happened, for_good;

void shortage_begin(int allowed, bool lasts)
{
	left = allowed;
	for_good = lasts;
	happened = false;
}

bool shortage_end(void)
{
	left = -1;
	return happened;
}

static bool is_short(void)
{
	bool now = left == 0 && (for_good || !happened);

	if (left > 0)
		left--;
	happened = happened || now;
	return now;
}

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size)
{
	return is_short() ? NULL : __real_calloc(count, size);
}

struct json_tokener *__real_json_tokener_new_ex(int depth);
struct json_tokener *__wrap_json_tokener_new_ex(int depth);
struct json_tokener *__wrap_json_tokener_new_ex(int depth)
{
	return is_short() ? NULL : __real_json_tokener_new_ex(depth);
}

struct json_object *__real_json_object_new_object(void);
struct json_object *__wrap_json_object_new_object(void);
struct json_object *__wrap_json_object_new_object(void)
{
	return is_short() ? NULL : __real_json_object_new_object();
}

struct json_object *__real_json_object_new_array(void);
struct json_object *__wrap_json_object_new_array(void);
struct json_object *__wrap_json_object_new_array(void)
{
	return is_short() ? NULL : __real_json_object_new_array();
}

struct json_object *__real_json_object_new_string(const char *text);
struct json_object *__wrap_json_object_new_string(const char *text);
struct json_object *__wrap_json_object_new_string(const char *text)
{
	return is_short() ? NULL : __real_json_object_new_string(text);
}

struct json_object *__real_json_object_new_boolean(json_bool value);
struct json_object *__wrap_json_object_new_boolean(json_bool value);
struct json_object *__wrap_json_object_new_boolean(json_bool value)
{
	return is_short() ? NULL : __real_json_object_new_boolean(value);
}

struct json_object *__real_json_object_new_int(int32_t value);
struct json_object *__wrap_json_object_new_int(int32_t value);
struct json_object *__wrap_json_object_new_int(int32_t value)
{
	return is_short() ? NULL : __real_json_object_new_int(value);
}

int __real_json_object_array_add(struct json_object *array, struct json_object *value);
int __wrap_json_object_array_add(struct json_object *array, struct json_object *value);
int __wrap_json_object_array_add(struct json_object *array, struct json_object *value)
{
	return is_short() ? -1 : __real_json_object_array_add(array, value);
}

int __real_json_object_object_add(struct json_object *object, const char *key, struct json_object *value);
int __wrap_json_object_object_add(struct json_object *object, const char *key, struct json_object *value);
int __wrap_json_object_object_add(struct json_object *object, const char *key, struct json_object *value)
{
	return is_short() ? -1 : __real_json_object_object_add(object, key, value);
}

int __real_json_pointer_get(struct json_object *object, const char *path, struct json_object **result);
int __wrap_json_pointer_get(struct json_object *object, const char *path, struct json_object **result);
int __wrap_json_pointer_get(struct json_object *object, const char *path, struct json_object **result)
{
	if (!is_short())
		return __real_json_pointer_get(object, path, result);
	errno = ENOMEM;
	return -1;
}
