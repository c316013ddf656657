/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer's entry to a module: an input is a configuration, a NUL, and a request. */
#include "egress_plugin.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int holds)
{
	if (!holds)
		abort();
}

static int32_t ask(const struct egress_plugin *plugin, void *instance, const char *request, size_t room, size_t *needed)
{
	char reason[40];
	struct egress_text error = { .bytes = reason, .capacity = sizeof(reason) };
	struct egress_text answer = { .bytes = malloc(room), .capacity = room };
	int32_t status;

	must(answer.bytes != NULL);
	status = plugin->resolve(instance, request, &answer, &error);
	must(status != EGRESS_PLUGIN_DONE || strlen(answer.bytes) + 1 == answer.needed);
	must((status != EGRESS_PLUGIN_BUFFER_SMALL || answer.needed > room) && status != EGRESS_PLUGIN_BAD_CONFIG);
	free(answer.bytes);
	*needed = answer.needed;
	return status;
}

/* With room enough, with a byte too few, and with just enough. */
static void resolve(const struct egress_plugin *plugin, void *instance, const char *request)
{
	size_t needed, again;

	if (ask(plugin, instance, request, 8192, &needed) != EGRESS_PLUGIN_DONE)
		return;
	must(ask(plugin, instance, request, needed - 1, &again) == EGRESS_PLUGIN_BUFFER_SMALL && again == needed);
	must(ask(plugin, instance, request, needed, &again) == EGRESS_PLUGIN_DONE && again == needed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct egress_plugin *plugin = egress_plugin_v1();
	char reason[40];
	struct egress_text error = { .bytes = reason, .capacity = sizeof(reason) };
	char *config = malloc(size + 2);
	void *instance = NULL;
	const char *request;
	int32_t status;

	if (!config)
		return 0;
	if (size > 0)
		memcpy(config, data, size);
	memcpy(config + size, "\0", 2);
	request = config + strlen(config) + (strlen(config) < size);
	status = plugin->open(NULL, config, &instance, &error);
	must((status == EGRESS_PLUGIN_DONE) == (instance != NULL));
	if (status == EGRESS_PLUGIN_DONE) {
		resolve(plugin, instance, request);
		if (plugin->facts)
			plugin->facts(instance, request);
	}
	plugin->close(&instance);
	free(config);
	return 0;
}
