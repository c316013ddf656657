import Glibc
import JSONText
import TestKit
import Testing

@testable import KubeAPI

let ownProcess = getpid()

/// Servers of their own that are killed, and whose history is thrown away.
@Suite(.requires(.api), .serialized) struct KubeClientOutageTests {
    private let namespaces = ResourcePath.namespaces

    private func namespace(_ name: String) -> JSONValue { ["apiVersion": "v1", "kind": "Namespace", "metadata": ["name": .string(name)]] }

    @Test func `history that is gone is an expired error, in a list's middle and inside a watch's 200`() async throws {
        let server = try APIServer.start(flags: ["--watch-cache=false"])
        defer { server.stop() }
        let client = KubeClient(try .test(server))
        for number in 0..<6 { _ = try await client.create(namespaces, namespace("n\(number)"), dryRun: false) }
        var old = ""
        var restarts = 0
        var names: [String] = []
        var isCompacted = false
        let final = try await client.list(
            namespaces, ListQuery(limit: 2),
            restart: {
                restarts += 1
                names = []
            },
            page: { page in
                names += page.items.compactMap { $0["metadata"]?["name"]?.stringValue }
                guard !isCompacted else { return }
                (isCompacted, old) = (true, page.resourceVersion)
                // etcd still has the revision that it compacts at: two, so that the list's is older.
                for name in ["later", "latest"] { _ = try server.kubectl("create", "namespace", name) }
                try server.compact()
            })
        #expect(restarts == 1 && Set(names).count == names.count && names.contains("later") && names.contains("n5"))
        let error = try #require(
            await apiError {
                // An event instead would be a wrong answer too.
                for try await _ in client.watch(namespaces, ListQuery(), from: old) { break }
            })
        #expect(error.isExpired && error.status == 410, "\(error)")
        // What is still known goes on.
        var events = client.watch(namespaces, ListQuery(), from: final).makeAsyncIterator()
        _ = try await client.create(namespaces, namespace("next"), dryRun: false)
        guard case .added(let object) = try await events.next() else { return #expect(Bool(false)) }
        #expect(object["metadata"]?["name"] == "next")
    }

    @Test func `a rest that mixes two versions is taken where the query accepts it`() async throws {
        let server = try APIServer.start(flags: ["--watch-cache=false"])
        defer { server.stop() }
        let client = KubeClient(try .test(server))
        for number in 0..<6 { _ = try await client.create(namespaces, namespace("n\(number)"), dryRun: false) }
        var names: [String] = []
        var restarts = 0
        _ = try await client.list(
            namespaces, ListQuery(limit: 2, acceptsNewerRest: true), restart: { restarts += 1 },
            page: { page in
                if names.isEmpty {
                    _ = try server.kubectl("create", "namespace", "z-later")
                    try server.compact()
                }
                names += page.items.compactMap { $0["metadata"]?["name"]?.stringValue }
            })
        #expect(restarts == 0 && names.last == "z-later" && Set(names).count == names.count)
    }

    @Test func `a killed server breaks the watch, refuses, and goes on where it was when it is back`() async throws {
        let server = try APIServer.start()
        defer { server.stop() }
        let client = KubeClient(try .test(server))
        let version = try await client.list(namespaces, ListQuery(), restart: {}, page: { _ in })
        let watching = Task { for try await _ in client.watch(namespaces, ListQuery(), from: version) {} }
        _ = try await client.create(namespaces, namespace("before"), dryRun: false)
        try await Task.sleep(for: .milliseconds(200))
        let start = ContinuousClock.now
        try server.kill(.apiserver)
        let broken = try #require(await apiError { try await watching.value })
        #expect(broken.kind == .transport && ContinuousClock.now - start < .seconds(5), "\(broken)")
        let place = server.url.dropFirst("https://".count)
        #expect(
            await printed { try await client.get(namespaces.named("before")) }
                == "The connection to the server \(place) was refused - did you specify the right host or port?")
        try server.resume()
        // Its watch cache starts anew: what was before is only in a list.
        var names: [String] = []
        let resumed = try await client.list(namespaces, ListQuery(), restart: {}) { page in
            names += page.items.compactMap { $0["metadata"]?["name"]?.stringValue }
        }
        #expect(names.contains("before"))
        var events = client.watch(namespaces, ListQuery(), from: resumed).makeAsyncIterator()
        _ = try await client.create(namespaces, namespace("after"), dryRun: false)
        guard case .added(let object) = try await events.next() else { return #expect(Bool(false)) }
        #expect(object["metadata"]?["name"] == "after")
    }

    @Test func `a watch ends at its time without an error`() async throws {
        let server = try APIServer.start()
        defer { server.stop() }
        let client = KubeClient(try .test(server))
        let version = try await client.list(namespaces, ListQuery(), restart: {}, page: { _ in })
        _ = try await client.create(namespaces, namespace("seen"), dryRun: false)
        var count = 0
        for try await event in client.watch(namespaces, ListQuery(), from: version, seconds: 2) {
            if case .added = event { count += 1 }
        }
        #expect(count == 1)
    }
}
