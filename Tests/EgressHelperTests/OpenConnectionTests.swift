import EgressHelper
import EgressModel
import EgressPlan
import EgressPolicy
import Testing

/// What pods have open when a policy first claims them.
@Suite struct OpenConnectionTests {
    private static func connection(_ pod: Int, _ port: UInt16, behind service: IPAddress? = nil) throws -> LiveConnection {
        let remote = try #require(IPAddress("198.51.100.9"))
        return LiveConnection(
            transport: .tcp, pod: .pod(pod), podPort: port, remote: service ?? remote, remotePort: 443, destination: remote,
            stage: .established)
    }

    private static func plan(_ pods: [Int], ranBefore: Bool = true) throws -> NodePlan {
        var plan = try NodePlan.steering(pods: pods)
        for index in plan.pods.indices { plan.pods[index].ranBefore = ranBefore }
        return plan
    }

    @Test func `they are exempt by program and guard, and what is recorded meanwhile by the guard too`() async throws {
        try await ServiceFixture.run { fixture in
            let service = try await fixture.start()
            let open = try Self.connection(7, 1)
            let behind = try Self.connection(7, 2, behind: IPAddress("10.96.0.1"))
            let begun = try Self.connection(7, 3)
            fixture.kernel.open(OpenConnections(connections: [open, behind]))
            fixture.kernel.record(begun, of: 7)
            _ = try await service.apply(try Self.plan([7]), revision: 1)
            // The guard at the uplink knows it by where it leaves for.
            let beyond = try Self.connection(7, 2)
            #expect(Set(try fixture.kernel.exemptConnections(of: 7)) == [open, beyond, begun])
            #expect(Set(fixture.kernel.pastTheGuard) == [open, behind, beyond, begun])
            let status = try await service.status()
            #expect(status.exemptConnections == 3 && status.endedConnections == [])
            #expect(fixture.kernel.datapath.pods[7]?.mode == .enforce)
        }
    }

    @Test func `where they can't be read none is exempt, and the status says of which pod and why`() async throws {
        try await ServiceFixture.run { fixture in
            fixture.kernel.become(.node(pods: [7, 8]))
            let service = try await fixture.start()
            fixture.kernel.open(OpenConnections(connections: [try Self.connection(8, 1)], unread: [7: "conntrack can't be read"]))
            fixture.kernel.record(try Self.connection(7, 3), of: 7)
            _ = try await service.apply(try Self.plan([7, 8]), revision: 1)
            #expect(try fixture.kernel.exemptConnections(of: 7) == [])
            #expect(fixture.kernel.pastTheGuard.allSatisfy { $0.pod == .pod(8) })
            let ended = EndedConnections(
                pod: ObjectReference(kind: "Pod", namespace: "default", name: "pod-7"), reason: "conntrack can't be read")
            #expect(try await service.status().endedConnections == [ended])
            _ = try await service.apply(try Self.plan([8]), revision: 2)
            #expect(try await service.status().endedConnections == [])
        }
    }

    @Test func `a pod that a policy claimed when it started has none`() async throws {
        try await ServiceFixture.run { fixture in
            let service = try await fixture.start()
            fixture.kernel.open(OpenConnections(connections: [try Self.connection(7, 1)]))
            _ = try await service.apply(try Self.plan([7], ranBefore: false), revision: 1)
            #expect(fixture.kernel.pastTheGuard == [])
            #expect(try fixture.kernel.exemptConnections(of: nil) == [])
        }
    }

    @Test func `where they are to end, no pod is recorded`() async throws {
        try await ServiceFixture.run { fixture in
            fixture.kernel.keepConnections(false)
            let service = try await fixture.start()
            _ = try await service.apply(try Self.plan([7]), revision: 1)
            #expect(!fixture.kernel.done.contains { if case .setPod(_, let record) = $0 { record.mode == .record } else { false } })
            #expect(try await service.status().endedConnections == [])
        }
    }

    @Test func `only the first plan with a pod exempts, not a later one, a restart, or a device that comes back`() async throws {
        try await ServiceFixture.run { fixture in
            let first = try await fixture.start()
            let plan = try Self.plan([7])
            _ = try await first.apply(plan, revision: 1)
            fixture.kernel.open(OpenConnections(connections: [try Self.connection(7, 1)]))
            var other = plan
            other.tunnel.port = 8475
            _ = try await first.apply(other, revision: 2)
            // Its device went, and is back.
            fixture.kernel.become(.node(pods: []))
            await first.hostChanged()
            fixture.kernel.become(.node(pods: [7]))
            await first.hostChanged()
            #expect(fixture.kernel.datapath.pods[7] != nil)
            let second = try await fixture.start()
            await second.hostChanged()
            _ = try await second.apply(plan, revision: 3)
            #expect(fixture.kernel.pastTheGuard == [])
            // Maps that are gone: this helper can't tell what was done, and a plan's file says that something was.
            fixture.kernel.disturb { $0 = DatapathState() }
            try fixture.kernel.setRevision(0)
            let third = try await fixture.start()
            _ = try await third.apply(plan, revision: 4)
            #expect(fixture.kernel.datapath.pods[7] != nil && fixture.kernel.pastTheGuard == [])
        }
    }

    @Test func `a step that the kernel refuses leaves the pod recorded, and the same plan goes on from there`() async throws {
        try await ServiceFixture.run { fixture in
            let service = try await fixture.start()
            let open = try Self.connection(7, 1)
            fixture.kernel.open(OpenConnections(connections: [open]))
            fixture.kernel.refuse { if case .setChoice = $0 { true } else { false } }
            await #expect(throws: HelperError.self) { try await service.apply(try Self.plan([7]), revision: 1) }
            #expect(fixture.kernel.datapath.pods[7]?.mode == .record)
            fixture.kernel.refuse(nil)
            _ = try await service.apply(try Self.plan([7]), revision: 2)
            #expect(fixture.kernel.datapath.pods[7]?.mode == .enforce)
            #expect(Set(try fixture.kernel.exemptConnections(of: 7)) == [open])
        }
    }

    @Test func `what the guard dropped is counted under its reasons`() async throws {
        try await ServiceFixture.run { fixture in
            let service = try await fixture.start()
            fixture.kernel.drop(GuardDrops(unsteered: PacketCount(packets: 3, bytes: 300), service: PacketCount(packets: 2, bytes: 80)))
            let counters = try await service.status().counters
            #expect(counters.contains(DatapathCounter(name: "guard", code: .drop(36), packets: 3, bytes: 300)))
            #expect(counters.contains(DatapathCounter(name: "service", code: .drop(37), packets: 2, bytes: 80)))
        }
    }
}
