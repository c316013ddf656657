/* SPDX-License-Identifier: Apache-2.0 */
#include "module.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Takes back the first bytes of a character (RFC 3629) whose others were cut off. */
static size_t whole_characters(const char *text, size_t length)
{
	size_t start = length;
	unsigned char first;

	while (start > 0 && length - start < 3 && ((unsigned char)text[start - 1] & 0xC0) == 0x80)
		start--;
	if (start == 0)
		return length;
	first = (unsigned char)text[start - 1];
	if (first < 0xC0)
		return length;
	return length - start + 1 < (first >= 0xF0 ? 4u : first >= 0xE0 ? 3u : 2u) ? start - 1 : length;
}

static void end_cut(char *text)
{
	text[whole_characters(text, strlen(text))] = 0;
}

void say(struct egress_text *text, const char *format, ...)
{
	/* More than INT_MAX bytes are an error to vsnprintf (POSIX). */
	size_t room = text->capacity < INT_MAX ? text->capacity : INT_MAX;
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(text->bytes, room, format, arguments);
	va_end(arguments);
	if (length < 0 && room > 0)
		text->bytes[0] = 0;
	text->needed = length < 0 ? 1 : (size_t)length + 1;
	if (text->needed > room && room > 0)
		end_cut(text->bytes);
}

void tell(const struct egress_host *host, int32_t level, const char *format, ...)
{
	char line[512];
	va_list arguments;

	if (!host || host->size < offsetof(struct egress_host, log) + sizeof(host->log) || !host->log)
		return;
	va_start(arguments, format);
	if (vsnprintf(line, sizeof(line), format, arguments) < 0)
		line[0] = 0;
	va_end(arguments);
	end_cut(line);
	host->log(host->context, level, line);
}

/* Bytes of a control character (Cc: C0, DEL, C1) at the start of the text; 0 when there is none. */
static size_t control_length(const char *text)
{
	unsigned char byte = (unsigned char)text[0];

	if (byte < 0x20 || byte == 0x7F)
		return 1;
	return byte == 0xC2 && (unsigned char)text[1] >= 0x80 && (unsigned char)text[1] < 0xA0 ? 2 : 0;
}

static const char *shown(struct shown *room, const char *quote, const char *text)
{
	const size_t most = sizeof(room->text) - sizeof("\"...\"");
	size_t length = strlen(quote);

	memcpy(room->text, quote, length);
	while (*text && length < most) {
		size_t control = control_length(text);

		room->text[length++] = control ? ' ' : *text;
		text += control ? control : 1;
	}
	if (*text)
		length = whole_characters(room->text, length);
	snprintf(room->text + length, sizeof(room->text) - length, "%s%s", *text ? "..." : "", quote);
	return room->text;
}

const char *shown_name(struct shown *room, const char *name)
{
	return shown(room, "", name);
}

const char *shown_text(struct shown *room, const char *text)
{
	return shown(room, "\"", text);
}

const char *shown_value(struct shown *room, struct json_object *value)
{
	const char *text = json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);

	return shown(room, "", text ? text : "the value");
}

void note(struct list *list, const char *format, ...)
{
	size_t start = list->length;
	size_t room;
	va_list arguments;
	int written;

	if (start > 0 && start + 2 < sizeof(list->text)) {
		memcpy(list->text + start, ", ", 3);
		start += 2;
	}
	/* Room for "and N more". */
	room = sizeof(list->text) - 32 > start ? sizeof(list->text) - 32 - start : 0;
	va_start(arguments, format);
	written = vsnprintf(room ? list->text + start : NULL, room, format, arguments);
	va_end(arguments);
	/* A cut word is taken back: the list ends with its last whole one. */
	if (list->left_out == 0 && written >= 0 && (size_t)written < room)
		list->length = start + (size_t)written;
	else
		list->left_out++;
	list->text[list->length] = 0;
}

const char *noted(struct list *list)
{
	if (list->length == 0 && list->left_out == 0)
		return "none";
	if (list->left_out > 0)
		snprintf(list->text + list->length, sizeof(list->text) - list->length, " and %zu more", list->left_out);
	return list->text;
}
