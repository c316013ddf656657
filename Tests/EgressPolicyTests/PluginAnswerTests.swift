import EgressModel
import EgressPolicy
import EngineSamples
import Testing

/// What becomes of a plugin module's answers: what a node announces, and what everybody else makes of it.
@Suite struct PluginAnswerTests {
    private let key = EntryKey(policyUID: "policy-p", entry: 0)
    private let crash = StrategyOutcome.failed(Reason(.pluginFailed, "it crashed"))
    private let good = StrategyOutcome.answer(StrategyAnswer(version: "1.2", ipv4: ["198.51.100.100"], interface: "eth0"))

    private func policy(_ strategy: String? = "static", via nodes: [String] = ["node-2"], to: [IPPrefix] = ["0.0.0.0/0"])
        -> EgressGatewayPolicy
    {
        var policy = EgressGatewayPolicy.sample("p", to: to, via: nodes.map { .sample($0, .defaultRoute) })
        policy.strategy = strategy.map { StrategyReference(name: $0) }
        return policy
    }

    private func cluster(_ policy: EgressGatewayPolicy) -> ClusterSnapshot { .sample(policy) }

    /// node-2 announces what it makes of an outcome.
    @discardableResult
    private func announce(
        _ snapshot: inout ClusterSnapshot, _ outcome: StrategyOutcome?, by node: String = "node-2", at now: String = "2026-11-22T10:00:00Z"
    ) -> EntryResolution? {
        guard let index = snapshot.egressNodes.firstIndex(where: { $0.name == node }) else { return nil }
        let announcement = resolveEntries(node: node, in: snapshot, answers: outcome.map { [key: $0] } ?? [:], now: now)
        snapshot.egressNodes[index].resolutions = announcement.resolutions
        snapshot.egressNodes[index].lastEntryID = announcement.lastEntryID
        return announcement.resolutions.first
    }

    private func findings(_ snapshot: ClusterSnapshot) -> [Finding] {
        resolve(snapshot).findings.filter { $0.field?.hasPrefix("metadata.annotations") == true }
    }

    @Test func `an answer says who gave it, and since when, until the addresses change`() {
        var snapshot = cluster(policy())
        #expect(announce(&snapshot, good)?.strategy == StrategyReport(name: "static", version: "1.2", since: "2026-11-22T10:00:00Z"))
        let first = snapshot
        announce(&snapshot, good, at: "2026-11-22T10:00:09Z")
        #expect(snapshot == first, "asking again changes nothing")
        let other = StrategyOutcome.answer(StrategyAnswer(version: "1.3", ipv4: ["192.0.2.12"]))
        #expect(announce(&snapshot, other, at: "2026-11-22T10:00:20Z")?.strategy?.since == "2026-11-22T10:00:20Z")
        #expect(announce(&snapshot, other, at: "2026-11-22T10:00:30Z")?.ipv4 == ["192.0.2.12"])
    }

    @Test func `addresses are sorted, once each, sixteen at most`() {
        var snapshot = cluster(policy())
        let many = (1...20).reversed().compactMap { IPAddress("198.51.100.\($0)") }
        snapshot.egressNodes[1].interfaces[0].addresses += many.compactMap { InterfaceAddress("\($0)/32") }
        let resolution = announce(&snapshot, .answer(StrategyAnswer(version: "1", ipv4: many + many)))
        #expect(resolution?.ipv4 == (1...16).compactMap { IPAddress("198.51.100.\($0)") })
    }

    @Test func `an address that is on no interface that is up is refused unless it is claimed`() {
        var snapshot = cluster(policy())
        func answer(_ address: IPAddress, on interface: String?, claims: Bool) -> EntryResolution? {
            announce(&snapshot, .answer(StrategyAnswer(version: "1", ipv4: [address], interface: interface, claims: claims)))
        }
        #expect(answer("198.51.100.9", on: "eth0", claims: false)?.code == "EG1204")
        let claimed = answer("198.51.100.9", on: "eth0", claims: true)
        #expect(claimed?.ipv4 == ["198.51.100.9"])
        #expect(claimed?.code == "")
        #expect(claimed?.strategy?.claims == true)
        #expect(answer("198.51.100.9", on: nil, claims: true)?.code == "EG1203")
        #expect(answer("198.51.100.9", on: "eth7", claims: true)?.code == "EG1102")
        #expect(answer("169.254.1.1", on: "eth0", claims: true)?.code == "EG1204")
        snapshot.egressNodes[1].interfaces[0].isUp = false
        #expect(answer("198.51.100.9", on: "eth0", claims: true)?.code == "EG1102")
        #expect(answer("198.51.100.100", on: nil, claims: false)?.code == "EG1204")
    }

    @Test(arguments: [ReasonCode.pluginUnknown, .pluginRefusedConfiguration, .pluginFailed, .addressNotClaimed])
    func `the last good answer stays in force when the module fails`(code: ReasonCode) {
        var snapshot = cluster(policy())
        let first = announce(&snapshot, good)
        let after = announce(&snapshot, .failed(Reason(code, "why")), at: "2026-11-22T11:00:00Z")
        #expect(after?.ipv4 == ["198.51.100.100"])
        #expect(after?.interface == "eth0")
        #expect(after?.strategy == first?.strategy)
        #expect(after?.code == "EG1206")
        #expect(
            after?.reason
                == "strategy static fails (\(code)): why; its last good answer, of static 1.2 since 2026-11-22T10:00:00Z, stays in force")
        #expect(resolve(snapshot).pods[0].rules[0].action == .gateway)
        #expect(announce(&snapshot, good) == first)
    }

    @Test func `while a module is asked its last good answer stays in force, and no failure is told`() {
        var snapshot = cluster(policy())
        let first = announce(&snapshot, good)
        let waiting = announce(&snapshot, nil)
        #expect(waiting?.ipv4 == first?.ipv4)
        #expect(waiting?.strategy == first?.strategy)
        #expect(waiting?.code == "EG1105")
        #expect(
            waiting?.reason
                == "strategy static has not answered on node-2 yet; its last good answer, of static 1.2 since 2026-11-22T10:00:00Z, stays in force"
        )
        #expect(findings(snapshot).map(\.severity) == [.warning])
        #expect(resolve(snapshot).pods[0].rules[0].action == .gateway)
        #expect(announce(&snapshot, crash)?.code == "EG1206")
        #expect(announce(&snapshot, nil) == waiting)
    }

    @Test func `the last good answer stays after a change of the strategy, and is told as the old one's`() {
        var snapshot = cluster(policy())
        announce(&snapshot, good)
        snapshot.policies = [policy("statik").object]
        let after = announce(&snapshot, .failed(Reason(.pluginUnknown, "no module has the name statik")))
        #expect(after?.strategy?.name == "static")
        #expect(
            after?.reason.hasPrefix("strategy statik fails (EG1201): no module has the name statik; its last good answer, of static 1.2")
                == true)
        #expect(after?.ipv4 == ["198.51.100.100"])
    }

    @Test func `the last good answer must still be on an interface`() {
        var snapshot = cluster(policy())
        announce(&snapshot, good)
        snapshot.egressNodes[1].interfaces[0].isUp = false
        let lost = announce(&snapshot, crash)
        #expect(lost?.ipv4 == [])
        #expect(lost?.code == "EG1102")
        #expect(lost?.reason.hasSuffix("; no newer answer: it crashed (EG1203)") == true)
        snapshot.egressNodes[1].interfaces[0].isUp = true
        #expect(announce(&snapshot, crash)?.code == "EG1203", "the report is all there is to remember it by")
    }

    @Test func `an answer that the report lost with an interface is remembered`() {
        var snapshot = cluster(policy())
        let first = announce(&snapshot, good)
        announce(&snapshot, .noAddress(Reason(.pluginNoAddress, "x")))
        let kept = resolveEntries(
            node: "node-2", in: snapshot, answers: [key: crash], remembered: first.map { [key: $0] } ?? [:]
        ).resolutions.first
        #expect(kept?.ipv4 == ["198.51.100.100"])
        #expect(kept?.code == "EG1206")
    }

    @Test func `a family that the last good answer lacks is the failure's own`() {
        var snapshot = cluster(policy())
        announce(&snapshot, good)
        snapshot.policies = [policy(to: ["0.0.0.0/0", "::/0"]).object]
        let after = announce(&snapshot, crash)
        #expect(after?.ipv4 == ["198.51.100.100"])
        #expect(after?.code == "EG1203")
        #expect(findings(snapshot).map(\.severity) == [.error])
    }

    @Test(arguments: [ReasonCode.pluginNoAddress, .addressHeldElsewhere])
    func `no address is an answer: what was said before doesn't count`(code: ReasonCode) {
        var snapshot = cluster(policy())
        announce(&snapshot, good)
        let after = announce(&snapshot, .noAddress(Reason(code, "not here")))
        #expect(after?.ipv4 == [])
        #expect(after?.strategy == nil)
        #expect(after?.code == code.rawValue)
        #expect(announce(&snapshot, crash)?.code == "EG1203")
        #expect(announce(&snapshot, nil)?.code == "EG1105")
    }

    @Test func `a policy that gets a strategy keeps its own address until the module's first answer, and no longer`() {
        var snapshot = cluster(policy(nil))
        #expect(announce(&snapshot, nil)?.ipv4 == ["192.0.2.12"])
        snapshot.policies = [policy().object]
        for _ in 0..<2 {
            let asked = announce(&snapshot, nil)
            #expect(asked?.ipv4 == ["192.0.2.12"])
            #expect(asked?.code == "EG1105")
            #expect(asked?.strategy == nil)
            #expect(asked?.lacksAddress == false)
            #expect(!resolve(snapshot).findings.contains { $0.severity == .error })
        }
        var answered = snapshot
        #expect(announce(&answered, good)?.ipv4 == ["198.51.100.100"])
        #expect(announce(&snapshot, crash)?.ipv4 == [], "it was no module's answer")
        #expect(announce(&snapshot, nil)?.code == "EG1105")
    }

    @Test func `without the annotation the policy's own fields count at once`() {
        var snapshot = cluster(policy())
        announce(&snapshot, good)
        snapshot.policies = [policy(nil).object]
        let after = announce(&snapshot, crash)
        #expect(after?.ipv4 == ["192.0.2.12"])
        #expect(after?.strategy == nil)
        #expect(after?.code == "")
    }

    @Test func `a failure without an answer before it is an error at the annotation`() {
        var snapshot = cluster(policy())
        announce(&snapshot, .failed(Reason(.pluginUnknown, "no module has the name static")))
        let unknown = findings(snapshot).first
        #expect(unknown?.severity == .error)
        #expect(unknown?.code == .pluginUnknown)
        #expect(unknown?.field == "metadata.annotations[kubectl-egress.dev/strategy]")
        #expect(unknown?.message == "on node-2: no module has the name static")
        #expect(unknown?.hint?.contains("static.so") == true)
        #expect(resolve(snapshot).pods[0].rules[0].reason.code == .pluginUnknown)
        #expect(resolve(snapshot).pods[0].rules[0].action == .drop)
        announce(&snapshot, .failed(Reason(.pluginRefusedConfiguration, "ipv4 is missing")))
        #expect(findings(snapshot).first?.field == "metadata.annotations[kubectl-egress.dev/strategy-config]")
    }

    @Test func `a last good answer in force is a warning where the failure's own would be told`() {
        var snapshot = cluster(policy())
        announce(&snapshot, good)
        announce(&snapshot, .failed(Reason(.pluginRefusedConfiguration, "ipv4 is (EG1201): missing")))
        let finding = findings(snapshot).first
        #expect(findings(snapshot).count == 1)
        #expect(finding?.severity == .warning)
        #expect(finding?.code == .lastAnswerInForce)
        #expect(finding?.field == "metadata.annotations[kubectl-egress.dev/strategy-config]")
        #expect(finding?.hint?.contains("strategy-config") == true)
    }

    @Test func `the same on several nodes is one finding, an error where a gateway has nothing`() {
        var snapshot = cluster(policy(via: ["node-2", "node-3"]))
        snapshot.policies[0].policy?.gateways = [GatewayEntry(nodeSelector: [:], source: .defaultRoute)]
        for node in ["node-1", "node-2", "node-3"] { announce(&snapshot, crash, by: node) }
        #expect(findings(snapshot).map(\.message) == ["on node-1, node-2, node-3: it crashed"])
        #expect(findings(snapshot).map(\.severity) == [.error])
        announce(&snapshot, .answer(StrategyAnswer(version: "1", ipv4: ["192.0.2.11"])), by: "node-1")
        #expect(findings(snapshot).map(\.message) == ["on node-2, node-3: it crashed"])
        #expect(findings(snapshot).map(\.severity) == [.warning])
    }

    @Test func `a node that the module gives no address is passed over for one that has one, a failing one isn't`() {
        var snapshot = cluster(policy())
        snapshot.policies[0].policy?.gateways = [GatewayEntry(nodeSelector: [:], source: .defaultRoute)]
        announce(&snapshot, .noAddress(Reason(.addressHeldElsewhere, "node-2 holds 198.51.100.100")), by: "node-1")
        func gateway() -> String? { resolve(snapshot).pods[0].rules[0].gatewayNode }
        #expect(gateway() == "node-1", "nobody has one yet")
        #expect(resolve(snapshot).pods[0].rules[0].action == .drop)
        announce(&snapshot, good)
        #expect(gateway() == "node-2")
        #expect(resolve(snapshot).pods[0].rules[0].action == .gateway)
        #expect(findings(snapshot).map(\.severity) == [.info])
        #expect(findings(snapshot).first?.message == "on node-1: node-2 holds 198.51.100.100")
        announce(&snapshot, crash, by: "node-1")
        #expect(gateway() == "node-1")
    }

    @Test func `explain names the module, its version, its answer, and what fails`() throws {
        var snapshot = cluster(policy())
        snapshot.egressNodes[1].interfaces[0].addresses += [InterfaceAddress("198.51.100.101/32")].compactMap(\.self)
        announce(
            &snapshot, .answer(StrategyAnswer(version: "1.2", ipv4: ["198.51.100.100", "198.51.100.101"], interface: "eth0")))
        func detail(_ destination: IPAddress?) throws -> String {
            let explanation = explain(snapshot.pods[0], to: destination.map { Destination(address: $0) }, in: resolve(snapshot))
            return try #require(explanation.steps.first { $0.step == .address }).detail
        }
        let answered = "strategy static 1.2 answered 198.51.100.100, 198.51.100.101, since 2026-11-22T10:00:00Z"
        #expect(try detail("203.0.113.7").hasSuffix(" on eth0; \(answered)"))
        #expect(try detail(nil).hasPrefix("policy p: 198.51.100.10"))
        announce(&snapshot, crash)
        #expect(
            try detail("203.0.113.7").hasSuffix(
                "\(answered); this last good answer stays in force, as strategy static fails (EG1203): it crashed (EG1206)"))
        announce(&snapshot, .noAddress(Reason(.pluginNoAddress, "the node has no annotation")))
        #expect(try detail("203.0.113.7") == "strategy static on node-2: the node has no annotation (EG1205)")
        #expect(try detail(nil) == "policy p: strategy static on node-2: the node has no annotation (EG1205)")
    }
}
