// SPDX-License-Identifier: Apache-2.0

/// C text of a module that passes every check, with places where a test makes it fail one.
struct ConformingSource {
    /// Before everything else.
    var before = ""
    /// First in `open`; `host`, `config_json`, `instance` and `error` are there.
    var opening = ""
    /// When the configuration is `{}`.
    var opened = "*instance = calloc(1, 32); return 0;"
    /// When it is another.
    var refused = "return say(error, 2, \"no such configuration: %.300s\", config_json);"
    /// First in `resolve`; `instance`, `request_json`, `answer` and `error` are there.
    var resolving = ""
    /// When IPv4 was asked for.
    var answering = "return good(answer);"
    var facts = "return 0;"
    var closing = "free(*instance); *instance = NULL;"
    var entry = "return &table;"
    /// Members of the table that replace the usual ones.
    var table = ""

    var text: String {
        """
        #define _GNU_SOURCE
        #include "egress_plugin.h"
        #include <fcntl.h>
        #include <pthread.h>
        #include <stdarg.h>
        #include <stdio.h>
        #include <stdlib.h>
        #include <string.h>
        #include <sys/wait.h>
        #include <unistd.h>

        __attribute__((unused)) static const struct egress_host *kept;
        __attribute__((unused)) static int32_t say(struct egress_text *text, int32_t status, const char *format, ...)
        {
            va_list arguments;
            va_start(arguments, format);
            text->needed = (size_t)vsnprintf(text->bytes, text->capacity, format, arguments) + 1;
            va_end(arguments);
            return status == 0 && text->needed > text->capacity ? EGRESS_PLUGIN_BUFFER_SMALL : status;
        }
        __attribute__((unused)) static int32_t good(struct egress_text *answer)
        {
            return say(answer, 0, "{\\"ipv4\\":[\\"198.51.100.7\\"]}");
        }
        static int asks_for_ipv4(const char *request)
        {
            const char *families = strstr(request, "\\"families\\":["), *end = families ? strchr(families, ']') : NULL;
            const char *family = families ? strstr(families, "\\"ipv4\\"") : NULL;
            return end && family && family < end;
        }
        \(before)
        static int32_t my_open(const struct egress_host *host, const char *config_json, void **instance, struct egress_text *error)
        {
            *instance = NULL;
            kept = host;
            \(opening)
            if (strcmp(config_json, "{}") != 0) { \(refused) }
            \(opened)
        }
        static int32_t my_resolve(void *instance, const char *request_json, struct egress_text *answer, struct egress_text *error)
        {
            \(resolving)
            if (!asks_for_ipv4(request_json)) return say(error, 3, "there is IPv4 only");
            \(answering)
        }
        static int32_t my_facts(void *instance, const char *facts_json) { \(facts) }
        static void my_close(void **instance) { \(closing) }
        #pragma GCC diagnostic ignored "-Woverride-init"
        static const struct egress_plugin table = {
            .size = sizeof(table), .abi = EGRESS_PLUGIN_ABI, .name = "conforming", .version = "1.0",
            .open = my_open, .resolve = my_resolve, .facts = my_facts, .close = my_close, \(table)
        };
        __attribute__((visibility("default"))) const struct egress_plugin *egress_plugin_v1(void) { \(entry) }
        """
    }

    /// A module that does this when it is asked, and else nothing wrong.
    static func resolving(_ code: String) -> Self { Self(resolving: code) }
    static func answering(_ code: String) -> Self { Self(answering: code) }

    /// A module that answers with this text.
    static func answer(_ json: String) -> Self {
        Self(answering: "return say(answer, 0, \"%s\", \"\(json.replacing("\"", with: "\\\""))\");")
    }
}
