import EgressModel
import EgressPorts
import JSONText
import Synchronization
import TestKit
import Testing

@testable import KubeAPI

@Suite(.requires(.api)) struct AddressLockTests {
    private func address(_ number: UInt32) -> IPAddress { IPAddress(ipv4: 0xC612_0000 + number) }

    /// Nodes with a heartbeat, and the locks of each as its agent has them.
    private func locks(
        _ fixture: ClusterFixture, _ names: String..., age: Int64 = 0, patience: Int64 = 90, secondLook: Duration = .seconds(15)
    ) async throws -> [AddressLocks] {
        var locks: [AddressLocks] = []
        for name in names {
            try await fixture.addNode(name)
            try await heartbeat(fixture, name, age: age)
            let client = try fixture.client()
            let informers = Informers(client: client, scope: .node(name), log: quietLog)
            informers.start()
            await informers.settled(within: 20)
            kept.keep(informers)
            locks.append(AddressLocks(client: client, informers: informers, log: quietLog, patience: patience, secondLook: secondLook))
        }
        return locks
    }

    private let kept = Kept()

    /// As its agent would have written it so many seconds ago.
    private func heartbeat(_ fixture: ClusterFixture, _ name: String, age: Int64) async throws {
        try await fixture.apply(
            """
            {apiVersion: coordination.k8s.io/v1, kind: Lease,
             metadata: {name: \(name), namespace: kubectl-egress, labels: {kubectl-egress.dev/gateway: "true"}},
             spec: {holderIdentity: \(name), renewTime: "\(Timestamp.text(seconds: Timestamp.secondsNow() - age))"}}
            """)
    }

    private func lease(_ fixture: ClusterFixture, _ address: IPAddress) async throws -> JSONValue? {
        do {
            return try await fixture.client().get(AddressLease.path(of: address))
        } catch let error as APIError where error.isNotFound {
            return nil
        }
    }

    @Test func `one node has the lock until it gives it back; the object says whose it is`() async throws {
        let fixture = try await ClusterFixture.shared()
        let all = try await locks(fixture, "lock-a", "lock-b")
        #expect(try await all[0].hold(address(1), node: "lock-a") == .held)
        #expect(try await all[0].hold(address(1), node: "lock-a") == .held, "again is the same")
        #expect(try await all[1].hold(address(1), node: "lock-b") == .heldBy(node: "lock-a"))
        let lease = try #require(try await lease(fixture, address(1)))
        #expect(lease["metadata"]?["name"] == "egress-ip-198-18-0-1")
        #expect(lease["metadata"]?["labels"]?["kubectl-egress.dev/egress-ip"] == "true")
        #expect(lease["metadata"]?["annotations"]?["kubectl-egress.dev/address"] == "198.18.0.1")
        #expect(lease["spec"]?["holderIdentity"] == "lock-a")
        #expect(lease["metadata"]?["ownerReferences"]?[0]?["name"] == "lock-a", "it goes with the node")
        #expect(try await all[0].held(by: "lock-a") == [address(1)])
        try await all[1].release(address(1), node: "lock-b")
        #expect(try await self.lease(fixture, address(1)) != nil, "another's isn't given back")
        try await all[0].release(address(1), node: "lock-a")
        try await all[0].release(address(1), node: "lock-a")
        #expect(try await self.lease(fixture, address(1)) == nil)
        try await eventually("the other has it") { try await all[1].hold(address(1), node: "lock-b") == .held }
        try await all[1].release(address(1), node: "lock-b")
    }

    @Test func `of two nodes that race exactly one wins`() async throws {
        let fixture = try await ClusterFixture.shared()
        let all = try await locks(fixture, "race-a", "race-b")
        let names = ["race-a", "race-b"]
        for round in 0..<100 {
            let address = address(100 + UInt32(round))
            async let first = all[0].hold(address, node: names[0])
            async let second = all[1].hold(address, node: names[1])
            let answers = try await [first, second]
            let winners = answers.indices.filter { answers[$0] == .held }
            #expect(winners.count == 1, "round \(round): \(answers)")
            let winner = try #require(winners.first)
            #expect(answers[1 - winner] == .heldBy(node: names[winner]))
            try await all[winner].release(address, node: names[winner])
        }
    }

    @Test func `a silent holder's lock is taken over by one, who then is asked for no more`() async throws {
        let fixture = try await ClusterFixture.shared()
        let all = try await locks(fixture, "dead-a", "dead-b", "dead-c", secondLook: .milliseconds(500))
        #expect(try await all[0].hold(address(2), node: "dead-a") == .held)
        try await heartbeat(fixture, "dead-a", age: 80)
        #expect(try await all[1].hold(address(2), node: "dead-b") == .heldBy(node: "dead-a"))
        try await heartbeat(fixture, "dead-a", age: 95)
        try await eventually("its silence is known") { try await seesSilence(all[1], "dead-b") }
        try await Task.sleep(for: .milliseconds(600))
        let takers = try await withThrowingTaskGroup(of: AddressLock.self) { group in
            group.addTask { try await all[1].hold(address(2), node: "dead-b") }
            group.addTask {
                // Its first look; it has to look twice.
                _ = try await all[2].hold(address(2), node: "dead-c")
                try await Task.sleep(for: .milliseconds(600))
                return try await all[2].hold(address(2), node: "dead-c")
            }
            return try await group.reduce(into: [AddressLock]()) { $0.append($1) }
        }
        #expect(takers.count { $0 == .held } == 1)
        try await eventually("the one that lost it knows") { try await all[0].held(by: "dead-a").isEmpty }
        #expect(try await all[0].hold(address(2), node: "dead-a") == .heldBy(node: "dead-b"))
        try await all[1].release(address(2), node: "dead-b")
    }

    /// Whether it asks the server: its first look at an old heartbeat takes nothing yet.
    private func seesSilence(_ locks: AddressLocks, _ node: String) async throws -> Bool {
        #expect(try await locks.hold(address(2), node: node) == .heldBy(node: "dead-a"))
        return locks.state.withLock { $0.suspects["dead-a"] != nil }
    }

    @Test func `a heartbeat that goes on is no silence, whatever the clock says`() async throws {
        let fixture = try await ClusterFixture.shared()
        let all = try await locks(fixture, "late-a", "late-b", age: 500, secondLook: .milliseconds(300))
        #expect(try await all[0].hold(address(3), node: "late-a") == .held)
        for round in 0..<4 {
            #expect(try await all[1].hold(address(3), node: "late-b") == .heldBy(node: "late-a"))
            try await Task.sleep(for: .milliseconds(400))
            try await heartbeat(fixture, "late-a", age: 499 - Int64(round) * 3)
        }
        try await all[0].release(address(3), node: "late-a")
    }

    @Test func `the lock of a node that left the cluster is free`() async throws {
        let fixture = try await ClusterFixture.shared()
        let all = try await locks(fixture, "left-a", "left-b")
        #expect(try await all[0].hold(address(4), node: "left-a") == .held)
        try await fixture.kubectl("delete", "node", "left-a")
        try await eventually("it is taken over") { try await all[1].hold(address(4), node: "left-b") == .held }
        try await all[1].release(address(4), node: "left-b")
    }

    @Test func `who waits for a lock asks the server for nothing`() async throws {
        let fixture = try await ClusterFixture.shared()
        let all = try await locks(fixture, "quiet-a", "quiet-b")
        #expect(try await all[0].hold(address(5), node: "quiet-a") == .held)
        #expect(try await all[1].hold(address(5), node: "quiet-b") == .heldBy(node: "quiet-a"))
        // Nothing can be asked: what is known is enough.
        try await eventually("both are known to be there") { all[1].state.withLock { $0.watch != nil } }
        all[1].client.close()
        for _ in 0..<20 { #expect(try await all[1].hold(address(5), node: "quiet-b") == .heldBy(node: "quiet-a")) }
        try await all[0].release(address(5), node: "quiet-a")
    }

    @Test func `a Lease that is no lock is left alone`() async throws {
        let fixture = try await ClusterFixture.shared()
        let all = try await locks(fixture, "odd-a")
        try await fixture.apply(
            "{apiVersion: coordination.k8s.io/v1, kind: Lease, metadata: {name: egress-ip-198-18-0-6, namespace: kubectl-egress}}")
        let error = await #expect(throws: ClusterError.self) { try await all[0].hold(address(6), node: "odd-a") }
        #expect(error?.message.contains("lease/kubectl-egress/egress-ip-198-18-0-6 is no lock") == true)
        try await fixture.kubectl("delete", "lease", "-n", "kubectl-egress", "egress-ip-198-18-0-6")
    }

    @Test func `a new agent finds the locks of the one before it`() async throws {
        let fixture = try await ClusterFixture.shared()
        let first = try await locks(fixture, "again-a")
        #expect(try await first[0].hold(address(7), node: "again-a") == .held)
        first[0].end()
        let second = try await locks(fixture, "again-a")
        #expect(try await second[0].held(by: "again-a") == [address(7)])
        try await second[0].release(address(7), node: "again-a")
        #expect(try await second[0].held(by: "again-a").isEmpty)
    }
}

/// Keeps what locks hold only weakly.
private final class Kept: Sendable {
    private let informers = Mutex<[Informers]>([])
    func keep(_ one: Informers) { informers.withLock { $0.append(one) } }
}
