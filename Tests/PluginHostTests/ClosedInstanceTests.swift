// SPDX-License-Identifier: Apache-2.0
import EgressPlan
import PluginHost
import TestKit
import Testing

/// What the host promises about instances.
@Suite(.requires(.lab))
struct ClosedInstanceTests {
    /// Aborts when a function is called on an instance that was closed, or from another thread, or inside another call.
    private let watchful = ConformingSource(
        before: """
            struct watched { int open; char config[64]; };
            static pthread_t only; static int inside, opened, closed;
            static void enter(void) { if (!only) only = pthread_self(); if (only != pthread_self() || inside++) abort(); }
            static int leave(int status) { inside--; return status; }
            """,
        opening: """
            enter(); struct watched *w = calloc(1, sizeof *w); w->open = 1; opened++; *instance = w; return leave(0);
            """,
        resolving: """
            enter(); struct watched *w = instance; if (w->open != 1) abort();
            return leave(say(answer, 0, "{\\"ipv4\\":[\\"198.51.100.7\\"],\\"validSeconds\\":%d}", 1000 * opened + closed + 1));
            """,
        facts: "enter(); struct watched *w = instance; if (w->open != 1) abort(); return leave(0);",
        // Kept, so that a call after close is seen and not only undefined.
        closing: "enter(); struct watched *w = *instance; if (w->open != 1) abort(); w->open = 0; closed++; *instance = NULL; leave(0);")

    @Test func `nothing is called on an instance after close, however many there were`() async throws {
        let folder = try ModuleFolder()
        try folder.compileC("m", watchful.text)
        let host = try folder.host()
        func ask(_ number: Int) async throws -> Int64? {
            try await host.resolve(strategy: "conforming", requestJSON: "{\"config\":{\"n\":\(number)}}").validSeconds
        }
        for number in 0..<130 {
            _ = try await ask(number)
            if number % 10 == 0 { host.factsChanged("{}") }
        }
        // 130 opened, 64 kept.
        #expect(try await ask(129) == 130 * 1000 + 66 + 1)
        // The oldest is opened again, and one more is closed for it.
        #expect(try await ask(0) == 131 * 1000 + 67 + 1)
        host.factsChanged("{}")
        #expect(try await ask(0) == 131 * 1000 + 67 + 1)
    }

    @Test func `calls of one module come one after the other, from one thread, however many ask`() async throws {
        let folder = try ModuleFolder()
        try folder.compileC("m", watchful.text)
        let host = try folder.host()
        try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<50 {
                group.addTask {
                    try await host.resolve(strategy: "conforming", requestJSON: "{\"config\":{\"n\":\(number % 5)}}").ipv4.count
                }
                group.addTask {
                    host.factsChanged("{}")
                    return 1
                }
            }
            for try await count in group { #expect(count == 1) }
        }
        #expect(await host.list().map(\.restarts) == [0])
    }
}
