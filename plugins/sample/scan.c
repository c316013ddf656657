/* SPDX-License-Identifier: Apache-2.0 */
#include "scan.h"

#include <stdlib.h>
#include <string.h>

#define DEEPEST 64

static const char *space(const char *at)
{
	return at + strspn(at, " \t\r\n");
}

/* Each of these returns the place behind what it skips, or NULL. */
static const char *skip_value(const char *at, int depth);

static const char *skip_string(const char *at)
{
	if (*at++ != '"')
		return NULL;
	for (; *at != '"'; at++) {
		if ((unsigned char)*at < 0x20)
			return NULL;
		if (*at != '\\')
			continue;
		at++;
		if (*at == 'u') {
			if (strspn(at + 1, "0123456789abcdefABCDEF") < 4)
				return NULL;
			at += 4;
		} else if (!*at || !strchr("\"\\/bfnrt", *at)) {
			return NULL;
		}
	}
	return at + 1;
}

static const char *skip_digits(const char *at)
{
	size_t count = strspn(at, "0123456789");

	return count ? at + count : NULL;
}

static const char *skip_number(const char *at)
{
	if (*at == '-')
		at++;
	at = *at == '0' ? at + 1 : skip_digits(at);
	if (at && *at == '.')
		at = skip_digits(at + 1);
	if (at && (*at == 'e' || *at == 'E'))
		at = skip_digits(at + 1 + (at[1] == '+' || at[1] == '-'));
	return at;
}

static const char *skip_members(const char *at, char end, int depth)
{
	at = space(at + 1);
	if (*at == end)
		return at + 1;
	for (;;) {
		if (end == '}') {
			at = skip_string(at);
			if (!at || *(at = space(at)) != ':')
				return NULL;
			at = space(at + 1);
		}
		at = skip_value(at, depth + 1);
		if (!at)
			return NULL;
		at = space(at);
		if (*at == end)
			return at + 1;
		if (*at != ',')
			return NULL;
		at = space(at + 1);
	}
}

static const char *skip_value(const char *at, int depth)
{
	static const char *const words[] = { "true", "false", "null" };

	if (depth > DEEPEST)
		return NULL;
	if (*at == '{')
		return skip_members(at, '}', depth);
	if (*at == '[')
		return skip_members(at, ']', depth);
	if (*at == '"')
		return skip_string(at);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strncmp(at, words[i], strlen(words[i])) == 0)
			return at + strlen(words[i]);
	return skip_number(at);
}

bool scan_is_whole(const char *text)
{
	const char *end = skip_value(space(text), 1);

	return end && !*space(end);
}

/* Past the bracket or comma before a member; NULL at the end. */
static const char *before_member(const char *at, char open)
{
	at = space(at);
	if (*at != open && *at != ',')
		return NULL;
	at = space(at + 1);
	return *at == '}' || *at == ']' ? NULL : at;
}

static bool take_value(const char **at, const char *start, struct piece *value)
{
	const char *end = start ? skip_value(start, 1) : NULL;

	if (!end)
		return false;
	*value = (struct piece){ .start = start, .length = (size_t)(end - start) };
	*at = end;
	return true;
}

bool scan_next_member(const char **at, struct piece *key, struct piece *value)
{
	const char *start = before_member(*at, '{');
	const char *end = start ? skip_string(start) : NULL;

	if (!end)
		return false;
	*key = (struct piece){ .start = start + 1, .length = (size_t)(end - start) - 2 };
	end = space(end);
	return *end == ':' && take_value(at, space(end + 1), value);
}

bool scan_next_element(const char **at, struct piece *value)
{
	return take_value(at, before_member(*at, '['), value);
}

bool scan_is_string(struct piece value, const char *text)
{
	struct piece string;

	return scan_string(value, &string) && string.length == strlen(text) && memcmp(string.start, text, string.length) == 0;
}

bool scan_string(struct piece value, struct piece *text)
{
	if (value.length < 2 || *value.start != '"' || memchr(value.start, '\\', value.length))
		return false;
	*text = (struct piece){ .start = value.start + 1, .length = value.length - 2 };
	return true;
}

bool scan_number(struct piece value, long least, long most, long *number)
{
	char *end;

	/* Behind a value there is a comma, a bracket or the end: strtol stops there. */
	*number = strtol(value.start, &end, 10);
	return value.length < 12 && end == value.start + value.length && *number >= least && *number <= most;
}

bool scan_member(const char *object, const char *name, struct piece *value)
{
	const char *at = object;
	struct piece key;

	while (scan_next_member(&at, &key, value))
		if (key.length == strlen(name) && memcmp(key.start, name, key.length) == 0)
			return true;
	return false;
}
