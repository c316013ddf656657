/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sample - a module whose configuration says what it does: which status it returns, and with how much text.
 *
 * For tests of hosts, and to be copied: it needs no library. See README.md.
 */
#include "egress_plugin.h"
#include "scan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LONGEST_TEXT 4096
#define MOST_PADDING 1000000

struct instance {
	const struct egress_host *host;
	char address[16];
	char text[LONGEST_TEXT + 1]; /* of errors */
	long open;                   /* statuses */
	long resolve;
	long facts;
	long padding; /* white space behind the answer */
	long valid_seconds;
};

/* Keeps the contract of struct egress_text with text that is longer than any room: `length` bytes, of which those
 * behind `text` are white space. */
static void put(struct egress_text *buffer, const char *text, size_t length)
{
	size_t written = strlen(text);

	buffer->needed = length + 1;
	if (buffer->capacity == 0)
		return;
	for (size_t i = 0; i < length && i < buffer->capacity - 1; i++)
		buffer->bytes[i] = i < written ? text[i] : ' ';
	buffer->bytes[length < buffer->capacity - 1 ? length : buffer->capacity - 1] = 0;
}

static void say(struct egress_text *buffer, const char *text)
{
	put(buffer, text, strlen(text));
}

/* --- configuration --- */

static bool read_text(struct piece value, char *text, size_t longest)
{
	struct piece string;

	if (!scan_string(value, &string) || string.length == 0 || string.length > longest)
		return false;
	memcpy(text, string.start, string.length);
	text[string.length] = 0;
	return true;
}

/* NULL: as it should be; else what the field must be. */
static const char *read_field(struct instance *instance, struct piece key, struct piece value)
{
	const struct {
		const char *name;
		long *number;
		long most;
	} numbers[] = {
		{ "open", &instance->open, 1000 },
		{ "resolve", &instance->resolve, 1000 },
		{ "facts", &instance->facts, 1000 },
		{ "padding", &instance->padding, MOST_PADDING },
		{ "validSeconds", &instance->valid_seconds, 1000000 },
	};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (key.length == strlen(numbers[i].name) && memcmp(key.start, numbers[i].name, key.length) == 0)
			return scan_number(value, 0, numbers[i].most, numbers[i].number) ? NULL : "must be a whole number, 0 to 1000 for a status";
	if (key.length == strlen("address") && memcmp(key.start, "address", key.length) == 0)
		return read_text(value, instance->address, sizeof(instance->address) - 1) ? NULL : "must be an IPv4 address";
	if (key.length == strlen("text") && memcmp(key.start, "text", key.length) == 0)
		return read_text(value, instance->text, LONGEST_TEXT) ? NULL : "must be a string of 1 to 4096 bytes without escapes";
	return "there is no such field; there are address, open, resolve, facts, text, padding and validSeconds";
}

static int32_t refuse(struct egress_text *error, struct piece key, const char *reason)
{
	char text[512];
	int shown = key.length < 100 ? (int)key.length : 100;

	snprintf(text, sizeof(text), "%.*s: %s", shown, key.start, reason);
	say(error, text);
	return EGRESS_PLUGIN_BAD_CONFIG;
}

static int32_t read_config(struct instance *instance, const char *config, struct egress_text *error)
{
	const char *at = config;
	struct piece key, value;

	if (!scan_is_whole(config) || config[strspn(config, " \t\r\n")] != '{') {
		say(error, "the configuration must be a JSON object");
		return EGRESS_PLUGIN_BAD_CONFIG;
	}
	while (scan_next_member(&at, &key, &value)) {
		const char *reason = read_field(instance, key, value);

		if (reason)
			return refuse(error, key, reason);
	}
	if (!instance->address[0]) {
		say(error, "address: is missing");
		return EGRESS_PLUGIN_BAD_CONFIG;
	}
	return EGRESS_PLUGIN_DONE;
}

static int32_t sample_open(const struct egress_host *host, const char *config_json, void **instance,
			   struct egress_text *error)
{
	struct instance *made = calloc(1, sizeof(*made));
	int32_t status;

	*instance = NULL;
	if (!made) {
		say(error, "out of memory");
		return EGRESS_PLUGIN_RETRY;
	}
	made->host = host;
	memcpy(made->text, "as the configuration says", sizeof("as the configuration says"));
	status = read_config(made, config_json, error);
	if (status == EGRESS_PLUGIN_DONE && made->open != EGRESS_PLUGIN_DONE) {
		status = (int32_t)made->open;
		say(error, made->text);
	}
	if (status == EGRESS_PLUGIN_DONE)
		*instance = made;
	else
		free(made);
	return status;
}

static void sample_close(void **instance)
{
	free(*instance);
	*instance = NULL;
}

/* --- a request --- */

static bool asks_for_ipv4(const char *request)
{
	struct piece families, family;
	const char *at;

	if (!scan_is_whole(request) || !scan_member(request, "families", &families))
		return false;
	at = families.start;
	if (*at != '[')
		return false;
	while (scan_next_element(&at, &family))
		if (scan_is_string(family, "ipv4"))
			return true;
	return false;
}

static int32_t sample_resolve(void *opaque, const char *request_json, struct egress_text *answer, struct egress_text *error)
{
	const struct instance *instance = opaque;
	char text[128];
	int length;

	if (instance->resolve != EGRESS_PLUGIN_DONE) {
		say(error, instance->text);
		return (int32_t)instance->resolve;
	}
	if (!asks_for_ipv4(request_json)) {
		say(error, "there is an IPv4 address only, and the request doesn't ask for one");
		return EGRESS_PLUGIN_NO_ADDRESS;
	}
	if (instance->valid_seconds)
		length = snprintf(text, sizeof(text), "{\"ipv4\":[\"%s\"],\"validSeconds\":%ld}", instance->address,
				  instance->valid_seconds);
	else
		length = snprintf(text, sizeof(text), "{\"ipv4\":[\"%s\"]}", instance->address);
	put(answer, text, (size_t)length + (size_t)instance->padding);
	return answer->needed > answer->capacity ? EGRESS_PLUGIN_BUFFER_SMALL : EGRESS_PLUGIN_DONE;
}

static int32_t sample_facts(void *opaque, const char *facts_json)
{
	const struct instance *instance = opaque;

	if (instance->facts != EGRESS_PLUGIN_DONE)
		instance->host->log(instance->host->context, EGRESS_PLUGIN_INFO,
				    scan_is_whole(facts_json) ? "was told facts" : "was told what is no JSON");
	return (int32_t)instance->facts;
}

/* --- the table; what else tests compile is in README.md --- */

#ifndef SAMPLE_TABLE
#define SAMPLE_TABLE .facts = sample_facts, .open = sample_open, .resolve = sample_resolve,
#endif
#ifndef SAMPLE_SIZE
#define SAMPLE_SIZE sizeof(struct egress_plugin)
#endif
#ifndef SAMPLE_ABI
#define SAMPLE_ABI EGRESS_PLUGIN_ABI
#endif

/* A later version's table: a function that this version doesn't know is behind it. */
static const struct {
	struct egress_plugin known;
	int32_t (*later)(void *instance, const char *facts_json);
} table = {
	.known = {
		.size = SAMPLE_SIZE,
		.abi = SAMPLE_ABI,
		.name = "sample",
		.version = "1",
		.close = sample_close,
		SAMPLE_TABLE
	},
	.later = sample_facts,
};

__attribute__((visibility("default"))) const struct egress_plugin *egress_plugin_v1(void)
{
	return &table.known;
}
