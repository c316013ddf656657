import ClusterFolder
import EgressModel
import EgressPlan
import EgressPorts
import JSONText
import Logging
import Synchronization
import Testing

@testable import EgressCommands

/// The loop around a helper in memory; the cluster is in memory, or a real folder.
@Suite struct AgentLoopTests {
    private func loop(_ cluster: any Cluster, _ helpers: [String: FakeHelper], node: String) -> AgentLoop {
        AgentLoop(
            settings: AgentSettings(node: node, socket: node), cluster: cluster,
            openHelper: { socket in
                guard let helper = helpers[socket] else { throw HelperError(code: "unreachable", message: "no \(socket)") }
                _ = try await helper.status()
                return helper
            }, clock: FixedClock(now: Bench.now), log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    /// Runs agents while the body does.
    private func running(_ loops: [AgentLoop], _ body: () async throws -> Void) async throws {
        let tasks = loops.map { loop in Task { await loop.run() } }
        do {
            try await body()
        } catch {
            tasks.forEach { $0.cancel() }
            throw error
        }
        for task in tasks {
            task.cancel()
            await task.value
        }
    }

    private func report(_ cluster: FakeCluster, _ node: String) async throws -> EgressNode? {
        try await cluster.snapshot().egressNodes.first { $0.name == node }
    }

    private func empty() -> ClusterSnapshot {
        var snapshot = fixture("cluster.yaml")
        snapshot.egressNodes = []
        return snapshot
    }

    @Test func `a node takes its plan on and reports it`() async throws {
        let cluster = FakeCluster(empty())
        let helper = FakeHelper(node: "node-2", facts: AgentTurnTests.facts())
        try await running([loop(cluster, ["node-2": helper], node: "node-2")]) {
            #expect(try await eventually { try await report(cluster, "node-2")?.policies.contains(where: \.programmed) == true })
            let own = try #require(try await report(cluster, "node-2"))
            #expect(own.resolutions.map(\.id) == [1])
            #expect(own.reportedAt == "2026-11-22T10:00:05Z")
            #expect(own.interfaces.map(\.name) == ["eth0", "cni0"])
            #expect(own.helper?.version == "0.1.0")
            #expect(helper.applied.count == 1)
            #expect(helper.applied.first?.tunnel.tokens.count == 1)
        }
    }

    @Test func `nothing is sent or written while nothing changes`() async throws {
        let cluster = FakeCluster(empty())
        let helper = FakeHelper(node: "node-2", facts: AgentTurnTests.facts())
        try await running([loop(cluster, ["node-2": helper], node: "node-2")]) {
            #expect(await eventually { helper.applied.count == 1 })
            #expect(await eventually { cluster.reports.last?.policies.isEmpty == false })
            try await Task.sleep(for: .milliseconds(200))
            let reports = cluster.reports.count
            for _ in 0..<5 {
                cluster.change { _ in }
                try await Task.sleep(for: .milliseconds(20))
            }
            #expect(helper.applied.count == 1)
            #expect(cluster.reports.count == reports)
        }
    }

    @Test func `a label that goes takes the pod out of the plan at once`() async throws {
        let cluster = FakeCluster(empty())
        let helper = FakeHelper(node: "node-2", facts: AgentTurnTests.facts())
        try await running([loop(cluster, ["node-2": helper], node: "node-2")]) {
            #expect(await eventually { helper.applied.last?.pods.map(\.name) == ["mediabot"] })
            let start = ContinuousClock.now
            cluster.change { $0.pods[2].metadata.labels = [:] }
            #expect(await eventually { helper.applied.last?.pods.isEmpty == true })
            #expect(ContinuousClock.now - start < .seconds(5))
        }
    }

    @Test func `an incomplete cluster changes nothing`() async throws {
        let cluster = FakeCluster(empty())
        let helper = FakeHelper(node: "node-2", facts: AgentTurnTests.facts())
        try await running([loop(cluster, ["node-2": helper], node: "node-2")]) {
            #expect(await eventually { helper.applied.count == 1 })
            #expect(await eventually { cluster.reports.last?.policies.isEmpty == false })
            cluster.change {
                $0.isComplete = false
                $0.policies = []
                $0.pods = []
            }
            try await Task.sleep(for: .milliseconds(300))
            #expect(helper.applied.count == 1)
            #expect(cluster.reports.last?.policies.map(\.name) == ["egress-sample", "nobody"])
            #expect(cluster.reports.last?.resolutions.map(\.id) == [1])
        }
    }

    @Test func `a helper that is gone is reported, and after its restart the plan is sent again`() async throws {
        let cluster = FakeCluster(empty())
        let helper = FakeHelper(node: "node-2", facts: AgentTurnTests.facts())
        try await running([loop(cluster, ["node-2": helper], node: "node-2")]) {
            #expect(await eventually { cluster.reports.last?.policies.contains(where: \.programmed) == true })
            helper.setDown(true)
            #expect(await eventually { cluster.reports.last?.policies.map(\.code) == ["EG4001", "EG4001"] })
            #expect(cluster.reports.last?.policies.contains(where: \.programmed) == false)
            #expect(cluster.reports.last?.resolutions.map(\.id) == [1], "what it could serve stays announced")
            helper.setDown(false)
            #expect(await eventually { cluster.reports.last?.policies.contains(where: \.programmed) == true })
            #expect(helper.applied.count == 2)
        }
    }

    @Test func `a helper that refuses is reported in its words, and asked again`() async throws {
        let cluster = FakeCluster(empty())
        let helper = FakeHelper(node: "node-2", facts: AgentTurnTests.facts())
        helper.change { $0.refusal = HelperError(code: "kernel_refused", message: "map is full") }
        try await running([loop(cluster, ["node-2": helper], node: "node-2")]) {
            #expect(await eventually { cluster.reports.last?.policies.first?.code == "EG4002" })
            #expect(cluster.reports.last?.policies.first?.reason == "map is full")
            // No event follows: the agent tries again by itself.
            helper.state.withLock { $0.refusal = nil }
            #expect(await eventually { cluster.reports.last?.policies.contains(where: \.programmed) == true })
        }
    }

    @Test func `a pod without a device keeps its policy from being in force until there is one`() async throws {
        let cluster = FakeCluster(empty())
        let helper = FakeHelper(node: "node-2", facts: AgentTurnTests.facts())
        helper.change { $0.notGoverned = [ObjectReference(kind: "Pod", namespace: "shop", name: "mediabot")] }
        try await running([loop(cluster, ["node-2": helper], node: "node-2")]) {
            #expect(await eventually { cluster.reports.last?.policies.first?.code == "EG4003" })
            helper.state.withLock { $0.notGoverned = [] }
            #expect(await eventually { cluster.reports.last?.policies.first?.programmed == true })
            #expect(helper.applied.count == 1)
        }
    }

    @Test func `a pod that the agent saw running unclaimed is planned as one that ran before, once and for all`() async throws {
        var before = empty()
        let policies = before.policies
        before.policies = []
        let cluster = FakeCluster(before)
        let helper = FakeHelper(node: "node-2", facts: AgentTurnTests.facts())
        let reason = "conntrack can't be read"
        let pod = ObjectReference(kind: "Pod", namespace: "shop", name: "mediabot")
        helper.change { $0.ended = [EndedConnections(pod: pod, reason: reason)] }
        try await running([loop(cluster, ["node-2": helper], node: "node-2")]) {
            #expect(await eventually { helper.applied.count == 1 })
            cluster.change { $0.policies = policies }
            #expect(await eventually { helper.applied.last?.pods.contains { $0.name == "mediabot" && $0.ranBefore } == true })
            // In force all the same, with what it cost.
            #expect(await eventually { cluster.reports.last?.policies.first?.code == "EG2090" })
            #expect(cluster.reports.last?.policies.first?.programmed == true)
            #expect(cluster.reports.last?.policies.first?.reason.hasSuffix(reason) == true)
        }
        // Another agent has seen nothing, and says of the pod what the helper's plan says.
        let plan = helper.applied.last
        try await running([loop(cluster, ["node-2": helper], node: "node-2")]) {
            #expect(await eventually { (cluster.reports.last?.policies.contains(where: \.programmed)) == true })
        }
        #expect(helper.applied.last == plan)
    }

    @Test func `a pod that is claimed when the agent first sees it did not run before`() async throws {
        let cluster = FakeCluster(empty())
        let helper = FakeHelper(node: "node-2", facts: AgentTurnTests.facts())
        try await running([loop(cluster, ["node-2": helper], node: "node-2")]) {
            #expect(await eventually { helper.applied.last?.pods.contains { $0.name == "mediabot" } == true })
            #expect(helper.applied.last?.pods.contains(where: \.ranBefore) == false)
        }
    }

    @Test func `an agent that starts again goes on with the policies the helper had, and with its revision`() async throws {
        let cluster = FakeCluster(empty())
        let helper = FakeHelper(node: "node-2", facts: AgentTurnTests.facts())
        try await running([loop(cluster, ["node-2": helper], node: "node-2")]) {
            #expect(await eventually { helper.applied.count == 1 })
        }
        helper.state.withLock { $0.revision = 41 }
        cluster.change {
            $0.policies[0].policy = nil
            $0.policies[0].metadata.generation = 3
        }
        try await running([loop(cluster, ["node-2": helper], node: "node-2")]) {
            #expect(await eventually { helper.applied.count == 2 })
            #expect(helper.state.withLock { $0.revision } == 42)
            #expect(helper.applied.last?.policies.map(\.accepted.metadata.name) == ["egress-sample", "nobody"])
            #expect(await eventually { cluster.reports.last?.policies.first?.generation == 2 })
        }
    }

    @Test func `an id that the helper has is not given out again though the report is lost`() async throws {
        let cluster = FakeCluster(empty())
        let helper = FakeHelper(node: "node-2", facts: AgentTurnTests.facts())
        try await running([loop(cluster, ["node-2": helper], node: "node-2")]) {
            #expect(await eventually { helper.applied.last?.entries.map(\.id) == [1] })
        }
        cluster.change { $0.egressNodes = [] }
        try await running([loop(cluster, ["node-2": helper], node: "node-2")]) {
            #expect(await eventually { helper.applied.last?.entries.map(\.id) == [2] })
        }
    }

    @Test func `a node that comes back doesn't claim what it said before its kernel has it`() async throws {
        let cluster = FakeCluster(fixture("cluster.yaml"))
        let helper = FakeHelper(node: "node-2", facts: AgentTurnTests.facts())
        helper.state.withLock { $0.applyDelay = .milliseconds(500) }
        try await running([loop(cluster, ["node-2": helper], node: "node-2")]) {
            #expect(await eventually { cluster.reports.last?.policies.first?.code == "EG4005" })
            #expect(cluster.reports.allSatisfy { $0.policies.allSatisfy { !$0.programmed } })
            #expect(await eventually { cluster.reports.last?.policies.contains(where: \.programmed) == true })
        }
    }

    @Test func `a module's answer becomes the entry's address, and is asked for once`() async throws {
        var snapshot = empty()
        snapshot.policies[0].policy?.strategy = StrategyReference(name: "static")
        let cluster = FakeCluster(snapshot)
        let helper = FakeHelper(node: "node-2", facts: AgentTurnTests.facts())
        helper.change {
            $0.answers["static"] = .success(PluginAnswer(ipv4: [IPAddress("203.0.113.100")].compactMap(\.self), interface: "eth0"))
        }
        try await running([loop(cluster, ["node-2": helper], node: "node-2")]) {
            #expect(await eventually { cluster.reports.last?.resolutions.first?.ipv4.map(\.description) == ["203.0.113.100"] })
            cluster.change { _ in }
            try await Task.sleep(for: .milliseconds(100))
            #expect(helper.questions.count == 1)
        }
    }

    @Test func `a module that isn't there is the policy's own trouble`() async throws {
        var snapshot = empty()
        snapshot.policies[0].policy?.strategy = StrategyReference(name: "absent")
        let cluster = FakeCluster(snapshot)
        let helper = FakeHelper(node: "node-2", facts: AgentTurnTests.facts())
        try await running([loop(cluster, ["node-2": helper], node: "node-2")]) {
            #expect(await eventually { cluster.reports.last?.resolutions.first?.code == "EG1201" })
            #expect(await eventually { cluster.reports.last?.policies.contains { $0.name == "nobody" && $0.programmed } == true })
        }
    }

    @Test func `a report that somebody removes comes back, with its ids`() async throws {
        let cluster = FakeCluster(empty())
        let helper = FakeHelper(node: "node-2", facts: AgentTurnTests.facts())
        var later = loop(cluster, ["node-2": helper], node: "node-2")
        later = AgentLoop(
            settings: later.settings, cluster: cluster, openHelper: later.openHelper, clock: TickingClock(), log: later.log)
        try await running([later]) {
            #expect(await eventually { cluster.reports.last?.policies.isEmpty == false })
            cluster.change { $0.egressNodes = [] }
            let isBack = try await eventually { try await report(cluster, "node-2")?.resolutions.map(\.id) == [1] }
            #expect(isBack)
        }
    }

    /// Two agents, a real folder between them, and `apply` of the command line: the path of the product but for the kernel.
    @Test func `apply on a folder waits for the agents of both nodes`() async throws {
        let folder = try TemporaryFolder()
        let whole = try contents(testFile("Fixtures/cluster.yaml"))
        let documents = whole.split(separator: "---\n").map(String.init)
        try folder.write(
            documents.filter { !$0.contains("kind: EgressNode") && !$0.contains("kind: Cilium") }.joined(separator: "---\n"), to: "c.yaml")
        let policy = try folder.write(
            documents.filter { $0.contains("name: egress-sample, uid: e-1") && $0.contains("kind: Cilium") }.joined(),
            to: "../\(folder.path.split(separator: "/").last ?? "x")-p.yaml")
        let helpers = [
            "node-1": FakeHelper(node: "node-1", facts: AgentTurnTests.facts("192.0.2.11", extra: "192.0.2.21/24")),
            "node-2": FakeHelper(node: "node-2", facts: AgentTurnTests.facts()),
        ]
        let cluster = ClusterFolder(path: folder.path)
        try await running(["node-1", "node-2"].map { loop(ClusterFolder(path: folder.path), helpers, node: $0) }) {
            let run = await Bench(cluster).run("apply -f \(policy) --timeout 20s")
            #expect(run.code == 0, "\(run.error)")
            #expect(run.output.contains("  node-1: generation 1 in force (1 pod)\n"))
            #expect(run.output.contains("  node-2: generation 1 in force (gateway, 1 pod)\n"))
            #expect(helpers["node-1"]?.applied.last?.pods.first?.choices.first?.ranked.map(\.node) == ["node-2"])
            let explained = await Bench(cluster).run("explain pod mediabot --to 192.88.99.80 -o json").json
            #expect(explained["steps"]?.arrayValue?.last?["result"] == "yes")
        }
        try removeFile(policy)
    }
}

/// Time goes on a second at each look.
private struct TickingClock: WallClock {
    private let base = ContinuousClock.now

    func secondsSinceEpoch() -> Int64 { Bench.now + Int64((ContinuousClock.now - base) / .milliseconds(10)) }
    func sleep(seconds: Double) async throws { try await Task.sleep(for: .milliseconds(Int64(seconds * 1000))) }
}
