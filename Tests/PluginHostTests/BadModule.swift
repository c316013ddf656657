// SPDX-License-Identifier: Apache-2.0

/// A module that fails one check, and no other.
struct BadModule: Sendable, CustomStringConvertible {
    var check: String
    /// A part of what is said.
    var words: String
    var source: ConformingSource

    var description: String { "\(check): \(words)" }

    init(_ check: String, _ words: String, _ source: ConformingSource) {
        (self.check, self.words, self.source) = (check, words, source)
    }

    static let all: [BadModule] = files + tables + configurations + requests + buffers + lives

    private static let files = [
        BadModule(
            "symbols", "exports more than egress_plugin_v1: other",
            ConformingSource(before: "__attribute__((visibility(\"default\"))) int other(void) { return 1; }")),
        BadModule("load", "undefined symbol: missing", ConformingSource(before: "extern int missing(void); int (*used)(void) = missing;")),
        BadModule(
            "load", "crashed: Aborted in load", ConformingSource(before: "__attribute__((constructor)) static void c(void) { abort(); }")),
        BadModule(
            "load", "with status 3 in load", ConformingSource(before: "__attribute__((constructor)) static void c(void) { _exit(3); }")),
        BadModule(
            "load", "within 2.5 s from load", ConformingSource(before: "__attribute__((constructor)) static void c(void) { pause(); }")),
        BadModule("load", "returned NULL", ConformingSource(entry: "return 0 ? &table : NULL;")),
    ]

    private static let tables = [
        BadModule("table", "table has 16 bytes", ConformingSource(table: ".size = 16,")),
        BadModule("table", "table has 1099511627776 bytes", ConformingSource(table: ".size = 1UL << 40,")),
        BadModule("table", "version 0 of the interface", ConformingSource(table: ".abi = 0,")),
        BadModule("table", "flags 4", ConformingSource(table: ".flags = 4,")),
        BadModule("table", "no proper name", ConformingSource(table: ".name = \"Not A Name\",")),
        BadModule("table", "has no version", ConformingSource(table: ".version = \"\",")),
        BadModule("table", "has no open", ConformingSource(table: ".open = NULL,")),
        BadModule("table", "has no resolve", ConformingSource(table: ".resolve = NULL,")),
        BadModule("table", "has no close", ConformingSource(table: ".close = NULL,")),
        BadModule(
            "same-table", "another address",
            ConformingSource(entry: "static struct egress_plugin copies[2]; static int n; copies[n & 1] = table; return &copies[n++ & 1];")),
        BadModule(
            "same-table", "table changed",
            ConformingSource(
                entry: "static struct egress_plugin copy; static int n; copy = table; if (n++) copy.version = \"2\"; return &copy;")),
    ]

    private static let configurations = [
        BadModule("open", "returned status 5", ConformingSource(opened: "return 5;")),
        BadModule("open", "returned status 3", ConformingSource(opened: "return 3;")),
        BadModule("open", "open returned 0 and no instance", ConformingSource(opened: "return 0;")),
        BadModule("open", "left *instance", ConformingSource(opened: "*instance = (void *)1; return say(error, 2, \"no\");")),
        BadModule(
            "open", "refused the configuration {} with status 2 (bad configuration): no",
            ConformingSource(opened: "return say(error, 2, \"no\");")),
        BadModule("open", "crashed: Segmentation fault in open", ConformingSource(opened: "*(volatile int *)8 = 1; return 0;")),
        BadModule("broken-config", "open took its configuration and an x behind it", .opening("{}x")),
        BadModule("broken-config", "without a text", ConformingSource(opening: "if (strcmp(config_json, \"{\") == 0) return 2;")),
        BadModule(
            "broken-config", "with status 1 (retry)", ConformingSource(opening: "if (!*config_json) return say(error, 1, \"empty\");")),
        BadModule("other-config", "open took the configuration null", .opening("null")),
        BadModule("unknown-field", "open took a field no-such-field", .opening("{\\\"no-such-field\\\":1}")),
        BadModule("unknown-field", "doesn't name it", ConformingSource(refused: "return say(error, 2, \"wrong\");")),
        BadModule(
            "large-config", "crashed: Aborted in open with a field of a megabyte",
            ConformingSource(opening: "if (strlen(config_json) > 900000) abort();")),
        BadModule(
            "deep-config", "crashed: Segmentation fault in open with 100,000 brackets",
            ConformingSource(opening: "if (strncmp(config_json, \"[[[\", 3) == 0) raise(11);")),
    ]

    private static let requests = [
        BadModule("resolve", "status 7, which is reserved", .resolving("return 7;")),
        BadModule("resolve", "status 99, which is reserved", .resolving("return 99;")),
        BadModule("resolve", "status -1, which is reserved", .resolving("return -1;")),
        BadModule("resolve", "without a text", .resolving("return 3;")),
        BadModule("resolve", "crashed: Aborted in resolve", .resolving("abort();")),
        BadModule("resolve", "did not return within 1 s from resolve", .resolving("for (;;) pause();")),
        BadModule("resolve", "ended its process with status 0 in resolve; it said: bye", .resolving("fputs(\"bye\", stderr); _exit(0);")),
        BadModule("resolve", "closed descriptor 3", .resolving("close(3);")),
        BadModule("resolve", "wrote on descriptor 3", .resolving("if (write(3, \"x\\n\", 2) < 0) {}")),
        BadModule("resolve", "no UTF-8 text that ends with NUL", .answering("memset(answer->bytes, 'x', answer->capacity); return 0;")),
        BadModule("resolve", "needs 100000 bytes", .answering("return say(answer, 0, \"%099999d\", 0);")),
        BadModule("answer", "must be an object", .answer("[]")),
        BadModule("answer", "line 1, column 2", .answer("{")),
        BadModule("answer", "ipv4[0]", .answer(#"{"ipv4":["2001:db8::1"]}"#)),
        BadModule("answer", "ipv4[0]", .answer(#"{"ipv4":["127.0.0.1"]}"#)),
        BadModule("answer", "claim: is true without an interface", .answer(#"{"ipv4":["198.51.100.7"],"claim":true}"#)),
        BadModule("answer", "validSeconds: must be at least 1", .answer(#"{"ipv4":["198.51.100.7"],"validSeconds":0}"#)),
        BadModule("answer", "has no address", .answer(#"{"ipv4":[],"interface":"eth0"}"#)),
        BadModule(
            "families", "asked for families [ipv6], it answered 198.51.100.7",
            .resolving("return good(answer);")),
        BadModule(
            "same-answer", "different answers to the same request",
            .answering("static int n; return say(answer, 0, \"{\\\"ipv4\\\":[\\\"198.51.100.%d\\\"]}\", 1 + n++ % 200);")),
        BadModule(
            "newer-request", "with fields that it can't know, it answered status 2 (bad configuration): no",
            .resolving("if (strstr(request_json, \"fieldOfLater\")) return say(error, 2, \"no\");")),
        BadModule(
            "no-interfaces", "crashed: Aborted in resolve with no interfaces",
            .resolving("if (strstr(request_json, \"\\\"interfaces\\\":[],\\\"defaultRoute\\\":{\\\"ipv4\\\":null\")) abort();")),
        BadModule("large-request", "from resolve with a megabyte", .resolving("if (strlen(request_json) > 500000) pause();")),
        BadModule(
            "broken-request", "crashed: Aborted in resolve with no text", .resolving("if (!strstr(request_json, \"families\")) abort();")),
    ]

    private static let buffers = [
        BadModule(
            "answer-buffers", "with a buffer of 0 bytes wrote past the end of its buffer",
            .answering(
                "int32_t s = good(answer); if (s == 4) strcpy(answer->bytes, \"{}\"); return s;"
            )),
        BadModule(
            "answer-buffers", "resolve with a buffer of 1 byte wrote past the end",
            .answering("if (answer->capacity > 0) answer->bytes[30] = 0; return good(answer);")
        ),
        BadModule(
            "answer-buffers", "wrote before the start of its buffer",
            .answering(
                "answer->bytes[-1] = answer->capacity < 100 ? 0 : answer->bytes[-1]; return good(answer);"
            )),
        BadModule(
            "answer-buffers", "changed bytes or capacity",
            .answering(
                "int32_t s = good(answer); if (s == 4) answer->capacity = 0, answer->bytes = NULL; return s;"
            )),
        BadModule(
            "answer-buffers", "with a buffer of 0 bytes returned status 0",
            .answering("good(answer); return 0;")),
        BadModule(
            "answer-buffers", "returned status 4; the answer needs 26 bytes, so it must be 0",
            .answering(
                "int32_t s = good(answer); return answer->needed + 1 > answer->capacity ? 4 : s;"
            )),
        BadModule(
            "answer-buffers", "needs 25 bytes; its answer has 26",
            .answering("int32_t s = good(answer); answer->needed--; return s;")),
        BadModule(
            "error-buffers", "open with a list and an error buffer of 0 bytes wrote past the end of its buffer of 0 bytes",
            ConformingSource(
                refused: "error->needed = 1 + sprintf(error->bytes, \"no such configuration: %.300s\", config_json); return 2;")),
        BadModule(
            "error-buffers", "says that its text needs 4 bytes; with NUL it has 5",
            ConformingSource(opening: "if (!strcmp(config_json, \"[]\")) { say(error, 2, \"list\"); error->needed = 4; return 2; }")),
        BadModule(
            "error-buffers", "open with an error buffer of 1 byte wrote a text without NUL",
            ConformingSource(
                opening:
                    "if (!strcmp(config_json, \"[]\")) { say(error, 2, \"list\"); if (error->capacity == 1) *error->bytes = 'l'; return 2; }"
            )),
        BadModule(
            "error-buffers", "returned status 4, and else 3",
            .resolving("if (error->capacity < 100 && !asks_for_ipv4(request_json)) return 4;")),
    ]

    private static let lives = [
        BadModule(
            "instances", "answers otherwise while there is another",
            ConformingSource(
                before: "static int open_now;", opened: "open_now++; *instance = calloc(1, 32); return 0;",
                answering: "return say(answer, 0, \"{\\\"ipv4\\\":[\\\"198.51.100.%d\\\"]}\", open_now);",
                closing: "if (*instance) open_now--; free(*instance); *instance = NULL;")),
        BadModule("facts", "facts with no interfaces returned status 9", ConformingSource(facts: "return 9;")),
        BadModule("facts", "crashed: Aborted in facts with no text", ConformingSource(facts: "if (!*facts_json) abort(); return 0;")),
        BadModule(
            "facts", "otherwise after facts",
            ConformingSource(
                before: "static int told;", answering: "return say(answer, 0, \"{\\\"ipv4\\\":[\\\"198.51.100.%d\\\"]}\", 1 + told);",
                facts: "told = 1; return 0;")),
        BadModule("close", "left *instance", ConformingSource(closing: "free(*instance);")),
        BadModule(
            "close", "crashed: Aborted in close of NULL",
            ConformingSource(closing: "if (!*instance) abort(); free(*instance); *instance = NULL;")),
        BadModule("leaks", "bytes of memory", ConformingSource(closing: "*instance = NULL;")),
        BadModule(
            "leaks", "left 50 descriptors",
            ConformingSource(opened: "*instance = calloc(1, 32); if (open(\"/dev/null\", O_RDONLY) < 0) {} return 0;")),
        BadModule(
            "leaks", "left 1000 threads",
            ConformingSource(
                before: "static void *wait_long(void *p) { sleep(600); return p; }",
                opened: """
                    pthread_t t; pthread_attr_t a; pthread_attr_init(&a); pthread_attr_setstacksize(&a, 16384);
                    pthread_create(&t, &a, wait_long, NULL); pthread_attr_destroy(&a); *instance = calloc(1, 32); return 0;
                    """)),
        BadModule(
            "end", "crashed: Aborted in the end of its process",
            ConformingSource(
                before: "static int open_now; __attribute__((destructor)) static void d(void) { if (open_now) abort(); }",
                opened: "open_now++; *instance = calloc(1, 32); return 0;",
                closing: "if (*instance) open_now--; free(*instance); *instance = NULL;")),
        BadModule(
            "processes", "start", .resolving("pid_t p = fork(); if (p == 0) _exit(0); if (p > 0) waitpid(p, NULL, 0);")),
        BadModule("processes", "start", .resolving("pid_t p = fork(); if (p == 0) { sleep(600); _exit(0); }")),
        BadModule("processes", "start", .resolving("if (system(\"true\") < 0) {}")),
        BadModule(
            "output", "printed 6 bytes on standard output while open was checked: hello",
            ConformingSource(opened: "puts(\"hello\"); *instance = calloc(1, 32); return 0;")),
        BadModule("log", "a level that isn't 0 to 3", ConformingSource(opening: "host->log(host->context, 9, \"x\");")),
        BadModule("log", "NULL or no UTF-8", ConformingSource(opening: "host->log(host->context, 1, \"\\xff\");")),
        BadModule("log", "another context", ConformingSource(opening: "host->log(NULL, 1, \"x\");")),
        BadModule(
            "log", "while no instance was open",
            ConformingSource(
                before: "static void *talk(void *p) { for (;;) { usleep(1000); kept->log(kept->context, 1, \"still here\"); } return p; }",
                opening: "static int runs; pthread_t t; if (!runs++) pthread_create(&t, NULL, talk, NULL);")),
    ]
}

extension ConformingSource {
    /// A module that takes this configuration too.
    fileprivate static func opening(_ config: String) -> Self {
        Self(opening: "if (strcmp(config_json, \"\(config)\") == 0) { *instance = calloc(1, 32); return 0; }")
    }
}
