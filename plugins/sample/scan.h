/* SPDX-License-Identifier: Apache-2.0 */
/* Walks through JSON text where it stands: enough for a module that wants no library. */
#ifndef SAMPLE_SCAN_H
#define SAMPLE_SCAN_H

#include <stdbool.h>
#include <stddef.h>

/* A stretch of the text; a string without its quotes, escapes as they are written. */
struct piece {
	const char *start;
	size_t length;
};

/* Whether the text is one JSON value, nested 64 levels at most, and nothing behind it. */
bool scan_is_whole(const char *text);

/* The next member of an object. `*at` is the object's text before the first call, and is moved on; false at the end, and
 * for what is no object. Of a text that scan_is_whole. */
bool scan_next_member(const char **at, struct piece *key, struct piece *value);

/* The next element of an array, in the same way. */
bool scan_next_element(const char **at, struct piece *value);

/* Whether a value is that string; a string with escapes isn't. */
bool scan_is_string(struct piece value, const char *text);

/* The string in a value that is one without escapes; false else. */
bool scan_string(struct piece value, struct piece *text);

/* A whole number between two bounds. */
bool scan_number(struct piece value, long least, long most, long *number);

/* The member of that name; false without one. */
bool scan_member(const char *object, const char *name, struct piece *value);

#endif
