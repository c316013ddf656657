import EgressModel
import EgressPorts
import JSONText
import TestKit
import Testing

@testable import KubeAPI

@Suite(.requires(.api)) struct LeaderAndEventTests {
    /// Both use the one Lease, so this is one test.
    @Test func `one leads at a time; the Lease is handed over, and taken when its holder dies`() async throws {
        let fixture = try await ClusterFixture.shared()
        let rules = LeaderElector.Rules(durationSeconds: 6, renewDeadline: .seconds(4), retrySeconds: 0.3)
        func elector(_ name: String) throws -> LeaderElector {
            LeaderElector(node: name, client: try fixture.client(), nodeCount: { 1 }, log: quietLog, rules: rules)
        }
        let all = [try elector("leader-a"), try elector("leader-b"), try elector("leader-c")]
        func leaders() -> [Int] { all.indices.filter { all[$0].isLeader() } }
        try await eventually(within: 30, "one leads") { leaders().count == 1 }
        let first = try #require(leaders().first)
        for _ in 0..<40 {
            #expect(leaders().count <= 1)
            try await Task.sleep(for: .milliseconds(50))
        }
        #expect(leaders() == [first], "who leads goes on leading")
        await all[first].close()
        let began = ContinuousClock.now
        try await eventually("another took over") { leaders().count == 1 && leaders() != [first] }
        #expect(began.duration(to: .now) < .seconds(5), "the Lease was given back")
        let second = try #require(leaders().first)
        // Ends without a word, as a process that is killed.
        all[second].end()
        let died = ContinuousClock.now
        try await eventually(within: 30, "the third took over") { leaders().count == 1 && leaders() != [second] }
        #expect(died.duration(to: .now) >= .seconds(5), "not before the Lease ran out")
        let lease = try await fixture.client().get(ResourcePath.leases.inside("kubectl-egress").named("agent-leader"))
        let transitions = lease["spec"]?["leaseTransitions"]?.integerValue() as Int64?
        #expect(transitions == 2)
        for elector in all { await elector.close() }
    }

    @Test func `an event that repeats is counted, and there is a limit`() async throws {
        let fixture = try await ClusterFixture.shared()
        let publisher = EventPublisher(node: "event-node", client: try fixture.client(), log: quietLog)
        func event(_ name: String, _ message: String) -> ClusterEvent {
            ClusterEvent(
                object: ObjectReference(kind: "CiliumEgressGatewayPolicy", name: name), apiVersion: "cilium.io/v2", uid: "uid-\(name)",
                isWarning: true, code: .noGatewayMatches, message: message)
        }
        publisher.publish([
            event("repeated", "no node matches"), event("repeated", "no node matches"), event("repeated", "no node matches"),
        ])
        publisher.publish([event("other", String(repeating: "ä", count: 2000))])
        await publisher.flushed()
        let client = try fixture.client()
        func events(_ name: String) async throws -> [JSONValue] {
            var found: [JSONValue] = []
            _ = try await client.list(.events, ListQuery(), restart: {}) { page in
                found += page.items.filter { $0["regarding"]?["name"]?.stringValue == name }
            }
            return found
        }
        let repeated = try await events("repeated")
        #expect(repeated.count == 1)
        let one = try #require(repeated.first)
        #expect(one["reason"] == "EG1001" && one["type"] == "Warning" && one["note"] == "no node matches")
        #expect(one["reportingController"] == "kubectl-egress.dev/agent" && one["reportingInstance"] == "event-node")
        #expect(one["regarding"]?["uid"] == "uid-repeated" && one["regarding"]?["kind"] == "CiliumEgressGatewayPolicy")
        #expect((one["series"]?["count"]?.integerValue() ?? 0) == 2)
        #expect(try await events("other").first?["note"]?.stringValue?.utf8.count ?? 9999 <= 1024)
        // kubectl shows them under the object.
        #expect(try await fixture.kubectl("get", "events", "-A", "--field-selector", "involvedObject.name=repeated").contains("EG1001"))
        publisher.publish((0..<100).map { event("flood-\($0)", "m") })
        await publisher.flushed()
        var written = 0
        _ = try await client.list(.events, ListQuery(), restart: {}) { page in
            written += page.items.filter { $0["regarding"]?["name"]?.stringValue?.hasPrefix("flood-") == true }.count
        }
        #expect((10...25).contains(written))
    }
}
