import EgressModel
import EgressPlan
import EgressPolicy
import JSONText
import Testing

@testable import EgressCommands

/// The agent's decisions, apart from all I/O.
@Suite struct AgentTurnTests {
    static func facts(_ node: String = "192.0.2.12", extra: String = "203.0.113.100/32") -> HostFacts {
        func interface(_ name: String, _ index: Int, _ addresses: [String], kind: String = "", isLoopback: Bool = false) -> HostInterface {
            HostInterface(
                facts: NetworkInterface(name: name, index: index, addresses: addresses.compactMap { InterfaceAddress($0) }), kind: kind,
                isLoopback: isLoopback)
        }
        return HostFacts(
            interfaces: [
                interface("lo", 1, ["127.0.0.1/8", "::1/128"], isLoopback: true), interface("eth0", 2, ["\(node)/24", extra]),
                interface("egw0", 5, [], kind: "vxlan"), interface("veth12", 7, [], kind: "veth"), interface("cni0", 4, ["10.244.2.1/24"]),
            ], defaultRoute: DefaultRoute(ipv4: "eth0"),
            podDevices: [PodDevice(interface: "veth12", index: 7, addresses: [], deliverIndex: 4)])
    }

    private func turn(_ snapshot: ClusterSnapshot = fixture("cluster.yaml"), node: String = "node-2") -> AgentTurn {
        AgentTurn(
            settings: AgentSettings(
                node: node, socket: "x", clusterCIDRs: [IPPrefix("10.245.0.0/16")].compactMap(\.self),
                serviceCIDRs: [IPPrefix("10.96.0.0/12")].compactMap(\.self)), snapshot: snapshot, facts: NodeFacts(Self.facts()),
            helper: HelperVersion(version: "9", abi: 3, datapath: "tcx"),
            previous: snapshot.egressNodes.first { $0.name == node }, accepted: [:], tokens: [], now: Bench.now)
    }

    @Test func `interfaces of pods, the tunnel and a plain loopback are nobody's business`() {
        #expect(NodeFacts(Self.facts()).interfaces.map(\.name) == ["eth0", "cni0"])
        var facts = Self.facts()
        facts.interfaces[0].facts.addresses += [InterfaceAddress("203.0.113.5/32")].compactMap(\.self)
        #expect(NodeFacts(facts).interfaces.map(\.name) == ["lo", "eth0", "cni0"])
    }

    @Test func `the report has the helper's facts and the cluster's ranges`() {
        let own = turn().described
        #expect(own.helper?.version == "9")
        #expect(own.defaultRoute.ipv4 == "eth0")
        #expect(own.ranges.pods.map(\.description) == ["10.244.1.0/24", "10.244.2.0/24", "10.244.3.0/24", "10.245.0.0/16"])
        #expect(own.ranges.services.map(\.description) == ["10.96.0.0/12"])
        #expect(own.steering?.default == .redirect)
    }

    @Test func `an id stays with its entry, and a new entry gets a new one`() {
        var snapshot = fixture("cluster.yaml")
        #expect(turn(snapshot).announced([:]).resolutions.map(\.id) == [7])
        snapshot.policies[0].metadata.uid = "another"
        snapshot.policies[0].policy?.metadata.uid = "another"
        let own = turn(snapshot).announced([:])
        #expect(own.resolutions.map(\.id) == [8])
        #expect(own.lastEntryID == 8)
    }

    @Test func `an address that an interface lost is announced as missing`() {
        var turn = turn()
        turn.facts = NodeFacts(Self.facts(extra: "203.0.113.101/32"))
        let own = turn.announced([:])
        #expect(own.resolutions.first?.code == "EG1101")
        #expect(own.resolutions.first?.ipv4 == [])
    }

    @Test func `the plan is made from what this node says now, not from what the cluster has of it`() throws {
        var snapshot = fixture("cluster.yaml")
        snapshot.egressNodes.removeAll { $0.name == "node-2" }
        let turn = turn(snapshot)
        let own = turn.announced([:])
        let plan = try #require(turn.plan(turn.effective(own)))
        #expect(plan.entries.map(\.policyName) == ["egress-sample"])
        #expect(plan.entries.first?.ipv4.map(\.description) == ["203.0.113.100"])
        #expect(plan.pods.map(\.name) == ["mediabot"])
    }

    @Test func `a cluster that wasn't read whole changes nothing`() {
        var snapshot = fixture("cluster.yaml")
        snapshot.isComplete = false
        snapshot.nodes = []
        let turn = turn(snapshot)
        let own = turn.announced([:])
        #expect(own.resolutions.map(\.id) == [7])
        #expect(own.ranges == turn.previous?.ranges)
        #expect(turn.plan(turn.effective(own)) == nil)
    }

    @Test func `the last good version stays while the object is broken`() throws {
        var snapshot = fixture("cluster.yaml")
        let good = try #require(snapshot.policies[0].policy)
        snapshot.policies[0].policy = nil
        snapshot.policies[0].metadata.generation = 3
        var turn = turn(snapshot)
        turn.accepted = ["e-1": good]
        let effective = turn.effective(turn.announced([:]))
        let plan = try #require(turn.plan(effective))
        #expect(plan.policies.map(\.accepted.metadata.generation).contains(2))
        let report = policiesInForce(plan, .inForce(notGoverned: []), effective)
        #expect(report.first { $0.name == "egress-sample" }?.generation == 2)
    }

    @Test func `what the helper said becomes what is reported`() throws {
        let turn = turn()
        let effective = turn.effective(turn.announced([:]))
        let plan = try #require(turn.plan(effective))
        let good = policiesInForce(plan, .inForce(notGoverned: []), effective)
        #expect(good.map(\.name) == ["egress-sample", "nobody"])
        #expect(good.map(\.programmed) == [true, true])
        #expect(good.map(\.pods) == [1, 1])
        #expect(good[1].code == "EG1001")
        let down = policiesInForce(plan, PlanOutcome(HelperError(code: "unreachable", message: "gone")), effective)
        #expect(down.map(\.code) == ["EG4001", "EG4001"])
        #expect(down.map(\.programmed) == [false, false])
        let refused = policiesInForce(plan, PlanOutcome(HelperError(code: "kernel_refused", message: "no")), effective)
        #expect(refused.map(\.code) == ["EG4002", "EG4002"])
        let pod = ObjectReference(kind: "Pod", namespace: "shop", name: "mediabot")
        let homeless = policiesInForce(plan, .inForce(notGoverned: [pod]), effective)
        #expect(homeless.map(\.code) == ["EG4003", "EG4003"])
        #expect(homeless.map(\.programmed) == [false, false])
        #expect(homeless[0].reason == "no device of this node leads to pod/shop/mediabot")
    }

    @Test func `a pod's node is not in force before the gateway has announced its id`() throws {
        var snapshot = fixture("cluster.yaml")
        for index in snapshot.egressNodes.indices { snapshot.egressNodes[index].resolutions = [] }
        let turn = turn(snapshot, node: "node-1")
        let effective = turn.effective(turn.announced([:]))
        let plan = try #require(turn.plan(effective))
        let report = policiesInForce(plan, .inForce(notGoverned: []), effective)
        #expect(report.map(\.programmed) == [false])
        #expect(report.first?.code.isEmpty == false)
    }

    private func strategic() -> ClusterSnapshot {
        var snapshot = fixture("cluster.yaml")
        snapshot.policies[0].policy?.strategy = StrategyReference(name: "static", configuration: #"{"ipv4":"203.0.113.100"}"#)
        return snapshot
    }

    @Test func `a module is asked in the header's words`() throws {
        let turn = turn(strategic())
        let request = try #require(turn.requests.first)
        let json = StrategyQuestion(request: request, facts: NodeFacts(Self.facts())).json
        #expect(
            json.objectValue?.keys == ["policy", "uid", "entry", "node", "interfaces", "defaultRoute", "families", "config"])
        #expect(json["policy"] == "egress-sample")
        #expect(json["families"] == ["ipv4"])
        #expect(json["config"] == ["ipv4": "203.0.113.100"])
        #expect(json["node"]?["labels"] == ["node.kubernetes.io/name": "node-2"])
        #expect(
            json["interfaces"]?[0] == [
                "name": "eth0", "altNames": [], "index": 2, "addresses": ["192.0.2.12/24", "203.0.113.100/32"], "up": true,
            ])
        #expect(json["defaultRoute"] == ["ipv4": "eth0", "ipv6": nil])
    }

    @Test func `a module's failure has a code by its kind, a helper's absence has none`() {
        func outcome(_ code: String) -> StrategyOutcome? { StrategyOutcome(HelperError(code: code, message: "x")) }
        #expect(outcome("not_found") == .failed(Reason(.pluginUnknown, "x")))
        #expect(outcome("plugin_refused") == .failed(Reason(.pluginRefusedConfiguration, "x")))
        #expect(outcome("plugin_no_address") == .noAddress(Reason(.pluginNoAddress, "x")))
        for code in ["plugin_failed", "plugin_retry", "timeout", "busy", "unknown_method"] {
            #expect(outcome(code) == .failed(Reason(.pluginFailed, "x")))
        }
        #expect(outcome("unreachable") == nil)
    }

    @Test func `waits grow to five seconds and no further`() {
        var backOff = BackOff()
        #expect((0..<9).map { _ in backOff.next() } == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5, 5, 5])
        backOff.reset()
        #expect(backOff.next() == 0.1)
    }
}
