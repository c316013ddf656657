import EgressModel
import EgressPlan
import EgressPolicy
import EgressPorts
import Logging
import Testing

@testable import EgressCommands

/// Claimed addresses on their way through the agent's loop: lock first, then the plan; the plan first, then the lock back.
@Suite struct AgentClaimTests {
    private static let address = IPAddress(ipv4: 0xC633_6407)
    private let claim = PluginAnswer(version: "1", ipv4: [address], interface: "eth0", claim: true)

    private func cluster() -> FakeCluster {
        var snapshot = fixture("cluster.yaml")
        snapshot.egressNodes = []
        snapshot.policies[0].policy?.strategy = StrategyReference(name: "static", configuration: "{}")
        return FakeCluster(snapshot)
    }

    private func helper() -> FakeHelper {
        let helper = FakeHelper(node: "node-2", facts: AgentTurnTests.facts())
        helper.answer("static", .success(claim))
        return helper
    }

    private func running(
        _ cluster: FakeCluster, _ helper: FakeHelper, _ body: () async throws -> Void
    ) async throws {
        let loop = AgentLoop(
            settings: AgentSettings(node: "node-2", socket: "x"), cluster: cluster,
            openHelper: { _ in
                _ = try await helper.status()
                return helper
            }, clock: FastClock(), log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let task = Task { await loop.run() }
        do { try await body() } catch {
            task.cancel()
            throw error
        }
        task.cancel()
        await task.value
    }

    private func claimed(_ helper: FakeHelper) -> [IPAddress]? {
        helper.applied.last.map { $0.entries.filter(\.claims).flatMap(\.ipv4) }
    }

    private func code(_ cluster: FakeCluster) -> String? { cluster.reports.last?.resolutions.first?.code }

    @Test func `the lock is held before the address is announced, and given back after the plan without it`() async throws {
        let (cluster, helper) = (cluster(), helper())
        try await running(cluster, helper) {
            #expect(await eventually { claimed(helper) == [Self.address] })
            #expect(cluster.locks == [Self.address: "node-2"])
            // The helper takes its time with the plan without it.
            helper.change { $0.applyDelay = .milliseconds(300) }
            cluster.change { $0.policies = [] }
            try await Task.sleep(for: .milliseconds(150))
            #expect(cluster.locks == [Self.address: "node-2"], "the address is still on the interface")
            #expect(await eventually { claimed(helper) == [] })
            #expect(await eventually { cluster.locks.isEmpty })
        }
    }

    @Test func `an address that another node holds is not announced until that node gives it back`() async throws {
        let (cluster, helper) = (cluster(), helper())
        cluster.lock(Self.address, "node-3")
        try await running(cluster, helper) {
            #expect(await eventually { code(cluster) == "EG1207" })
            #expect(helper.applied.allSatisfy { $0.entries.isEmpty })
            #expect(cluster.reports.last?.resolutions.first?.reason == "198.51.100.7 is held by node-3")
            cluster.lock(Self.address, nil)
            #expect(await eventually { claimed(helper) == [Self.address] })
            #expect(cluster.locks == [Self.address: "node-2"])
        }
    }

    @Test func `a gateway whose lock was taken over withdraws`() async throws {
        let (cluster, helper) = (cluster(), helper())
        try await running(cluster, helper) {
            #expect(await eventually { claimed(helper) == [Self.address] })
            cluster.lock(Self.address, "node-3")
            #expect(await eventually { claimed(helper) == [] })
            #expect(await eventually { code(cluster) == "EG1207" })
            #expect(cluster.locks == [Self.address: "node-3"], "what isn't ours is left alone")
        }
    }

    @Test func `locks that can't be read take nothing away, also from an agent that starts`() async throws {
        let (cluster, helper) = (cluster(), helper())
        try await running(cluster, helper) {
            #expect(await eventually { claimed(helper) == [Self.address] })
            #expect(await eventually { cluster.reports.last?.resolutions.first?.ipv4 == [Self.address] })
            cluster.failLocks(CommandError("no server"))
            try await Task.sleep(for: .milliseconds(300))
            #expect(claimed(helper) == [Self.address])
        }
        try await running(cluster, helper) {
            try await Task.sleep(for: .milliseconds(500))
            #expect(claimed(helper) == [Self.address])
            #expect(helper.applied.allSatisfy { $0.entries.isEmpty || $0.entries.flatMap(\.ipv4) == [Self.address] })
        }
    }

    @Test func `a lock that can't be had is said, and no address announced`() async throws {
        let (cluster, helper) = (cluster(), helper())
        cluster.failLocks(CommandError("no server"))
        try await running(cluster, helper) {
            #expect(await eventually { code(cluster) == "EG1208" })
            #expect(helper.applied.allSatisfy { $0.entries.isEmpty })
            cluster.failLocks(nil)
            #expect(await eventually { claimed(helper) == [Self.address] })
        }
    }

    @Test func `an agent gives back what an agent before it held for entries that are gone`() async throws {
        let (cluster, helper) = (cluster(), helper())
        let old = IPAddress(ipv4: 0xC633_6463)
        cluster.lock(old, "node-2")
        cluster.lock(IPAddress(ipv4: 0xC633_6464), "node-3")
        try await running(cluster, helper) {
            #expect(await eventually { cluster.locks[old] == nil && claimed(helper) == [Self.address] })
            #expect(cluster.locks.count == 2)
        }
    }

    @Test func `two policies that claim one address share its lock`() async throws {
        let (cluster, helper) = (cluster(), helper())
        cluster.change { snapshot in
            var second = snapshot.policies[0]
            second.metadata.name = "second"
            second.metadata.uid = "uid-second"
            second.policy?.metadata = second.metadata
            snapshot.policies.append(second)
        }
        try await running(cluster, helper) {
            #expect(await eventually { claimed(helper) == [Self.address, Self.address] })
            cluster.change { $0.policies.removeLast() }
            #expect(await eventually { claimed(helper) == [Self.address] })
            try await Task.sleep(for: .milliseconds(200))
            #expect(cluster.locks == [Self.address: "node-2"])
        }
    }
}

/// A hundred times as fast.
private struct FastClock: WallClock {
    private let base = ContinuousClock.now

    func secondsSinceEpoch() -> Int64 { Bench.now + Int64((ContinuousClock.now - base) / .milliseconds(10)) }
    func sleep(seconds: Double) async throws { try await Task.sleep(for: .milliseconds(Int64(seconds * 10))) }
}
