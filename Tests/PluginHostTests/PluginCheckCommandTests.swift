// SPDX-License-Identifier: Apache-2.0
import JSONText
import TestKit
import Testing

/// `egress-helper plugin-check`, and `plugins/conformance/run`, as an author types them.
@Suite struct PluginCheckCommandTests {
    private func modules() throws -> ModuleFolder {
        let folder = try ModuleFolder()
        try folder.compileC("good", ConformingSource().text)
        try folder.compileC("bad", ConformingSource(answering: "*(volatile int *)8 = 1; return 0;").text)
        return folder
    }

    private func check(_ words: [String]) async throws -> CommandOutcome {
        try await outcome(["\(Programs.folder)/egress-helper", "plugin-check"] + words)
    }

    private func outcome(_ words: [String], environment: [String: String] = [:]) async throws -> CommandOutcome {
        try await Aside.run { try Command.outcome(words, environment: environment) }
    }

    @Test func `it ends with 0 when nothing is wrong, and with 1 when something is`() async throws {
        let folder = try modules()
        let good = try await check([folder.file("good.so")])
        #expect(good.status == 0, "\(good.output)\(good.errors)")
        #expect(good.output.hasPrefix("conforming 1.0, \(folder.path)/good.so\n\nPASS  file: "))
        let bad = try await check([folder.file("bad.so")])
        #expect(bad.status == 1)
        #expect(bad.output.contains("FAIL  resolve: crashed: Segmentation fault in resolve\n      do: "), "\(bad.output)")
        #expect(try await check([folder.file("nothing.so")]).status == 1)
    }

    @Test func `a configuration and a request come as text or as a file`() async throws {
        let folder = try modules()
        try folder.write("{\"a\": 1}", to: "config.json")
        try folder.write(#"{"families": ["ipv6"]}"#, to: "request.json")
        let refused = try await check([folder.file("good.so"), "@\(folder.file("config.json"))"])
        #expect(refused.status == 1 && refused.output.contains("open refused the configuration {\"a\":1}"), "\(refused.output)")
        let other = try await check([folder.file("good.so"), "{}", "--request", "@\(folder.file("request.json"))"])
        #expect(
            other.status == 0 && other.output.contains("WARN  resolve: resolve answered status 3 (no address): there is IPv4 only"),
            "\(other.output)")
    }

    @Test(arguments: [
        (["m.so", "{"], "the configuration is not JSON"), (["m.so", "[]"], "the configuration must be a JSON object, not a list"),
        (["m.so", "@/nonexistent"], "/nonexistent can't be read: No such file"), (["m.so", "{}", "--request", "7"], "the request must be"),
        (["m.so", "-o", "yaml"], "yaml"), ([], "module"),
    ])
    func `what it can't take it says, with 64`(words: [String], text: String) async throws {
        let outcome = try await check(words)
        #expect(outcome.status == 64 && outcome.errors.contains(text), "\(outcome.status) \(outcome.errors)")
    }

    @Test func `a machine can read it`() async throws {
        let folder = try modules()
        let outcome = try await check([folder.file("bad.so"), "-o", "json"])
        let report = try JSONValue(parsing: outcome.output)
        #expect(outcome.status == 1 && report["passed"] == false && report["name"] == "conforming")
        let resolve = try #require(report["checks"]?.arrayValue?.first { $0["name"] == "resolve" })
        #expect(resolve["verdict"] == "FAIL" && resolve["findings"]?[0]?["what"]?.stringValue?.hasPrefix("crashed") == true)
    }

    @Test func `an author's entry finds the program and examples, and checks several modules`() async throws {
        let folder = try modules()
        let run = "\(project)/plugins/conformance/run"
        let environment = ["EGRESS_HELPER": "\(Programs.folder)/egress-helper"]
        let both = try await outcome([run, folder.file("good.so"), folder.file("bad.so")], environment: environment)
        #expect(both.status == 1 && both.output.contains("0 failed") && both.output.contains("1 failed"), "\(both.output)\(both.errors)")
        #expect(try await outcome([run, folder.file("good.so"), "{}"], environment: environment).status == 0)
        try folder.write("{\"b\": 1}", to: "good.config.json")
        let beside = try await outcome([run, folder.file("good.so")], environment: environment)
        #expect(beside.status == 1 && beside.output.contains("open refused the configuration {\"b\":1}"), "\(beside.output)")
        #expect(try await outcome([run], environment: environment).status == 64)
    }

    @Test func `each module of this project passes`() async throws {
        try Command.run(["make", "-s", "-C", project, "plugins"])
        let run = "cd \(project) && exec plugins/conformance/run .build/plugins/*.so"
        let outcome = try await outcome(["/bin/sh", "-c", run], environment: ["EGRESS_HELPER": "\(Programs.folder)/egress-helper"])
        #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
    }
}
