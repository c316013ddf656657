// SPDX-License-Identifier: Apache-2.0

/// C text of a module that does what a test needs, and nothing well.
struct ModuleSource {
    var name: String
    /// Body of `open`; `config_json`, `instance`, `error` and `host` are there.
    var open = "*instance = (void *)1; return 0;"
    /// Body of `resolve`; `request_json`, `answer` and `error` are there, and `say(text, format, …)`.
    var resolve = "say(answer, \"{\\\"ipv4\\\":[\\\"198.51.100.7\\\"]}\"); return 0;"
    var facts = "return 0;"
    /// Before `*instance` is set to NULL.
    var close = ""
    /// Members of the table that replace the usual ones.
    var table = ""
    /// Before everything else.
    var before = ""

    var text: String {
        """
        #define _GNU_SOURCE
        #include "egress_plugin.h"
        #include <errno.h>
        #include <fcntl.h>
        #include <pthread.h>
        #include <signal.h>
        #include <stdarg.h>
        #include <stdio.h>
        #include <stdlib.h>
        #include <string.h>
        #include <sys/mman.h>
        #include <sys/prctl.h>
        #include <sys/resource.h>
        #include <sys/socket.h>
        #include <sys/stat.h>
        #include <sys/syscall.h>
        #include <sys/wait.h>
        #include <unistd.h>

        static const struct egress_host *kept;
        __attribute__((unused)) static int32_t say(struct egress_text *text, const char *format, ...)
        {
            va_list arguments;
            va_start(arguments, format);
            text->needed = (size_t)vsnprintf(text->bytes, text->capacity, format, arguments) + 1;
            va_end(arguments);
            return text->needed > text->capacity ? EGRESS_PLUGIN_BUFFER_SMALL : EGRESS_PLUGIN_DONE;
        }
        \(before)
        static int32_t my_open(const struct egress_host *host, const char *config_json, void **instance, struct egress_text *error)
        {
            kept = host;
            \(open)
        }
        static int32_t my_resolve(void *instance, const char *request_json, struct egress_text *answer, struct egress_text *error)
        {
            \(resolve)
        }
        static int32_t my_facts(void *instance, const char *facts_json) { \(facts) }
        static void my_close(void **instance) { \(close) *instance = NULL; }
        #pragma GCC diagnostic ignored "-Woverride-init"
        static const struct egress_plugin table = {
            .size = sizeof(table), .abi = EGRESS_PLUGIN_ABI, .name = "\(name)", .version = "1.0",
            .open = my_open, .resolve = my_resolve, .facts = my_facts, .close = my_close, \(table)
        };
        const struct egress_plugin *egress_plugin_v1(void) { return &table; }
        """
    }
}
