import EgressModel
import EgressPlan
import EgressPolicy
import EgressPorts
import Logging
import Testing

@testable import EgressCommands

/// What the agent does while the API server, the helper or both are slow, gone, or back; and what it tells.
@Suite struct AgentOutageTests {
    private let gone = CommandError("The connection to the server was refused")

    private func loop(
        _ cluster: FakeCluster, _ helper: FakeHelper, _ settings: AgentSettings? = nil, clock: any WallClock = FixedClock(now: Bench.now)
    )
        -> AgentLoop
    {
        AgentLoop(
            settings: settings ?? AgentSettings(node: "node-2", socket: "x"), cluster: cluster,
            openHelper: { _ in
                _ = try await helper.status()
                return helper
            }, clock: clock, log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    private func running(_ loop: AgentLoop, _ body: () async throws -> Void) async throws {
        let task = Task { await loop.run() }
        defer { task.cancel() }
        try await body()
        task.cancel()
        await task.value
    }

    private func empty() -> ClusterSnapshot {
        var snapshot = fixture("cluster.yaml")
        snapshot.egressNodes = []
        return snapshot
    }

    private func helper() -> FakeHelper { FakeHelper(node: "node-2", facts: AgentTurnTests.facts()) }

    private func isInForce(_ cluster: FakeCluster) -> Bool { cluster.reports.last?.policies.contains(where: \.programmed) == true }

    @Test func `a report that doesn't get through holds up no plan`() async throws {
        let (cluster, helper) = (FakeCluster(empty()), helper())
        try await running(loop(cluster, helper)) {
            #expect(await eventually { isInForce(cluster) })
            cluster.delayReports(.seconds(600))
            cluster.change { $0.policies[0].metadata.generation += 1 }
            cluster.change { $0.pods[2].metadata.labels = [:] }
            #expect(await eventually { helper.applied.last?.pods.isEmpty == true })
            cluster.change { $0.pods[2].metadata.labels = ["org": "empire", "class": "mediabot"] }
            #expect(await eventually { helper.applied.last?.pods.map(\.name) == ["mediabot"] })
        }
    }

    @Test func `what couldn't be written is written once the server is back, and only the newest`() async throws {
        let (cluster, helper) = (FakeCluster(empty()), helper())
        cluster.failWriting(gone)
        try await running(loop(cluster, helper)) {
            #expect(await eventually { helper.applied.count == 1 })
            #expect(await eventually { cluster.reportCalls > 1 })
            #expect(cluster.reports.isEmpty)
            cluster.failWriting(nil)
            #expect(await eventually { isInForce(cluster) })
            #expect(cluster.reports.count == 1)
        }
    }

    @Test func `a server that is gone takes no rule away, and no token is needed again`() async throws {
        let (cluster, helper) = (FakeCluster(empty()), helper())
        try await running(loop(cluster, helper)) {
            #expect(await eventually { isInForce(cluster) })
            cluster.failTokens(gone)
            cluster.failWriting(gone)
            cluster.fail(gone)
            try await Task.sleep(for: .milliseconds(300))
            #expect(helper.applied.count == 1)
            // The view is there again while writing still fails.
            cluster.fail(nil)
            cluster.change { $0.pods[2].metadata.labels = [:] }
            #expect(await eventually { helper.applied.last?.pods.isEmpty == true })
            #expect(helper.applied.last?.tunnel.tokens.count == 1)
        }
    }

    @Test func `whatever starts last, the plan gets there`() async throws {
        let (cluster, helper) = (FakeCluster(empty()), helper())
        helper.setDown(true)
        cluster.fail(gone)
        try await running(loop(cluster, helper)) {
            try await Task.sleep(for: .milliseconds(200))
            cluster.fail(nil)
            try await Task.sleep(for: .milliseconds(200))
            helper.setDown(false)
            #expect(await eventually { isInForce(cluster) })
            helper.setDown(true)
            cluster.fail(gone)
            try await Task.sleep(for: .milliseconds(200))
            helper.setDown(false)
            try await Task.sleep(for: .milliseconds(200))
            cluster.fail(nil)
            #expect(await eventually { helper.applied.count == 2 && isInForce(cluster) })
            #expect(helper.applied.allSatisfy { $0.pods.map(\.name) == ["mediabot"] })
        }
    }

    @Test func `an agent that can't see yet what its node said takes no id back`() async throws {
        let whole = fixture("cluster.yaml")
        var partial = whole
        partial.egressNodes = []
        partial.unread = [UnreadKind(kind: .egressNode, code: .readFailed, reason: "timeout")]
        let (cluster, helper) = (FakeCluster(partial), helper())
        try await running(loop(cluster, helper)) {
            try await Task.sleep(for: .milliseconds(300))
            #expect(cluster.reports.isEmpty)
            #expect(helper.applied.isEmpty)
            cluster.change { $0 = whole }
            #expect(await eventually { isInForce(cluster) })
            #expect(cluster.reports.allSatisfy { $0.resolutions.map(\.id) == [7] })
        }
    }

    @Test func `a node without news still says that it lives, every ten seconds`() async throws {
        let (cluster, helper) = (FakeCluster(empty()), helper())
        try await running(loop(cluster, helper, clock: FastClock())) {
            #expect(await eventually { isInForce(cluster) })
            let (before, plans) = (cluster.reportCalls, helper.applied.count)
            #expect(await eventually { cluster.reportCalls >= before + 3 })
            #expect(helper.applied.count == plans)
            #expect(Set(cluster.reports.suffix(3).map(\.reportedAt)).count == 3)
            #expect(Set(cluster.reports.suffix(3).map(\.policies)).count == 1)
        }
    }

    @Test func `the node is governed once a plan is in force, and not before`() async throws {
        let (cluster, helper) = (FakeCluster(empty()), helper())
        helper.change { $0.refusal = HelperError(code: "kernel_refused", message: "no") }
        try await running(loop(cluster, helper)) {
            #expect(await eventually { cluster.reports.last?.policies.first?.code == "EG4002" })
            #expect(cluster.governed == 0)
            helper.change { $0.refusal = nil }
            #expect(await eventually { cluster.governed == 1 })
            cluster.change { $0.pods[2].metadata.labels = [:] }
            #expect(await eventually { helper.applied.last?.pods.isEmpty == true })
            #expect(cluster.governed == 1)
        }
    }

    @Test func `a second owner of the policies keeps all of them from being in force`() async throws {
        var snapshot = empty()
        snapshot.ciliumEgressGateway = "configmap/kube-system/cilium-config enable-egress-gateway"
        let (cluster, helper) = (FakeCluster(snapshot), helper())
        helper.change { $0.refusal = HelperError(code: "foreign_owner", message: "Cilium's own egress gateway is on") }
        try await running(loop(cluster, helper)) {
            #expect(await eventually { cluster.reports.last?.policies.map(\.code) == ["EG4007", "EG4007"] })
            #expect(cluster.reports.allSatisfy { $0.policies.allSatisfy { !$0.programmed } })
            #expect(cluster.governed == 0)
            #expect(await eventually { cluster.events.contains { $0.code == .ciliumOwnsPolicies && $0.object.kind == "Node" } })
        }
    }

    @Test func `ranges that the agent is told replace those that are found, and podCIDRs stay`() async throws {
        var snapshot = empty()
        snapshot.ranges = ["10.50.0.0/16", "10.60.0.0/16"].compactMap { IPPrefix($0) }
            .map { DiscoveredRange($0, $0.description.hasPrefix("10.5") ? .pods : .services, source: "ippool/a spec.cidr") }
        var settings = AgentSettings(node: "node-2", socket: "x")
        #expect(
            settings.ranges(snapshot.ranges).inWords == "pods 10.50.0.0/16 (ippool/a spec.cidr), services 10.60.0.0/16 (ippool/a spec.cidr)"
        )
        settings.clusterCIDRs = ["10.70.0.0/16"].compactMap { IPPrefix($0) }
        #expect(
            settings.ranges(snapshot.ranges).inWords == "pods 10.70.0.0/16 (--cluster-cidr), services 10.60.0.0/16 (ippool/a spec.cidr)")
        let (cluster, helper) = (FakeCluster(snapshot), helper())
        try await running(loop(cluster, helper, settings)) {
            #expect(await eventually { isInForce(cluster) })
            let ranges = try #require(cluster.reports.last?.ranges)
            #expect(ranges.pods.map(\.description) == ["10.70.0.0/16", "10.244.1.0/24", "10.244.2.0/24", "10.244.3.0/24"])
            #expect(ranges.services.map(\.description) == ["10.60.0.0/16"])
            #expect(helper.applied.last?.cluster.contains { $0.prefix.description == "10.50.0.0/16" } == false)
        }
    }
}

/// A hundred seconds go by in one; a second each ten milliseconds.
private struct FastClock: WallClock {
    private let base = ContinuousClock.now

    func secondsSinceEpoch() -> Int64 { Bench.now + Int64((ContinuousClock.now - base) / .milliseconds(10)) }
    func sleep(seconds: Double) async throws { try await Task.sleep(for: .milliseconds(Int64(seconds * 10))) }
}
