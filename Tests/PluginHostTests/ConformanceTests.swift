// SPDX-License-Identifier: Apache-2.0
import Glibc
import TestKit
import Testing

@testable import PluginHost

/// The conformance suite finds what a module does wrong, and nothing else.
@Suite struct ConformanceTests {
    private func check(
        _ source: ConformingSource, options: [String] = ["-fvisibility=hidden"], config: String = "{}", call: Duration = .seconds(2)
    ) async throws -> PluginCheckReport {
        try await Aside.run {
            let folder = try ModuleFolder()
            try folder.compileC("m", source.text, options: options)
            return try folder.blockingCheck("m", config: config, call: call)
        }
    }

    private func verdicts(_ report: PluginCheckReport, _ verdict: PluginCheckReport.Verdict) -> [String] {
        report.results.filter { $0.verdict == verdict }.map(\.check.rawValue)
    }

    @Test func `a module without a fault passes every check`() async throws {
        let report = try await check(ConformingSource())
        #expect(report.hasPassed)
        let others = report.results.filter { $0.verdict != .pass && $0.check != .place }
        #expect(others.isEmpty, "\(report.text())")
        #expect(report.name == "conforming" && report.version == "1.0")
    }

    @Test(arguments: BadModule.all)
    func `a module that breaks one promise fails that check alone`(bad: BadModule) async throws {
        let report = try await check(bad.source, call: .seconds(1))
        #expect(verdicts(report, .fail) == [bad.check], "\(report.text())")
        let said = report.results.flatMap(\.findings).map(\.what).joined(separator: "\n")
        #expect(said.contains(bad.words), "\(said)")
        #expect(!report.hasPassed)
    }

    @Test func `every check but those of the file has a module that fails it`() {
        let known = Set(BadModule.all.map(\.check))
        #expect(ConformanceCheck.allCases.map(\.rawValue).filter { !known.contains($0) } == ["file", "place"])
    }

    @Test(arguments: [
        ("#!/bin/sh\n", "it has 10 bytes"), (String(repeating: "text\n", count: 50), "it isn't ELF"),
        ("\u{7F}ELF" + String(repeating: "\u{2}", count: 80), "not for 64 bits"),
    ])
    func `a file that is no shared object is said to be none`(content: String, words: String) async throws {
        let folder = try ModuleFolder()
        try folder.write(content, to: "m.so")
        let report = try await folder.check("m")
        #expect(verdicts(report, .fail) == ["file"])
        #expect(report.text().replacing("\n", with: " ").contains(words), "\(report.text())")
        #expect(verdicts(report, .skip).count == ConformanceCheck.allCases.count - 1)
    }

    @Test func `a module for another machine, a program, and a shared object that is cut aren't loaded`() async throws {
        let folder = try ModuleFolder()
        try folder.compileC("m", ConformingSource().text)
        try run("/bin/sh", ["-ec", "printf '\\363' | dd of=\(folder.file("m.so")) bs=1 seek=18 conv=notrunc"])
        #expect(try await folder.check("m").results.first?.findings.first?.what.contains("for another machine (ELF machine 243)") == true)
        try run(
            "/bin/sh",
            ["-ec", "cp /bin/true \(folder.file("m.so")); printf '\\002' | dd of=\(folder.file("m.so")) bs=1 seek=16 conv=notrunc"])
        #expect(try await folder.check("m").results.first?.findings.first?.what.contains("of another type") == true)
        try folder.compileC("n", ConformingSource().text)
        try run("/bin/sh", ["-ec", "head -c 2000 \(folder.file("n.so")) >\(folder.file("m.so"))"])
        #expect(verdicts(try await folder.check("m"), .fail) == ["file"])
    }

    @Test(
        .requires(.lab),
        arguments: [
            ("chmod o+w m.so", "can be written by others than root"), ("chown nobody m.so", "belongs to user 65534"),
            ("chmod o-r m.so", "nobody, who can't read"), ("chmod 700 .", "nobody, who can't read"),
        ])
    func `a place from which the helper would not load is a warning`(script: String, words: String) async throws {
        let folder = try ModuleFolder()
        try folder.compileC("m", ConformingSource().text)
        try run("/bin/sh", ["-ec", "cd \(folder.path); \(script)"])
        let report = try await folder.check("m")
        #expect(report.hasPassed, "\(report.text())")
        #expect(verdicts(report, .warn) == ["place"])
        #expect(report.results.flatMap(\.findings).map(\.what).joined().contains(words))
    }

    @Test func `an older and a newer table are worth a word, and no failure`() async throws {
        let older = try await check(ConformingSource(table: ".size = offsetof(struct egress_plugin, facts),"))
        #expect(older.hasPassed && verdicts(older, .skip) == ["facts", "close", "leaks"], "\(older.text())")
        #expect(older.results.first { $0.check == .table }?.findings.first?.what.contains("table of 48 bytes; version 1 has 64") == true)
        let newer = try await check(ConformingSource(table: ".size = sizeof(table) + 64, .abi = 2, .flags = 8,"))
        #expect(newer.hasPassed && verdicts(newer, .skip).isEmpty, "\(newer.text())")
        #expect(newer.results.first { $0.check == .table }?.findings.first?.what.contains("is newer than this program: version 2") == true)
        let without = try await check(ConformingSource(table: ".facts = NULL,"))
        #expect(without.hasPassed && verdicts(without, .skip) == ["facts"], "\(without.text())")
    }

    @Test func `an address that isn't there is worth a word, and the answer's checks are skipped`() async throws {
        let report = try await check(.resolving("return say(error, 3, \"none \\x1b[2J here\");"))
        #expect(report.hasPassed)
        #expect(verdicts(report, .warn).contains("resolve"))
        #expect(verdicts(report, .skip) == ["answer", "families", "newer-request", "answer-buffers"])
        #expect(!report.text().unicodeScalars.contains("\u{1B}"))
    }

    @Test func `the report has 80 columns and a word for each verdict`() async throws {
        let report = try await check(ConformingSource(opening: "puts(\"x\");", resolving: "return 7;"))
        let lines = report.text().split(separator: "\n")
        #expect(lines.dropFirst().allSatisfy { $0.count <= 80 }, "\(report.text())")
        #expect(lines.contains { $0.hasPrefix("PASS  symbols: ") } && lines.contains { $0.hasPrefix("FAIL  resolve: ") })
        #expect(lines.contains { $0.hasPrefix("SKIP  answer, families") } && lines.contains { $0.hasPrefix("      do: ") })
        #expect(lines.last?.contains("2 failed") == true)
    }

    @Test(arguments: ["{", "[]", "7", ""])
    func `a configuration or a request that is no object is the caller's fault`(text: String) {
        #expect(throws: PluginCheck.Misused.self) { _ = try PluginCheck(executable: "/nowhere", module: "/m.so", config: text) }
        #expect(throws: PluginCheck.Misused.self) { _ = try PluginCheck(executable: "/nowhere", module: "/m.so", request: text) }
    }

    @Test func `no process is left of a module that starts some and hangs`() async throws {
        let folder = try ModuleFolder()
        let fork = "if (fork() == 0) { if (fork() == 0) for (;;) pause(); _exit(0); } for (;;) pause();"
        try folder.compileC("m", ConformingSource.resolving(fork).text)
        _ = try await folder.check("m", call: .milliseconds(500))
        let left = try? Command.run(["pgrep", "-f", folder.path])
        #expect(left == nil, "\(left ?? "")")
    }
}

extension ModuleFolder {
    /// Compiles C text into `name.so`.
    func compileC(_ name: String, _ source: String, options: [String] = ["-fvisibility=hidden"]) throws {
        try write(source, to: "\(name).c")
        try run(
            "/usr/bin/cc",
            ["-std=gnu11", "-Wall", "-fPIC", "-shared", "-pthread", "-I\(project)/plugins/include"] + options
                + [file("\(name).c"), "-o", file("\(name).so")])
    }

    func check(_ name: String, config: String = "{}", request: String? = nil, call: Duration = .seconds(2)) async throws
        -> PluginCheckReport
    {
        try await Aside.run { try self.blockingCheck(name, config: config, request: request, call: call) }
    }

    func blockingCheck(_ name: String, config: String = "{}", request: String? = nil, call: Duration = .seconds(2)) throws
        -> PluginCheckReport
    {
        try PluginCheck(
            executable: "\(Programs.folder)/PluginHostLauncher", module: file("\(name).so"), config: config, request: request, call: call
        ).run()
    }
}
