import EgressModel
import EgressPorts
import JSONText
import TestKit
import Testing

@testable import KubeAPI

@Suite(.requires(.api)) struct NodeReportTests {
    private func node(_ name: String, lastEntryID: UInt32 = 1, announces: Bool = true) -> EgressNode {
        var node = EgressNode(metadata: ObjectMetadata(name: name, uid: ""), reportedAt: "2026-01-01T00:00:00Z", lastEntryID: lastEntryID)
        if announces { node.resolutions = [EntryResolution(policy: "p", uid: "u", entry: 0, id: 1)] }
        return node
    }

    private func read(_ fixture: ClusterFixture, _ name: String) async throws -> JSONValue? {
        do {
            return try await fixture.client().get(ResourcePath.egressNodes.named(name))
        } catch let error as APIError where error.isNotFound {
            return nil
        }
    }

    @Test func `a report is an object of the node's, with a heartbeat beside it`() async throws {
        let fixture = try await ClusterFixture.shared()
        try await fixture.addNode("report-1")
        let cluster = try fixture.cluster(.node("report-1"))
        #expect(try await !cluster.snapshot().egressNodes.contains { $0.name == "report-1" })
        try await cluster.report(node("report-1"))
        try await eventually("it is there") { try await read(fixture, "report-1")?["status"]?["lastEntryID"]?.integerValue() == 1 }
        let object = try #require(try await read(fixture, "report-1"))
        #expect(object["metadata"]?["labels"]?[EgressObjects.gatewayLabel] == "true")
        let owner = object["metadata"]?["ownerReferences"]?[0]
        #expect(owner?["kind"] == "Node" && owner?["name"] == "report-1" && owner?["uid"]?.stringValue?.count == 36)
        let managers = try await fixture.kubectl("get", "egressnode", "report-1", "-o", "jsonpath={.metadata.managedFields[*].manager}")
        #expect(Set(managers.split(separator: " ")) == ["kubectl-egress-agent"])
        let lease = try await leaseOf("report-1", fixture)
        #expect(lease["metadata"]?["labels"]?[EgressObjects.gatewayLabel] == "true")
        let renewed = try #require(lease["spec"]?["renewTime"]?.stringValue.flatMap(RFC3339.seconds))
        #expect(abs(Timestamp.secondsNow() - renewed) < 10)
        // Readers take the Lease's time.
        try await eventually("the heartbeat counts") {
            try await cluster.snapshot().egressNodes.first { $0.name == "report-1" }?.reportedAt.flatMap(RFC3339.seconds) ?? 0 >= renewed
        }
        await cluster.close()
    }

    private func leaseOf(_ name: String, _ fixture: ClusterFixture) async throws -> JSONValue {
        let path = ResourcePath.leases.inside(EgressObjects.namespace).named(name)
        let client = try fixture.client()
        try await eventually("the Lease is there") { (try? await client.get(path)) != nil }
        return try await client.get(path)
    }

    @Test func `a burst of reports is few writes, and the last one counts`() async throws {
        let fixture = try await ClusterFixture.shared()
        let cluster = try fixture.cluster(.node("report-2"))
        _ = try await cluster.snapshot()
        let began = ContinuousClock.now
        for number in 1...200 { try await cluster.report(node("report-2", lastEntryID: UInt32(number))) }
        #expect(began.duration(to: .now) < .seconds(1), "nobody waits for the server")
        try await eventually("the last one is there") {
            try await read(fixture, "report-2")?["status"]?["lastEntryID"]?.integerValue() == 200
        }
        // Each write of the metadata or the status is a version: one object made, a status or two.
        let generation = try await read(fixture, "report-2")?["metadata"]?["generation"]?.integerValue() as Int64?
        #expect((generation ?? 99) <= 3)
        // The time of the report alone is no change.
        let version = try await read(fixture, "report-2")?["metadata"]?["resourceVersion"]
        var later = node("report-2", lastEntryID: 200)
        later.reportedAt = "2026-01-01T00:00:30Z"
        try await eventually("it is seen") { try await cluster.snapshot().egressNodes.contains { $0.name == "report-2" } }
        try await cluster.report(later)
        try await Task.sleep(for: .seconds(2))
        #expect(try await read(fixture, "report-2")?["metadata"]?["resourceVersion"] == version)
        await cluster.close()
    }

    @Test func `an object that somebody deletes is written again`() async throws {
        let fixture = try await ClusterFixture.shared()
        let cluster = try fixture.cluster(.node("report-3"))
        _ = try await cluster.snapshot()
        try await cluster.report(node("report-3"))
        try await eventually("it is there") { try await cluster.snapshot().egressNodes.contains { $0.name == "report-3" } }
        try await fixture.kubectl("delete", "egressnode", "report-3")
        try await eventually("its absence is seen") { try await !cluster.snapshot().egressNodes.contains { $0.name == "report-3" } }
        try await cluster.report(node("report-3", announces: false))
        try await eventually("it is there again") { try await read(fixture, "report-3")?["status"]?["lastEntryID"]?.integerValue() == 1 }
        #expect(try await read(fixture, "report-3")?["metadata"]?["labels"] == nil, "it announces nothing any more")
        await cluster.close()
    }

    @Test func `a report to a server that is away holds nobody up, and isn't lost`() async throws {
        let fixture = try await ClusterFixture.own()
        defer { fixture.server.stop() }
        let cluster = try fixture.cluster(.node("node-1"))
        _ = try await cluster.snapshot()
        try await cluster.report(node("node-1"))
        try await eventually("it is there") { try await read(fixture, "node-1")?["status"]?["lastEntryID"]?.integerValue() == 1 }
        try await fixture.kill()
        let began = ContinuousClock.now
        try await cluster.report(node("node-1", lastEntryID: 7))
        #expect(began.duration(to: .now) < .milliseconds(100))
        try await fixture.resume()
        try await eventually(within: 40, "it is written when the server is back") {
            try await read(fixture, "node-1")?["status"]?["lastEntryID"]?.integerValue() == 7
        }
        await cluster.close()
    }

    @Test func `the start-up taint goes, and the others stay`() async throws {
        let fixture = try await ClusterFixture.shared()
        try await fixture.addNode("taint-1", taint: EgressTaint.notReady)
        let cluster = try fixture.cluster(.node("taint-1"))
        func taints() async throws -> [String] { try await cluster.snapshot().nodes.first { $0.name == "taint-1" }?.taintKeys ?? [] }
        #expect(try await taints().contains(EgressTaint.notReady))
        try await cluster.nodeIsGoverned()
        try await eventually("it is gone") { try await !taints().contains(EgressTaint.notReady) }
        #expect(try await taints().contains("node.test/other"))
        try await cluster.nodeIsGoverned()
        // Without the right it stays, and nothing fails.
        try await fixture.kubectl("taint", "node", "taint-1", "\(EgressTaint.notReady):NoSchedule")
        let kubeconfig = try await fixture.serviceAccount("weak", namespace: "taints")
        try await fixture.cluster(.node("taint-1"), as: kubeconfig).nodeIsGoverned()
        #expect(try await fixture.kubectl("get", "node", "taint-1", "-o", "jsonpath={.spec.taints[*].key}").contains(EgressTaint.notReady))
    }

    @Test func `a taint goes while others come and go`() async throws {
        let fixture = try await ClusterFixture.shared()
        try await fixture.addNode("taint-2", taint: EgressTaint.notReady)
        let client = try fixture.client()
        let taint = StartupTaint(node: "taint-2", client: client, log: quietLog)
        let path = ResourcePath.nodes.named("taint-2")
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for number in 0..<20 {
                    // In front, so that the position of ours changes.
                    _ = try? await client.patch(
                        path, .json,
                        [["op": "add", "path": "/spec/taints/0", "value": ["key": .string("t.test/\(number)"), "effect": "NoSchedule"]]])
                }
            }
            group.addTask { try await taint.remove() }
            try await group.waitForAll()
        }
        let keys = try await client.get(path)["spec"]?["taints"]?.arrayValue?.compactMap { $0["key"]?.stringValue } ?? []
        #expect(!keys.contains(EgressTaint.notReady))
        #expect(Set(keys).isSuperset(of: (0..<20).map { "t.test/\($0)" }))
    }

    @Test func `agents agree on the tunnel's token, and follow it`() async throws {
        let fixture = try await ClusterFixture.shared()
        let (one, two) = (try fixture.cluster(.node("token-1")), try fixture.cluster(.node("token-2")))
        async let first = one.tunnelTokens()
        async let second = two.tunnelTokens()
        let (a, b) = (try await first, try await second)
        #expect(a == b && a.count == 1 && a.first?.count == 12)
        let changes = ChangeCounter(one.changes())
        _ = try await one.snapshot()
        let before = changes.value
        let text = "000102030405060708090a0b\n" + String(repeating: "ff", count: 12)
        try await fixture.kubectl(
            "patch", "secret", "tunnel-token", "-n", "kubectl-egress", "-p",
            #"{"stringData":{"tokens":"\#(text.replacing("\n", with: "\\n"))"}}"#)
        try await eventually("the new ones are used") {
            try await one.tunnelTokens() == [Array(0...11), [UInt8](repeating: 255, count: 12)]
        }
        #expect(changes.value > before)
        // Nonsense changes nothing, and isn't repeated in an error.
        try await fixture.kubectl("patch", "secret", "tunnel-token", "-n", "kubectl-egress", "-p", #"{"stringData":{"tokens":"sesame"}}"#)
        try await Task.sleep(for: .milliseconds(500))
        #expect(try await one.tunnelTokens().count == 2)
        let error = await #expect(throws: ClusterError.self) { try await fixture.cluster(.node("token-3")).tunnelTokens() }
        #expect(error?.message.contains("holds no tokens") == true && error?.message.contains("sesame") == false)
        try await fixture.kubectl("delete", "secret", "tunnel-token", "-n", "kubectl-egress")
        #expect(try await one.tunnelTokens().count == 2, "what is in use goes on")
    }

    @Test func `only a node's agent may say such things`() async throws {
        let cluster = try await ClusterFixture.shared().cluster()
        await #expect(throws: ClusterError.self) { try await cluster.report(node("n")) }
        await #expect(throws: ClusterError.self) { try await cluster.tunnelTokens() }
        #expect(await !cluster.isLeader())
    }
}
