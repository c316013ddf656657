// SPDX-License-Identifier: Apache-2.0
import EgressModel
import EgressPlan
import PluginHost
import TestKit
import Testing

/// What the header promises to a module, and what a module's statuses become.
@Suite(.requires(.lab))
struct StatusCodeTests {
    private func resolve(_ source: ModuleSource, config: String = "{}") async throws -> PluginAnswer {
        let folder = try ModuleFolder()
        try folder.compile("module", source.text)
        return try await folder.host().resolve(strategy: source.name, requestJSON: "{\"config\":\(config)}")
    }

    @Test(arguments: [
        ("EGRESS_PLUGIN_RETRY", "plugin_retry", "because"), ("EGRESS_PLUGIN_BAD_CONFIG", "plugin_refused", "because"),
        ("EGRESS_PLUGIN_NO_ADDRESS", "plugin_no_address", "because"), ("5", "plugin_failed", "because (status 5)"),
        ("100", "plugin_failed", "because (status 100)"), ("-1", "plugin_failed", "because (status -1)"),
    ])
    func `each status is an error of its own`(status: String, code: String, words: String) async throws {
        let body = "say(error, \"because\"); return \(status);"
        await expect(code, words) { _ = try await resolve(ModuleSource(name: "m", resolve: body)) }
        await expect(code, words) { _ = try await resolve(ModuleSource(name: "m", open: body)) }
    }

    @Test func `a failure without a reason has its status`() async throws {
        await expect("plugin_failed", "status 7, without a reason") { _ = try await resolve(ModuleSource(name: "m", resolve: "return 7;")) }
    }

    @Test func `an error text longer than its room is cut`() async throws {
        let body = "char long_text[9000]; memset(long_text, 'x', 8999); long_text[8999] = 0; say(error, \"%s\", long_text); return 2;"
        await expect("plugin_refused", "xxxx") { _ = try await resolve(ModuleSource(name: "m", resolve: body)) }
    }

    @Test func `a long answer gets the room that it asks for`() async throws {
        let body = "return say(answer, \"{\\\"ipv4\\\":[\\\"198.51.100.7\\\"],\\\"pad\\\":\\\"%060000d\\\"}\", 0);"
        #expect(try await resolve(ModuleSource(name: "m", resolve: body)).ipv4 == [try address("198.51.100.7")])
    }

    @Test(arguments: [
        ("answer->needed = 10 << 20; return 4;", "10485760 bytes; 65536 are allowed"),
        ("answer->needed = answer->capacity + 1; return 4;", "asks for more room each time"),
        ("answer->needed = 3; return 4;", "needs none"),
        ("memset(answer->bytes, 'x', answer->capacity); return 0;", "no UTF-8 text that ends with NUL"),
        ("say(answer, \"{\\\"interface\\\":\\\"\\xff\\\"}\"); return 0;", "no UTF-8 text"),
        ("return 0;", "line 1, column 1"),
        ("say(answer, \"[]\"); return 0;", "must be an object"),
        ("say(answer, \"{\\\"ipv4\\\":\\\"198.51.100.7\\\"}\"); return 0;", "ipv4: must be a list"),
        ("say(answer, \"{\\\"ipv4\\\":[\\\"2001:db8::1\\\"]}\"); return 0;", "ipv4[0]: \"2001:db8::1\" is not"),
        ("say(answer, \"{\\\"ipv4\\\":[\\\"127.0.0.1\\\"]}\"); return 0;", "ipv4[0]"),
        ("say(answer, \"{\\\"ipv4\\\":[],\\\"interface\\\":\\\"a/b\\\"}\"); return 0;", "interface"),
        ("say(answer, \"{\\\"validSeconds\\\":0}\"); return 0;", "validSeconds: must be at least 1"),
        ("say(answer, \"{\\\"claim\\\":true}\"); return 0;", "claim: is true without an interface"),
    ])
    func `an answer that can't be used says why`(body: String, words: String) async throws {
        await expect("plugin_failed", words) { _ = try await resolve(ModuleSource(name: "m", resolve: body)) }
    }

    @Test func `a configuration has one instance, and a module gets it as it stands`() async throws {
        let folder = try ModuleFolder()
        // The answer's seconds: how many instances were opened.
        try folder.compile(
            "m",
            ModuleSource(
                name: "m", open: "opened++; *instance = strdup(config_json); return 0;",
                resolve: "return say(answer, \"{\\\"validSeconds\\\":%d,\\\"interface\\\":\\\"%zu\\\"}\", opened, strlen(instance));",
                before: "static int opened;"
            ).text)
        let host = try folder.host()
        func ask(_ config: String) async throws -> PluginAnswer {
            try await host.resolve(strategy: "m", requestJSON: "{\"config\":\(config)}")
        }
        #expect(try await ask(#"{"a":1,"b":2}"#) == PluginAnswer(version: "1.0", interface: "13", validSeconds: 1))
        #expect(try await ask(#"{"b": 2, "a": 1}"#) == PluginAnswer(version: "1.0", interface: "13", validSeconds: 1))
        #expect(try await ask(#"{"a":2}"#).validSeconds == 2)
        for number in 0..<100 { _ = try await ask("{\"n\":\(number)}") }
        #expect(try await ask(#"{"n":99}"#).validSeconds == 102)
        #expect(try await ask(#"{"a":1,"b":2}"#).validSeconds == 103, "the oldest instance was closed")
    }

    @Test func `an older table lacks functions, a newer one has more`() async throws {
        let older = ModuleSource(name: "m", table: ".size = offsetof(struct egress_plugin, facts), .facts = (void *)1, .close = (void *)1,")
        #expect(try await resolve(older).ipv4.count == 1)
        let newer = ModuleSource(name: "m", table: ".size = sizeof(table) + 64, .abi = 2,")
        #expect(try await resolve(newer).ipv4.count == 1)
    }

    @Test func `a module is told what changed, and may write to the log`() async throws {
        let folder = try ModuleFolder()
        try folder.compile(
            "m",
            ModuleSource(
                name: "m", resolve: "puts(\"printed\"); fflush(stdout); return say(answer, \"{\\\"validSeconds\\\":%d}\", told);",
                facts: "told = atoi(facts_json); kept->log(kept->context, EGRESS_PLUGIN_WARNING, \"told\\n\\x1b[2J\"); return 0;",
                before: "static int told = 1;"
            ).text)
        let log = LogLines()
        let host = try folder.host(log: log)
        #expect(try await host.resolve(strategy: "m", requestJSON: "{}").validSeconds == 1)
        host.factsChanged("42")
        #expect(try await host.resolve(strategy: "m", requestJSON: "{}").validSeconds == 42)
        #expect(log.lines.contains("warning: told  [2J"), "\(log.lines)")
        #expect(log.lines.contains("info: printed"))
    }
}
