// SPDX-License-Identifier: Apache-2.0
import EgressModel
import EgressPlan
import Glibc
import TestKit
import Testing

@testable import PluginHost

/// Lists, starts, changes of the node: what becomes of a module as time passes.
@Suite(.requires(.lab))
struct ModuleLifeTests {
    @Test func `a list doesn't wait for modules that hang, nor does another module's first answer`() async throws {
        let folder = try ModuleFolder()
        for name in ["a", "b", "c"] {
            try folder.compile(
                name, ModuleSource(name: name, before: "__attribute__((constructor)) static void c(void) { pause(); }").text)
        }
        try folder.compile("good", ModuleSource(name: "good").text)
        let host = try folder.host(
            patience: PluginPatience(start: .seconds(90), call: .seconds(10), restart: .seconds(60), look: .milliseconds(500)))
        // The tests beside this one keep the machine busy: the bounds are of another size than what is measured.
        let start = ContinuousClock.now
        #expect(try await host.resolve(strategy: "good", requestJSON: "{}").ipv4.count == 1)
        let statuses = await host.list()
        #expect(ContinuousClock.now - start < .seconds(60))
        #expect(statuses.map(\.name) == ["a", "b", "c", "good"])
        #expect(statuses.map(\.isHealthy) == [false, false, false, true])
        #expect(statuses.first?.reason == "its process has not said who it is yet")
    }

    @Test func `a module that is busy is as it was`() async throws {
        let folder = try ModuleFolder()
        try folder.compile("m", ModuleSource(name: "m", resolve: "sleep(12); return say(answer, \"{}\");").text)
        let host = try folder.host(
            patience: PluginPatience(start: .seconds(30), call: .seconds(30), restart: .seconds(60), look: .milliseconds(300)))
        while await host.list().first?.isHealthy != true { try await Task.sleep(for: .milliseconds(50)) }
        async let answer = host.resolve(strategy: "m", requestJSON: "{}")
        try await Task.sleep(for: .milliseconds(300))
        let start = ContinuousClock.now
        #expect(await host.list().map(\.isHealthy) == [true])
        #expect(ContinuousClock.now - start < .seconds(8))
        _ = try await answer
    }

    @Test func `what ended the last process is said as long as the file is the same`() async throws {
        let folder = try ModuleFolder()
        let crash = "if (strstr(request_json, \"crash\")) abort();\nreturn say(answer, \"{}\");"
        try folder.compile("m", ModuleSource(name: "m", resolve: crash).text)
        let host = try folder.host(
            patience: PluginPatience(start: .seconds(30), call: .seconds(10), restart: .seconds(5), look: .seconds(30)))
        _ = try await host.resolve(strategy: "m", requestJSON: "{}")
        #expect(await host.list().first?.reason == nil)
        await expect("plugin_failed", "the module m crashed: Aborted; next start in 5 s") {
            _ = try await host.resolve(strategy: "m", requestJSON: #"{"crash":1}"#)
        }
        let failed = try #require(await host.list().first)
        #expect(!failed.isHealthy && failed.restarts == 0)
        #expect(failed.reason?.hasPrefix("the module m crashed: Aborted; next start in ") == true)
        try await Task.sleep(for: .milliseconds(5100))
        _ = try await host.resolve(strategy: "m", requestJSON: "{}")
        let again = try #require(await host.list().first)
        #expect(again.isHealthy && again.restarts == 1)
        let reason = try #require(again.reason)
        #expect(reason.hasPrefix("started anew; ") && reason.hasSuffix(" s ago it crashed: Aborted"), "\(reason)")
        try folder.compile("m", ModuleSource(name: "m").text)
        let new = try #require(await host.list().first)
        #expect(new.isHealthy && new.reason == nil && new.restarts == 0)
    }

    @Test func `a file that becomes a module of another name doesn't answer to the old one`() async throws {
        let folder = try ModuleFolder()
        try folder.compile("file", ModuleSource(name: "before").text)
        let host = try folder.host()
        _ = try await host.resolve(strategy: "before", requestJSON: "{}")
        try folder.compile("file", ModuleSource(name: "after").text)
        await expect("not_found", "no module has the name before") { _ = try await host.resolve(strategy: "before", requestJSON: "{}") }
        _ = try await host.resolve(strategy: "after", requestJSON: "{}")
    }

    /// The module says each of the node's first addresses that `facts` told it last.
    @Test func `an answer can depend on what facts told last`() async throws {
        let folder = try ModuleFolder()
        let facts = """
            const char *at = strstr(facts_json, "\\"addresses\\":[\\"");
            if (at) { strncpy(last, at + 14, 15); char *slash = strchr(last, '/'); if (slash) *slash = 0; }
            return 0;
            """
        try folder.compile(
            "m",
            ModuleSource(
                name: "m", resolve: "return say(answer, \"{\\\"ipv4\\\":[\\\"%s\\\"]}\", last);", facts: facts,
                before: "static char last[16] = \"198.51.100.1\";"
            ).text)
        let host = try folder.host()
        func answer() async throws -> [IPAddress] { try await host.resolve(strategy: "m", requestJSON: "{}").ipv4 }
        #expect(try await answer() == [address("198.51.100.1")])
        for last in ["192.0.2.11", "192.0.2.12", "203.0.113.7"] {
            host.factsChanged("{\"interfaces\":[{\"name\":\"eth0\",\"addresses\":[\"\(last)/24\"]}]}")
            #expect(try await answer() == [address(last)], "a question that comes after a change is answered knowing it")
        }
    }

    @Test func `a module that is busy hears the newest of several changes, and nobody waits`() async throws {
        let folder = try ModuleFolder()
        try folder.compile(
            "m",
            ModuleSource(
                name: "m",
                resolve: """
                    if (strstr(request_json, "slow")) { puts("slow"); fflush(stdout); sleep(6); }
                    return say(answer, "{\\"interface\\":\\"%d-of-%d\\"}", last, count);
                    """, facts: "last = atoi(facts_json); count++; return 0;", before: "static int last, count;"
            ).text)
        let log = LogLines()
        let host = try folder.host(log: log)
        _ = try await host.resolve(strategy: "m", requestJSON: "{}")
        async let slow = host.resolve(strategy: "m", requestJSON: "{\"slow\":1}")
        while !log.lines.contains("info: slow") { try await Task.sleep(for: .milliseconds(20)) }
        let start = ContinuousClock.now
        for number in 1...1000 { host.factsChanged("\(number)") }
        #expect(ContinuousClock.now - start < .seconds(3))
        #expect(try await slow.interface == "0-of-0")
        let heard = try await host.resolve(strategy: "m", requestJSON: "{}").interface
        #expect(heard?.hasPrefix("1000-of-") == true)
        #expect(heard.flatMap { Int($0.dropFirst("1000-of-".count)) }.map { $0 <= 2 } == true, "\(heard ?? "")")
    }

    @Test func `a module that hangs in facts costs itself only`() async throws {
        let folder = try ModuleFolder()
        try folder.compile("bad", ModuleSource(name: "bad", facts: "for (;;) pause();\nreturn 0;").text)
        try await folder.besideGood(call: .seconds(15)) { host in
            _ = try await host.resolve(strategy: "bad", requestJSON: "{}")
            host.factsChanged("{}")
            let start = ContinuousClock.now
            _ = try await host.resolve(strategy: "good", requestJSON: "{}")
            #expect(ContinuousClock.now - start < .seconds(10))
            #expect(await folder.reason(host).contains("did not answer within 15.0 seconds"))
        }
    }

    /// A module's process ends with the thread that started it.
    @Test func `a module has one thread of the helper for its whole life`() async throws {
        actor Caller {
            private let executor = BlockingExecutor()
            nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }
            func thread() -> UInt { UInt(pthread_self()) }
        }
        let caller = Caller()
        var threads: Set<UInt> = []
        for _ in 0..<100 {
            threads.insert(await caller.thread())
            try await Task.sleep(for: .milliseconds(2))
        }
        #expect(threads.count == 1)
        #expect(await Caller().thread() != threads.first)
    }
}
