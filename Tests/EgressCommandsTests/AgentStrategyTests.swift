import EgressModel
import EgressPlan
import EgressPolicy
import EgressPorts
import Logging
import Synchronization
import Testing

@testable import EgressCommands

/// A module's answers on their way through the agent's loop, to the helper's plan and the node's report.
@Suite struct AgentStrategyTests {
    private let old = PluginAnswer(version: "1", ipv4: [IPAddress("203.0.113.100")].compactMap(\.self), interface: "eth0")
    private let new = PluginAnswer(version: "1", ipv4: [IPAddress("192.0.2.12")].compactMap(\.self), interface: "eth0")
    private let crash = HelperError(code: "plugin_failed", message: "it crashed")

    private func cluster(_ strategy: String = "static", configuration: String = "{}") -> FakeCluster {
        var snapshot = fixture("cluster.yaml")
        snapshot.egressNodes = []
        snapshot.policies[0].policy?.strategy = StrategyReference(name: strategy, configuration: configuration)
        return FakeCluster(snapshot)
    }

    private func helper() -> FakeHelper { FakeHelper(node: "node-2", facts: AgentTurnTests.facts()) }

    /// Runs an agent of node-2 while the body does.
    private func running(
        _ cluster: FakeCluster, _ helper: FakeHelper, _ clock: any WallClock = FastClock(), _ body: () async throws -> Void
    ) async throws {
        let loop = AgentLoop(
            settings: AgentSettings(node: "node-2", socket: "x"), cluster: cluster,
            openHelper: { _ in
                _ = try await helper.status()
                return helper
            }, clock: clock, log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let task = Task { await loop.run() }
        do { try await body() } catch {
            task.cancel()
            throw error
        }
        task.cancel()
        await task.value
    }

    private func addresses(_ helper: FakeHelper) -> [String] {
        helper.applied.map { $0.entries.flatMap(\.ipv4).map(\.description).joined(separator: ",") }
    }

    private func resolution(_ cluster: FakeCluster) -> EntryResolution? { cluster.reports.last?.resolutions.first }

    @Test func `a new answer reaches the plan without a restart, and there is never none in between`() async throws {
        let (cluster, helper) = (cluster(), helper())
        helper.answer("static", .success(old))
        try await running(cluster, helper) {
            #expect(await eventually { addresses(helper).last == "203.0.113.100" })
            let first = addresses(helper).count
            helper.answer("static", .success(new))
            #expect(await eventually { addresses(helper).last == "192.0.2.12" }, "asked again within a minute of this clock")
            #expect(await eventually { resolution(cluster)?.ipv4 == new.ipv4 })
            #expect(Array(addresses(helper).dropFirst(first - 1)) == ["203.0.113.100", "192.0.2.12"])
            let announced = cluster.reports.drop { $0.resolutions.first?.ipv4.isEmpty != false }.map { $0.resolutions.first?.ipv4 }
            #expect(announced.allSatisfy { $0 == old.ipv4 || $0 == new.ipv4 })
            #expect(resolution(cluster)?.strategy?.version == "1")
        }
    }

    @Test func `after a change of the configuration the old answer stays until the new one is there`() async throws {
        let (cluster, helper) = (cluster(), helper())
        helper.answer("static", .success(old))
        try await running(cluster, helper, FixedClock(now: Bench.now)) {
            #expect(await eventually { addresses(helper).last == "203.0.113.100" })
            let first = addresses(helper).count
            helper.state.withLock { _ = $0.hanging.insert("slow") }
            cluster.change { $0.policies[0].policy?.strategy = StrategyReference(name: "slow", configuration: #"{"a":1}"#) }
            #expect(await eventually { helper.questions.count == 2 })
            #expect(await eventually { cluster.reports.last?.policies.first?.code == "EG1105" })
            #expect(cluster.reports.last?.policies.first?.programmed == false, "the policy as it is now isn't in force yet")
            cluster.change { $0.pods[2].metadata.labels = [:] }
            #expect(await eventually { helper.applied.last?.pods.isEmpty == true }, "other changes don't wait for the module")
            helper.answer("static", .success(new))
            cluster.change { $0.policies[0].policy?.strategy = StrategyReference(name: "static", configuration: #"{"a":1}"#) }
            #expect(await eventually { addresses(helper).last == "192.0.2.12" })
            #expect(addresses(helper).dropFirst(first - 1).allSatisfy { $0 == "203.0.113.100" || $0 == "192.0.2.12" })
            #expect(await eventually { cluster.reports.last?.policies.first?.programmed == true })
        }
    }

    @Test func `a module that hangs holds up no plan and no other module`() async throws {
        let (cluster, helper) = (cluster("hangs"), helper())
        helper.state.withLock { $0.hanging = ["hangs"] }
        helper.answer("static", .success(old))
        cluster.change {
            $0.policies[1].policy?.strategy = StrategyReference(name: "static")
            $0.policies[1].policy?.gateways[0].nodeSelector = LabelSelector()
        }
        try await running(cluster, helper, FixedClock(now: Bench.now)) {
            #expect(await eventually { helper.applied.last?.entries.map(\.policyName) == ["nobody"] })
            #expect(await eventually { resolution(cluster)?.code == "EG1105" })
        }
    }

    @Test func `after the agent's restart the last good answer stays in force with a module that doesn't answer`() async throws {
        let (cluster, helper) = (cluster(), helper())
        helper.answer("static", .success(old))
        try await running(cluster, helper) {
            #expect(await eventually { resolution(cluster)?.ipv4 == old.ipv4 })
            #expect(await eventually { cluster.reports.last?.policies.isEmpty == false })
        }
        let before = resolution(cluster)?.strategy
        let (plans, reports) = (helper.applied.count, cluster.reports.count)
        helper.answer("static", .failure(crash))
        try await running(cluster, helper) {
            #expect(await eventually { resolution(cluster)?.code == "EG1206" })
            #expect(await eventually { cluster.reports.last?.policies.first?.code == "EG1206" })
            #expect(cluster.reports.last?.policies.first?.programmed == true)
            #expect(resolution(cluster)?.ipv4 == old.ipv4)
            #expect(resolution(cluster)?.strategy == before)
            #expect(cluster.reports.dropFirst(reports).allSatisfy { $0.resolutions.first?.ipv4 == old.ipv4 })
            #expect(addresses(helper).dropFirst(plans).allSatisfy { $0 == "203.0.113.100" })
            #expect(
                cluster.events.filter { $0.code == .lastAnswerInForce }.map(\.isWarning) == [true], "told once, as a warning")
            helper.answer("static", .success(old))
            #expect(await eventually { resolution(cluster)?.code == "" })
            #expect(resolution(cluster)?.strategy == before, "since the first time")
            #expect(await eventually { cluster.events.last?.message.contains("has an answer of strategy static again") == true })
        }
    }

    @Test func `an answer survives an interface that goes down while the module fails`() async throws {
        let (cluster, helper) = (cluster(), helper())
        helper.answer("static", .success(old))
        try await running(cluster, helper) {
            #expect(await eventually { resolution(cluster)?.ipv4 == old.ipv4 })
            helper.answer("static", .failure(crash))
            #expect(await eventually { resolution(cluster)?.code == "EG1206" })
            helper.change { $0.facts.interfaces[1].facts.isUp = false }
            #expect(await eventually { resolution(cluster)?.ipv4 == [] })
            #expect(await eventually { helper.applied.last?.entries.isEmpty == true })
            helper.change { $0.facts.interfaces[1].facts.isUp = true }
            #expect(await eventually { resolution(cluster)?.ipv4 == old.ipv4 })
            #expect(resolution(cluster)?.code == "EG1206")
        }
    }

    @Test func `a node's annotation and a node's facts are asked about as they change`() async throws {
        let (cluster, helper) = (cluster(), helper())
        helper.answer("static", .success(old))
        try await running(cluster, helper, FixedClock(now: Bench.now)) {
            #expect(await eventually { helper.questions.count == 1 })
            cluster.change { $0.nodes[1].metadata.annotations["egress.example/ip"] = "203.0.113.7" }
            #expect(await eventually { helper.questions.last?.contains("203.0.113.7") == true })
            helper.change { $0.facts = AgentTurnTests.facts(extra: "203.0.113.100/31") }
            #expect(await eventually { helper.questions.last?.contains("203.0.113.100/31") == true })
            #expect(helper.questions.count == 3)
        }
    }

    @Test func `no address is announced as such, and the built-in strategy counts again without the annotation`() async throws {
        let (cluster, helper) = (cluster(), helper())
        helper.answer("static", .success(old))
        try await running(cluster, helper) {
            #expect(await eventually { addresses(helper).last == "203.0.113.100" })
            helper.answer("static", .failure(HelperError(code: "plugin_no_address", message: "not here")))
            #expect(await eventually { resolution(cluster)?.code == "EG1205" })
            #expect(resolution(cluster)?.ipv4 == [])
            helper.answer("static", .failure(crash))
            #expect(await eventually { resolution(cluster)?.code == "EG1203" })
            #expect(resolution(cluster)?.ipv4 == [], "what was said before doesn't count")
            cluster.change { $0.policies[0].policy?.strategy = nil }
            #expect(await eventually { resolution(cluster)?.code == "" })
            #expect(resolution(cluster)?.strategy == nil)
            #expect(resolution(cluster)?.ipv4 == old.ipv4)
        }
    }
}

/// A minute goes by in 0.6 seconds.
private struct FastClock: WallClock {
    private let base = ContinuousClock.now

    func secondsSinceEpoch() -> Int64 { Bench.now + Int64((ContinuousClock.now - base) / .milliseconds(10)) }
    func sleep(seconds: Double) async throws { try await Task.sleep(for: .milliseconds(Int64(seconds * 10))) }
}
