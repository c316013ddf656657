// SPDX-License-Identifier: Apache-2.0
import EgressModel
import EgressPlan
import TestKit
import Testing

@testable import PluginHost

/// `plugins/sample`: every status, table and size, through the real host and through the conformance suite.
@Suite(.requires(.lab))
struct SampleModuleTests {
    private func folder(_ options: [String] = []) throws -> ModuleFolder {
        let folder = try ModuleFolder()
        try Command.run(
            ["cc", "-std=c11", "-O2", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fPIC", "-shared", "-fvisibility=hidden"] + options
                + [
                    "-I\(project)/plugins/include", "\(project)/plugins/sample/sample.c", "\(project)/plugins/sample/scan.c", "-o",
                    folder.file("sample.so"),
                ])
        return folder
    }

    private func resolve(_ folder: ModuleFolder, _ fields: String = "") async throws -> PluginAnswer {
        try await folder.host().resolve(strategy: "sample", requestJSON: Self.request(fields))
    }

    private static func config(_ fields: String) -> String { "{\"address\":\"198.51.100.7\"\(fields.isEmpty ? "" : ",")\(fields)}" }
    private static func request(_ fields: String) -> String { "{\"families\":[\"ipv4\"],\"config\":\(config(fields))}" }

    @Test func `it passes every check`() async throws {
        let report = try await folder().check("sample", config: Self.config(""))
        #expect(report.results.allSatisfy { $0.verdict == .pass }, "\(report.text())")
    }

    @Test(arguments: [
        (1, "plugin_retry", "told so"), (2, "plugin_refused", "told so"), (3, "plugin_no_address", "told so"),
        (5, "plugin_failed", "told so (status 5)"), (50, "plugin_failed", "told so (status 50)"),
        (99, "plugin_failed", "told so (status 99)"), (100, "plugin_failed", "told so (status 100)"),
        (1000, "plugin_failed", "told so (status 1000)"),
    ])
    func `each status of resolve and of open has its meaning`(status: Int, code: String, words: String) async throws {
        let folder = try folder()
        await expect(code, words) { _ = try await resolve(folder, "\"resolve\":\(status),\"text\":\"told so\"") }
        await expect(code, words) { _ = try await resolve(folder, "\"open\":\(status),\"text\":\"told so\"") }
        let isReserved = (5...99).contains(status)
        let ofResolve = try await folder.check("sample", config: Self.config("\"resolve\":\(status)"))
        #expect(ofResolve.verdict(.resolve) == (isReserved ? .fail : .warn), "\(ofResolve.text())")
        #expect(ofResolve.hasPassed == !isReserved, "\(ofResolve.text())")
        let ofOpen = try await folder.check("sample", config: Self.config("\"open\":\(status)"))
        #expect(ofOpen.verdict(.open) == .fail, "\(ofOpen.text())")
    }

    @Test func `status 0 is an answer, and status 4 makes the host ask once more`() async throws {
        let folder = try folder()
        #expect(try await resolve(folder).ipv4 == [try address("198.51.100.7")])
        #expect(try await resolve(folder, "\"validSeconds\":60").validSeconds == 60)
        await expect("plugin_failed", "asks for more room") { _ = try await resolve(folder, "\"resolve\":4") }
    }

    @Test(arguments: [0, 8150, 8192, 30000, 65509])
    func `an answer of up to 64 KiB is taken`(padding: Int) async throws {
        #expect(try await resolve(folder(), "\"padding\":\(padding)").ipv4.count == 1)
    }

    @Test(arguments: [65511, 1_000_000])
    func `a longer answer is said to be too long`(padding: Int) async throws {
        let folder = try folder()
        await expect("plugin_failed", "\(padding + 26) bytes; 65536 are allowed") {
            _ = try await resolve(folder, "\"padding\":\(padding)")
        }
        let report = try await folder.check("sample", config: Self.config("\"padding\":\(padding)"))
        #expect(report.results.first { $0.verdict == .fail }?.findings.first?.what.contains("needs \(padding + 26) bytes") == true)
    }

    @Test func `an error text longer than its room is cut, and the host takes what there is`() async throws {
        let text = String(repeating: "é", count: 2000)
        await expect("plugin_no_address", "éééé") { _ = try await resolve(folder(), "\"resolve\":3,\"text\":\"\(text)\"") }
    }

    @Test(arguments: [
        (["-DSAMPLE_SIZE=offsetof(struct egress_plugin, facts)"], 3), (["-DSAMPLE_SIZE=sizeof(table)", "-DSAMPLE_ABI=2"], 0),
        (["-DSAMPLE_TABLE=.open = sample_open, .resolve = sample_resolve,"], 1),
    ])
    func `an older module, a newer one and one without facts are used`(options: [String], skipped: Int) async throws {
        let folder = try folder(options + ["-Wno-unused-function"])
        let host = try folder.host()
        #expect(try await host.resolve(strategy: "sample", requestJSON: Self.request("")).ipv4.count == 1)
        host.factsChanged(#"{"interfaces":[],"defaultRoute":{"ipv4":null,"ipv6":null}}"#)
        #expect(try await host.resolve(strategy: "sample", requestJSON: Self.request("")).ipv4.count == 1)
        let report = try await folder.check("sample", config: Self.config(""))
        #expect(report.hasPassed && report.results.count { $0.verdict == .skip } == skipped, "\(report.text())")
    }

    @Test(arguments: [("open", "resolve"), ("resolve", "open")])
    func `a module without open or without resolve is refused`(left: String, missing: String) async throws {
        let folder = try folder(["-DSAMPLE_TABLE=.\(left) = sample_\(left),", "-Wno-unused-function"])
        let status = try #require(await folder.host().list().first)
        #expect(!status.isHealthy && status.reason?.contains("has no open or no resolve") == true, "\(status.reason ?? "")")
        let report = try await folder.check("sample", config: Self.config(""))
        #expect(report.results.first { $0.verdict == .fail }?.findings.first?.what == "has no \(missing)")
    }

    @Test func `what facts return is logged, and has no other effect`() async throws {
        let (folder, log) = (try folder(), LogLines())
        let host = try folder.host(log: log)
        let request = Self.request("\"facts\":100")
        #expect(try await host.resolve(strategy: "sample", requestJSON: request).ipv4.count == 1)
        host.factsChanged("{}")
        #expect(try await host.resolve(strategy: "sample", requestJSON: request).ipv4.count == 1)
        #expect(log.lines.contains("warning: facts: status 100") && log.lines.contains("info: was told facts"), "\(log.lines)")
    }

    @Test(arguments: [
        (#"{"adress":"198.51.100.7"}"#, "adress: there is no such field"), (#"{}"#, "address: is missing"),
        (#"{"address":7}"#, "address: must be an IPv4 address"), (#"{"address":"198.51.100.7","open":-1}"#, "open: must be a whole number"),
        (#"{"address":"198.51.100.7","open":1001}"#, "open: must be"), (#"{"address":"198.51.100.7","padding":1.5}"#, "padding: must be"),
        (#"{"address":"198.51.100.7","text":""}"#, "text: must be"), (#"[]"#, "must be a JSON object"),
    ])
    func `a configuration that its schema doesn't allow is refused by name`(config: String, words: String) async throws {
        let folder = try folder()
        await expect("plugin_refused", words) {
            _ = try await folder.host().resolve(strategy: "sample", requestJSON: "{\"config\":\(config)}")
        }
    }
}
