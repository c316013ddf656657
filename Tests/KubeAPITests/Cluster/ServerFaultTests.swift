import EgressModel
import EgressPorts
import Synchronization
import TestKit
import Testing

@testable import KubeAPI

/// Servers of their own: they are killed.
@Suite(.requires(.api), .serialized) struct ServerFaultTests {
    /// Before Kubernetes 1.23 a server that starts answers 404 for custom resources until it knows their definitions: an agent
    /// that took that for "no policies" would remove every rule.
    @Test func `a server that is killed and comes back takes nothing away`() async throws {
        let fixture = try await ClusterFixture.own()
        defer { fixture.server.stop() }
        try await fixture.addNode("node-1")
        try await fixture.addPod("pod-1", on: "node-1", address: "10.244.1.5")
        try await fixture.addPolicy("policy-1")
        let cluster = try fixture.cluster(.node("node-1"))
        let late = try fixture.cluster(.node("node-1"))
        #expect(try await cluster.snapshot().isComplete)
        let watching = Watcher(cluster)
        try await fixture.kill()
        try await Task.sleep(for: .seconds(1))
        let dead = try await cluster.snapshot()
        #expect(dead.isComplete && dead.pods.count == 1 && dead.policies.count == 1)
        await #expect(throws: ClusterError.self, "who never read anything has nothing") { try await late.snapshot() }
        // Starts while agents ask all the time.
        try await fixture.resume()
        try await fixture.kubectl("label", "pod", "pod-1", "tier=after")
        try await eventually(within: 40, "the change after the restart is seen") {
            try await cluster.snapshot().pods.first?.metadata.labels["tier"] == "after"
        }
        try await eventually(within: 40, "who began while it was down sees all") {
            guard let snapshot = try? await late.snapshot() else { return false }
            return snapshot.isComplete && snapshot.policies.count == 1
        }
        #expect(watching.end() == [], "nothing was ever missing")
    }

    @Test func `history that etcd forgot is listed again`() async throws {
        let fixture = try await ClusterFixture.own(flags: ["--watch-cache=false"])
        defer { fixture.server.stop() }
        try await fixture.addNode("node-1")
        for number in 1...3 { try await fixture.addPolicy("policy-\(number)") }
        let cluster = try fixture.cluster(.node("node-1"))
        #expect(try await cluster.snapshot().policies.count == 3)
        let watching = Watcher(cluster, policies: 2)
        try await fixture.kill()
        try await fixture.resume()
        // While our watches wait to be made again.
        try await fixture.kubectl("delete", "ciliumegressgatewaypolicy", "policy-2")
        try await fixture.kubectl("label", "node", "node-1", "seen=yes")
        try await fixture.compact()
        try await eventually(within: 40, "what changed in the time that is forgotten is known") {
            let snapshot = try await cluster.snapshot()
            return Set(snapshot.policies.map(\.metadata.name)) == ["policy-1", "policy-3"]
                && snapshot.nodes.first?.metadata.labels["seen"] == "yes"
        }
        #expect(watching.end() == [])
    }

    @Test func `a version that is gone ends the watch as an error that says so`() async throws {
        let fixture = try await ClusterFixture.own(flags: ["--watch-cache=false"])
        defer { fixture.server.stop() }
        for number in 1...3 { try await fixture.addPolicy("policy-\(number)") }
        try await fixture.compact()
        let client = try fixture.client()
        let error = await #expect(throws: APIError.self) {
            for try await _ in client.watch(.policies, ListQuery(), from: "1") {}
        }
        #expect(error?.isExpired == true)
    }

    @Test func `a cluster without our kinds is read, and they are found when they come`() async throws {
        let fixture = try await ClusterFixture.own(definitions: false)
        defer { fixture.server.stop() }
        try await fixture.addNode("node-1")
        try await fixture.addPod("pod-1", on: "node-1", address: "10.244.1.5")
        let once = try await fixture.cluster().snapshot()
        #expect(once.isComplete)
        #expect(once.pods.count == 1)
        #expect(once.unread.map(\.code) == [.kindNotServed, .kindNotServed])
        #expect(Set(once.unread.map(\.kind)) == [.policy, .egressNode])
        #expect(once.unread.first?.reason == #"the server doesn't have a resource type "ciliumegressgatewaypolicies.cilium.io""#)
        let agent = try fixture.cluster(.node("node-1"))
        let followed = try await agent.snapshot()
        #expect(followed.isComplete && followed.pods.count == 1)
        try await fixture.define()
        try await fixture.addPolicy("policy-1")
        try await eventually(within: 40, "the new kind is found") {
            let snapshot = try await agent.snapshot()
            return snapshot.policies.count == 1 && snapshot.isComplete && snapshot.unread == []
        }
    }
}

/// Looks at a cluster all the time, and writes down when something was missing.
private final class Watcher: Sendable {
    private final class Notes: Sendable { let missing = Mutex<Set<String>>([]) }
    private let notes: Notes
    private let work: Task<Void, Never>

    init(_ cluster: APICluster, policies: Int = 1) {
        let notes = Notes()
        self.notes = notes
        work = Task {
            while !Task.isCancelled {
                if let snapshot = try? await cluster.snapshot() {
                    if snapshot.policies.count < policies { _ = notes.missing.withLock { $0.insert("policies") } }
                    if snapshot.nodes.isEmpty { _ = notes.missing.withLock { $0.insert("nodes") } }
                    if !snapshot.isComplete { _ = notes.missing.withLock { $0.insert("complete") } }
                } else {
                    _ = notes.missing.withLock { $0.insert("snapshot") }
                }
                try? await Task.sleep(for: .milliseconds(5))
            }
        }
    }

    func end() -> Set<String> {
        work.cancel()
        return notes.missing.withLock { $0 }
    }

    deinit { work.cancel() }
}
