// SPDX-License-Identifier: Apache-2.0
import EgressModel
import EgressPlan
import Glibc
import PluginHost
import TestKit
import Testing

/// Whatever a module does wrong is its own loss.
@Suite(.requires(.lab))
struct BadModuleTests {
    @Test func `a file that is no shared object`() async throws {
        let folder = try ModuleFolder()
        try folder.write("#!/bin/sh\n", to: "bad.so")
        try await folder.besideGood { host in
            #expect(await folder.reason(host).contains("can't be loaded"))
            await expect("plugin_failed", "can't be loaded") { _ = try await host.resolve(strategy: "bad", requestJSON: "{}") }
        }
    }

    @Test(arguments: [
        ("int other;", "no symbol egress_plugin_v1"),
        ("#include <stddef.h>\nconst void *egress_plugin_v1(void) { return NULL; }", "returned NULL"),
        (ModuleSource(name: "bad", table: ".size = 16,").text, "table has 16 bytes"),
        (ModuleSource(name: "bad", table: ".size = 1UL << 40,").text, "table has 1099511627776 bytes"),
        (ModuleSource(name: "bad", table: ".abi = 0,").text, "version 0"),
        (ModuleSource(name: "bad", table: ".resolve = NULL,").text, "no resolve"),
        (ModuleSource(name: "bad", table: ".version = NULL,").text, "no version"),
        (ModuleSource(name: "Bad Name").text, "no proper name"),
        (ModuleSource(name: "bad", before: "extern int missing(void); int (*used)(void) = missing;").text, "can't be loaded"),
        (ModuleSource(name: "bad", before: "__attribute__((constructor)) static void c(void) { abort(); }").text, "crashed: Aborted"),
        (ModuleSource(name: "bad", before: "__attribute__((constructor)) static void c(void) { _exit(3); }").text, "ended with status 3"),
    ])
    func `a module that can't be used says why, and its neighbour answers`(source: String, words: String) async throws {
        let folder = try ModuleFolder()
        try folder.compile("bad", source)
        try await folder.besideGood { host in
            let reason = await folder.reason(host)
            #expect(reason.contains(words), "\(reason)")
        }
    }

    @Test(arguments: [
        ("raise(11);", "crashed: Segmentation fault"),
        ("_exit(0);", "ended with status 0"),
        ("close(3); return 0;", "its process"),
        ("if (write(3, \"\\x01garbage\\n\", 9) < 0) {} pause();", "answered nonsense"),
        ("if (write(3, \"{\\\"id\\\":99,\\\"result\\\":{}}\\n\", 22) < 0) {} pause();", "answered another question"),
        ("char *many = malloc(10 << 20); memset(many, 'x', 10 << 20); if (write(3, many, 10 << 20) < 0) {} return 0;", "more than"),
    ])
    func `a module that breaks while it is asked`(body: String, words: String) async throws {
        let folder = try ModuleFolder()
        try folder.compile("bad", "#include <signal.h>\n" + ModuleSource(name: "bad", resolve: body + "\nreturn 0;").text)
        try await folder.besideGood { host in
            await expect("plugin_failed", words) { _ = try await host.resolve(strategy: "bad", requestJSON: "{}") }
            #expect(await folder.reason(host).contains(words))
        }
    }

    @Test func `a module that hangs is killed, and others don't wait for it`() async throws {
        let folder = try ModuleFolder()
        try folder.compile("bad", ModuleSource(name: "bad", resolve: "for (;;) { pause(); } return 0;").text)
        try await folder.besideGood(call: .seconds(15)) { host in
            _ = await host.list()
            let start = ContinuousClock.now
            async let hanging: Void = expect("plugin_failed", "did not answer within") {
                _ = try await host.resolve(strategy: "bad", requestJSON: "{}")
            }
            try await Task.sleep(for: .milliseconds(100))
            _ = try await host.resolve(strategy: "good", requestJSON: "{}")
            #expect(ContinuousClock.now - start < .seconds(10))
            await hanging
            #expect(ContinuousClock.now - start < .seconds(60))
        }
    }

    @Test func `a module that prints without end is cut short`() async throws {
        let folder = try ModuleFolder()
        let flood = "for (int i = 0; i < 20000; i++) { kept->log(kept->context, 1, \"flood\"); if (i % 100 == 0) usleep(50); }"
        try folder.compile("bad", ModuleSource(name: "bad", resolve: flood + "return say(answer, \"{}\");").text)
        let log = LogLines()
        let host = try folder.host(log: log)
        _ = try await host.resolve(strategy: "bad", requestJSON: "{}")
        #expect(log.lines.count { $0 == "info: flood" } == 50)
        _ = try await host.resolve(strategy: "bad", requestJSON: "{}")
        #expect(log.lines.contains { $0.contains("more lines were not kept") })
    }

    @Test func `a module that crashed is started again, later each time`() async throws {
        let folder = try ModuleFolder()
        let crash = "if (strstr(request_json, \"crash\")) abort();\nreturn say(answer, \"{\\\"validSeconds\\\":%d}\", getpid());"
        try folder.compile("bad", ModuleSource(name: "bad", resolve: crash).text)
        let host = try folder.host(
            patience: PluginPatience(start: .seconds(30), call: .seconds(10), restart: .seconds(5), look: .seconds(30)))
        let first = try await host.resolve(strategy: "bad", requestJSON: "{}").validSeconds
        #expect(try await host.resolve(strategy: "bad", requestJSON: "{}").validSeconds == first, "one process for many requests")
        await expect("plugin_failed", "crashed: Aborted") { _ = try await host.resolve(strategy: "bad", requestJSON: #"{"crash":1}"#) }
        await expect("plugin_failed", "crashed: Aborted") { _ = try await host.resolve(strategy: "bad", requestJSON: "{}") }
        try await Task.sleep(for: .milliseconds(5100))
        let second = try await host.resolve(strategy: "bad", requestJSON: "{}").validSeconds
        #expect(second != nil && second != first)
        #expect(await host.list().map(\.restarts) == [1])
    }

    @Test func `a module's process has no privileges and sees nothing of the helper's`() async throws {
        let folder = try ModuleFolder()
        let look = """
            char line[256], found[1024] = ""; FILE *f = fopen("/proc/self/status", "r");
            while (f && fgets(line, sizeof line, f))
                if (!strncmp(line, "Cap", 3) || !strncmp(line, "NoNewPrivs", 10) || !strncmp(line, "Uid", 3) || !strncmp(line, "Groups", 6))
                    strcat(found, line);
            if (f) fclose(f);
            for (int fd = 0; fd < 64; fd++) if (fcntl(fd, F_GETFD) >= 0) sprintf(found + strlen(found), "fd%d ", fd);
            say(error, "%s secret=%s", found, getenv("EGT_SECRET") ? "seen" : "hidden"); return 2;
            """
        setenv("EGT_SECRET", "1", 1)
        try folder.compile("look", ModuleSource(name: "look", resolve: look).text)
        let error = await #expect(throws: HelperError.self) { _ = try await folder.host().resolve(strategy: "look", requestJSON: "{}") }
        let seen = (error?.message ?? "").split(whereSeparator: \.isWhitespace).joined(separator: " ")
        for set in ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] { #expect(seen.contains("\(set): 0000000000000000"), "\(seen)") }
        #expect(seen.contains("Uid: 65534 65534 65534 65534"))
        #expect(seen.contains("Groups: Cap") || seen.contains("Groups: 65534"), "\(seen)")
        #expect(seen.contains("NoNewPrivs: 1"))
        #expect(seen.contains("fd0 fd1 fd2 fd3 secret=hidden"), "\(seen)")
    }

    @Test func `a module's process ends with its host`() async throws {
        let folder = try ModuleFolder()
        try folder.compile("m", ModuleSource(name: "m", resolve: "return say(answer, \"{\\\"validSeconds\\\":%d}\", getpid());").text)
        func pid() async throws -> Int64? { try await folder.host().resolve(strategy: "m", requestJSON: "{}").validSeconds }
        let process = try #require(try await pid().flatMap(pid_t.init(exactly:)))
        for _ in 0..<100 where kill(process, 0) == 0 { try await Task.sleep(for: .milliseconds(20)) }
        #expect(kill(process, 0) < 0 && errno == ESRCH)
    }
}
