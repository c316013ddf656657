// SPDX-License-Identifier: Apache-2.0
import EgressPlan
import Glibc
import PluginHost
import TestKit
import Testing

/// Modules that mean it. Each costs itself only: a good one beside it answers before and after.
@Suite(.requires(.lab))
struct HostileModuleTests {
    /// What a thread does a moment after the module was asked.
    private static func thread(_ body: String) -> (before: String, start: String) {
        (
            "static void *later(void *unused) { usleep(100000); \(body) return NULL; }",
            "pthread_t thread; pthread_create(&thread, NULL, later, NULL);"
        )
    }

    @Test(arguments: [
        ("exit(4);", "ended with status 4"), ("_exit(5);", "ended with status 5"), ("abort();", "crashed: Aborted"),
        ("raise(SIGSTOP);", "did not answer within"),
    ])
    func `one whose thread ends or stops the process while it is asked`(body: String, words: String) async throws {
        let (before, start) = Self.thread(body)
        try await breaks(ModuleSource(name: "bad", resolve: start + "pause(); return 0;", before: before), words)
    }

    @Test(arguments: [
        ("static void hang(void) { for (;;) pause(); }", "atexit(hang); exit(5);", "did not answer within"),
        ("", "raise(SIGSTOP); return 0;", "did not answer within"),
        ("", "sigset_t all; sigfillset(&all); sigprocmask(SIG_BLOCK, &all, NULL); for (;;) pause();", "did not answer within"),
        ("", "for (;;) { if (write(3, \"x\", 1) < 0) {} usleep(100); }", "did not answer within"),
        ("", "for (;;) { if (write(1, \"a line\\n\", 7) < 0) {} if (write(2, \"another\\n\", 8) < 0) {} }", "did not answer within"),
        ("", "if (write(3, \"{\\\"id\\\":\", 6) < 0) {} say(answer, \"{}\"); return 0;", "answered nonsense"),
        (
            "", "char line[] = \"{\\\"id\\\":2,\\\"result\\\":[]}\\n\"; if (write(3, line, sizeof line - 1) < 0) {} pause();",
            "without an answer"
        ),
        ("", "close(0); close(1); close(2); close(3); for (;;) pause();", "closed the connection"),
        ("", "dup2(open(\"/dev/null\", O_RDWR), 3); say(answer, \"{}\"); return 0;", "ended with status 1"),
        ("", "for (;;) if (!malloc(1 << 20)) abort();", "crashed: Aborted"),
        (
            "static int deep(int n) { volatile char room[4096]; room[n % 4096] = 1; if (n < 0) return 0;\nreturn deep(n + 1) + room[0]; }",
            "return deep(0);",
            "crashed: Segmentation fault"
        ),
    ])
    func `one that breaks its process while it is asked`(before: String, body: String, words: String) async throws {
        try await breaks(ModuleSource(name: "bad", resolve: body + "\nreturn 0;", before: before), words)
    }

    @Test func `one that never returns from open`() async throws {
        try await breaks(ModuleSource(name: "bad", open: "for (;;) pause();\nreturn 0;"), "did not answer within")
    }

    private func breaks(_ source: ModuleSource, _ words: String) async throws {
        let folder = try ModuleFolder()
        try folder.compile("bad", source.text)
        let log = LogLines()
        try await folder.besideGood(call: .seconds(3), log: log) { host in
            let start = ContinuousClock.now
            await expect("plugin_failed", words) { _ = try await host.resolve(strategy: "bad", requestJSON: "{}") }
            #expect(ContinuousClock.now - start < .seconds(60))
            let reason = await folder.reason(host)
            #expect(reason.contains(words) && reason.contains("; next start in "), "\(reason)")
        }
        #expect(log.lines.count < 200)
    }

    @Test func `one whose constructor never ends`() async throws {
        let folder = try ModuleFolder()
        try folder.compile("bad", ModuleSource(name: "bad", before: "__attribute__((constructor)) static void c(void) { pause(); }").text)
        try await folder.besideGood(start: .seconds(5)) { host in
            #expect(await folder.reason(host).contains("did not answer within 5.0 seconds"))
        }
    }

    @Test(arguments: [
        ("abort();", "crashed: Aborted"), ("if (write(3, \"{}\\n\", 3) < 0) {}", "spoke without being asked"),
        ("shutdown(3, SHUT_RDWR); for (;;) pause();", "ended with status 0"),
    ])
    func `one that breaks between two questions is found out by the next look`(body: String, words: String) async throws {
        let folder = try ModuleFolder()
        let (before, start) = Self.thread(body)
        try folder.compile("bad", ModuleSource(name: "bad", resolve: start + "return say(answer, \"{}\");", before: before).text)
        try await folder.besideGood { host in
            _ = try await host.resolve(strategy: "bad", requestJSON: "{}")
            try await Task.sleep(for: .milliseconds(800))
            #expect(await folder.reason(host).contains(words))
        }
    }

    @Test func `one whose thread prints for ever answers, and its lines are counted`() async throws {
        let folder = try ModuleFolder()
        let before = "static void *noise(void *unused) { for (;;) { puts(\"noise\"); fflush(stdout); usleep(20); } return NULL; }"
        let open = "pthread_t thread; pthread_create(&thread, NULL, noise, NULL); *instance = strdup(config_json); return 0;"
        try folder.compile("bad", ModuleSource(name: "bad", open: open, before: before).text)
        let log = LogLines()
        try await folder.besideGood(log: log) { host in
            for _ in 0..<5 {
                _ = try await host.resolve(strategy: "bad", requestJSON: "{}")
                try await Task.sleep(for: .milliseconds(50))
            }
            #expect(log.lines.count { $0 == "info: noise" } <= 50 * 6)
            #expect(log.lines.contains { $0.contains("more lines were not kept") })
        }
    }

    @Test func `one that leaks descriptors is told, and started anew before it runs out`() async throws {
        let folder = try ModuleFolder()
        let leak = """
            for (int i = 0; i < 30; i++) if (open("/dev/null", O_RDONLY) < 0) return 5;
            return say(answer, "{\\"validSeconds\\":%d}", getpid());
            """
        try folder.compile("bad", ModuleSource(name: "bad", resolve: leak).text)
        let log = LogLines()
        try await folder.besideGood(log: log) { host in
            var processes: Set<Int64?> = []
            for _ in 0..<20 { processes.insert(try await host.resolve(strategy: "bad", requestJSON: "{}").validSeconds) }
            #expect(processes.count == 3, "a process has room for 7 calls of 30, and none fails")
            let status = try #require(await host.list().first { $0.name == "bad" })
            #expect(status.isHealthy && status.restarts == 2)
            #expect(status.reason?.contains("ago it has ") == true, "\(status.reason ?? "")")
        }
        #expect(log.lines.contains { $0.hasPrefix("warning: has 34 descriptors open, 4 when it was loaded") }, "\(log.lines)")
        #expect(log.lines.count { $0.contains("its process is started anew") } == 2)
    }

    @Test func `one that logs after its instance was closed`() async throws {
        let folder = try ModuleFolder()
        let before =
            "static void *later(void *unused) { for (int i = 0; i < 20; i++) { kept->log(kept->context, 1, \"late\"); usleep(5000); } return NULL; }"
        try folder.compile(
            "bad",
            ModuleSource(
                name: "bad", resolve: "return say(answer, \"{\\\"validSeconds\\\":%d}\", closed + 1);",
                close: "pthread_t thread; closed++; pthread_create(&thread, NULL, later, NULL);", before: "static int closed;\n" + before
            ).text)
        let log = LogLines()
        try await folder.besideGood(log: log) { host in
            var closed: Int64?
            for number in 0..<70 {
                closed = try await host.resolve(strategy: "bad", requestJSON: "{\"config\":{\"n\":\(number)}}").validSeconds
            }
            #expect(closed == 7, "64 instances are kept, and the others were closed before the answer")
            try await Task.sleep(for: .milliseconds(200))
            _ = try await host.resolve(strategy: "bad", requestJSON: "{}")
        }
        #expect(log.lines.contains("info: late"))
    }
}
