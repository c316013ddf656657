/* SPDX-License-Identifier: Apache-2.0 */
/*
 * drive - calls a module as a host may, under AddressSanitizer and UndefinedBehaviorSanitizer.
 *
 * Linked with the C files of one module. `drive CONFIGS REQUESTS` takes each line of one file with each line of the other,
 * with every size of buffer that matters, and then again with memory running out at every place. Each buffer ends where
 * its block of memory ends, so that a byte too many is seen. Exit status 1, and words, when the header's rules are broken.
 */
#define _POSIX_C_SOURCE 200809L
#include "egress_plugin.h"
#include "shortage.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define ROOM 4096
#define EVERY_SIZE_BELOW 48

static const struct egress_plugin *plugin;
static const char *now_config, *now_request; /* for `must` */
static unsigned long calls, opened, shortages;
static char last_reason[ROOM];

static void must(bool holds, const char *words)
{
	if (holds)
		return;
	fprintf(stderr, "drive: %s: %s\n  configuration %s\n  request %s\n", plugin->name, words, now_config, now_request ? now_request : "-");
	exit(1);
}

/* So many bytes, and a byte behind them belongs to nobody. */
struct buffer {
	char *block;
	struct egress_text text;
};

static struct buffer buffer_of(size_t capacity)
{
	struct buffer buffer = { .block = malloc(capacity + 16) };

	must(buffer.block, "the test has no memory");
	memset(buffer.block, 0x55, capacity + 16);
	buffer.text = (struct egress_text){ .bytes = buffer.block + 16, .capacity = capacity, .needed = SIZE_MAX };
	return buffer;
}

/* An error: at most as long as there is room, ended, whole when it fits, and no half of a character. */
static void check_error(const struct egress_text *error)
{
	size_t length = strnlen(error->bytes, error->capacity);

	must(error->needed != SIZE_MAX, "a failure without a reason");
	must(error->needed > 1, "a failure with an empty reason");
	must(error->capacity == 0 || length < error->capacity, "a reason that no NUL ends");
	must(error->needed > error->capacity || length + 1 == error->needed, "a reason whose length isn't what it needed");
	must(error->needed <= error->capacity || error->capacity < 5 || length + 4 >= error->capacity, "a reason cut too early");
	for (size_t i = 0; i < length; i++)
		must((unsigned char)error->bytes[i] >= 0x20 && error->bytes[i] != 0x7F, "a reason with a control character");
}

static bool is_boundary(size_t capacity, size_t needed)
{
	return capacity < EVERY_SIZE_BELOW || (capacity + 2 >= needed && capacity <= needed + 2);
}

static int32_t resolve(void *instance, const char *request, size_t room, size_t error_room, char *kept)
{
	struct buffer answer = buffer_of(room);
	struct buffer error = buffer_of(error_room);
	int32_t status = plugin->resolve(instance, request, &answer.text, &error.text);

	calls++;
	must(status >= 0 && (status <= EGRESS_PLUGIN_BUFFER_SMALL || status >= 100) && status != EGRESS_PLUGIN_BAD_CONFIG,
	     "a status that resolve doesn't have");
	if (status == EGRESS_PLUGIN_DONE) {
		must(answer.text.needed <= room, "done, and there wasn't room for it");
		must(strnlen(answer.text.bytes, room) + 1 == answer.text.needed, "an answer whose length isn't what it needed");
		if (kept)
			snprintf(kept, ROOM, "%s", answer.text.bytes);
	} else if (status == EGRESS_PLUGIN_BUFFER_SMALL) {
		must(answer.text.needed > room && answer.text.needed != SIZE_MAX, "more room is asked for, and none is needed");
	} else {
		check_error(&error.text);
		snprintf(last_reason, sizeof(last_reason), "%s", error_room > 0 ? error.text.bytes : "");
	}
	must(answer.text.capacity == room && error.text.capacity == error_room, "a capacity was changed");
	free(answer.block);
	free(error.block);
	return status;
}

static void ask(void *instance, const char *request)
{
	char first[ROOM], again[ROOM];
	int32_t status;

	now_request = request;
	status = resolve(instance, request, ROOM, ROOM, first);
	if (status == EGRESS_PLUGIN_DONE) {
		for (size_t room = 0; room <= strlen(first) + 3; room++) {
			if (!is_boundary(room, strlen(first) + 1))
				continue;
			again[0] = 0;
			must(resolve(instance, request, room, 0, again) ==
				     (room > strlen(first) ? EGRESS_PLUGIN_DONE : EGRESS_PLUGIN_BUFFER_SMALL),
			     "another status with another room");
			must(room <= strlen(first) || strcmp(first, again) == 0, "another answer to the same question");
		}
	} else {
		for (size_t room = 0; room < EVERY_SIZE_BELOW; room++)
			must(resolve(instance, request, 0, room, NULL) == status, "another status with another room");
	}
	must(resolve(instance, request, 1 << 16, 1 << 16, NULL) == status, "another status with a huge room");
	if (plugin->facts)
		plugin->facts(instance, request);
	now_request = NULL;
}

static int32_t open_with(const char *config, size_t error_room, void **instance)
{
	struct buffer error = buffer_of(error_room);
	int32_t status;

	*instance = &error; /* must be replaced, also on failure */
	status = plugin->open(NULL, config, instance, &error.text);
	calls++;
	must(status == EGRESS_PLUGIN_DONE || status == EGRESS_PLUGIN_BAD_CONFIG || status == EGRESS_PLUGIN_RETRY,
	     "a status that open doesn't have");
	must((*instance != NULL) == (status == EGRESS_PLUGIN_DONE), "an instance without success, or none with it");
	if (status != EGRESS_PLUGIN_DONE)
		check_error(&error.text);
	free(error.block);
	return status;
}

static void end(void **instance)
{
	plugin->close(instance);
	must(*instance == NULL, "close left the instance");
	plugin->close(instance);
}

static void try_sizes(const char *config, char *const *requests)
{
	void *instance;

	for (size_t room = 0; room < EVERY_SIZE_BELOW; room++) {
		open_with(config, room, &instance);
		end(&instance);
	}
	if (open_with(config, ROOM, &instance) == EGRESS_PLUGIN_DONE) {
		opened++;
		for (; *requests; requests++)
			ask(instance, *requests);
	}
	end(&instance);
}

/* Memory that ends at the first place, at the second one, … until there is enough: that is RETRY, and nothing is lost. */
static void try_shortage(const char *config, const char *request, bool lasts)
{
	bool was_short = true;

	now_request = request;
	for (int allowed = 0; was_short && allowed < 1000; allowed++) {
		void *instance;
		int32_t status;

		shortage_begin(allowed, lasts);
		status = open_with(config, ROOM, &instance);
		if (status == EGRESS_PLUGIN_DONE)
			status = resolve(instance, request, ROOM, ROOM, NULL);
		was_short = shortage_end();
		must(!was_short || status == EGRESS_PLUGIN_RETRY, "memory was short, and that isn't what the status says");
		shortages += was_short;
		end(&instance);
	}
	must(!was_short, "it never has enough memory");
	now_request = NULL;
}

/* No descriptor to be had: who needs one says RETRY, and the others don't notice. Returns how often one was needed. */
static unsigned long try_without_descriptors(char *const *configs, const char *request)
{
	const struct rlimit none = { .rlim_max = 1024 };
	const struct rlimit some = { .rlim_cur = 1024, .rlim_max = 1024 };
	unsigned long needed = 0;

	now_request = request;
	for (; *configs; configs++) {
		void *instance;

		now_config = *configs;
		if (open_with(*configs, ROOM, &instance) == EGRESS_PLUGIN_DONE) {
			int32_t with = resolve(instance, request, ROOM, ROOM, NULL);
			int32_t without;

			must(setrlimit(RLIMIT_NOFILE, &none) == 0, "setrlimit");
			without = resolve(instance, request, ROOM, ROOM, NULL);
			must(setrlimit(RLIMIT_NOFILE, &some) == 0, "setrlimit");
			must(without == with || without == EGRESS_PLUGIN_RETRY, "another status than RETRY without a descriptor");
			if (without == EGRESS_PLUGIN_RETRY && needed++ == 0)
				printf("drive: %s: without a descriptor: %s\n", plugin->name, last_reason);
		}
		end(&instance);
	}
	now_request = NULL;
	return needed;
}

/* Lines of a file, then NULL. They live until the end. */
static char **lines_of(const char *path)
{
	FILE *file = fopen(path, "r");
	char **lines = NULL;
	size_t count = 0, size = 0;
	ssize_t length;
	char *line = NULL;

	must(file, path);
	while ((length = getline(&line, &size, file)) > 0) {
		lines = realloc(lines, (count + 2) * sizeof(*lines));
		must(lines, "the test has no memory");
		if (line[length - 1] == '\n')
			line[length - 1] = 0;
		lines[count++] = line;
		lines[count] = NULL;
		line = NULL;
	}
	free(line);
	fclose(file);
	must(count > 0, path);
	return lines;
}

static void free_lines(char **lines)
{
	for (char **line = lines; *line; line++)
		free(*line);
	free(lines);
}

int main(int count, char **words)
{
	char **configs, **requests;
	void *instance = NULL;
	unsigned long descriptors;

	plugin = egress_plugin_v1();
	now_config = "-";
	must(count == 3, "usage: drive CONFIGS REQUESTS");
	configs = lines_of(words[1]);
	requests = lines_of(words[2]);
	plugin->close(&instance);
	must(resolve(NULL, requests[0], ROOM, ROOM, NULL) >= 100, "a question without an instance is answered");
	for (char **config = configs; *config; config++) {
		now_config = *config;
		try_sizes(*config, requests);
		for (char **request = requests; *request; request++) {
			try_shortage(*config, *request, true);
			try_shortage(*config, *request, false);
		}
	}
	descriptors = try_without_descriptors(configs, requests[0]);
	printf("drive: %s: %lu calls, %lu configurations taken, memory short %lu times, descriptors %lu times\n", plugin->name, calls, opened,
	       shortages, descriptors);
	free_lines(configs);
	free_lines(requests);
	return 0;
}
