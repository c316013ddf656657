import EgressModel
import EgressPlan
import EgressPolicy
import EgressWire
import JSONText
import TestRandom
import Testing

@Suite struct AnswerWireTests {
    private func expectRoundTrip<Value: WireValue & Equatable>(_ value: Value) throws {
        #expect(try Value(wire: JSONReader(JSONValue(parsing: value.wire.text()))) == value)
    }

    @Test func `the datapath's state comes back as it went`() throws {
        var random = SeededRandom(seed: 2)
        for _ in 0..<200 { try expectRoundTrip(random.datapathState()) }
    }

    @Test func `equal states are equal texts whatever order they were made in`() {
        var forward = DatapathState()
        var backward = DatapathState()
        for slot in 1...20 { forward.policies[UInt32(slot)] = "uid-\(slot)" }
        for slot in (1...20).reversed() { backward.policies[UInt32(slot)] = "uid-\(slot)" }
        #expect(forward.wire.text() == backward.wire.text())
    }

    @Test func `a row that stands twice in a state is refused`() throws {
        var state = DatapathState()
        state.policies = [1: "uid-1"]
        var wire = try #require(state.wire.objectValue)
        wire["policies"] = [["slot": 1, "uid": "uid-1"], ["slot": 1, "uid": "uid-2"]]
        #expect(throws: JSONFieldError.self) { try DatapathState(wire: JSONReader(.object(wire))) }
    }

    @Test func `facts, status and plugins come back as they went`() throws {
        let interface = HostInterface(
            facts: NetworkInterface(
                name: "eth0", altNames: ["ens3"], index: 2, addresses: [try #require(InterfaceAddress("192.0.2.11/24"))], isUp: true),
            kind: "veth", isLoopback: false, mtu: 1500, master: 7)
        let facts = HostFacts(
            interfaces: [interface], defaultRoute: DefaultRoute(ipv4: "eth0"),
            podDevices: [PodDevice(interface: "veth1", index: 9, addresses: [IPAddress(ipv4: 0x0AF4_010A)], deliverIndex: nil)],
            forward: ForwardPolicy.Enforcer.allCases.map { ForwardPolicy($0, place: "nft ip filter FORWARD") })
        try expectRoundTrip(facts)
        try expectRoundTrip(FactsEvent(facts: facts, lost: 3))
        try expectRoundTrip(
            HelperStatus(
                helper: HelperVersion(version: "0.1.0", abi: 1, datapath: "tcx"), node: "node-1", uptimeSeconds: 3, restarts: 1,
                revision: 42,
                attachments: [AttachedProgram(program: .pod, interface: "veth1", interfaceIndex: 9)],
                notGoverned: [ObjectReference(kind: "Pod", namespace: "default", name: "web")],
                maps: [MapFill(name: "egress_pods", used: 1, capacity: 4096)],
                counters: [DatapathCounter(name: "no_flow", code: .drop(3), packets: 1, bytes: 60)], lastError: "it hurt"))
        try expectRoundTrip(
            PluginList([PluginStatus(name: "static", version: "1", module: "/x/static.so", isHealthy: false, reason: "crashed")]))
        try expectRoundTrip(PluginAnswer(ipv4: [IPAddress(ipv4: 0xC633_6407)], interface: "eth0", validSeconds: 60))
        try expectRoundTrip(PlanApplied(revision: 42, changed: 12))
        try expectRoundTrip(PlanInForce(revision: 0, plan: nil))
        try expectRoundTrip(ResolveRequest(strategy: "static", request: ["entry": 0]))
        try expectRoundTrip(CancelRequest(id: 9))
    }

    @Test(arguments: [
        (UInt64(0), "0"), (1 << 53 - 1, "9007199254740991"), (1 << 53, "\"9007199254740992\""), (.max, "\"18446744073709551615\""),
    ])
    func `a counter is an integer below two to the 53rd and text from there`(count: UInt64, text: String) throws {
        let counter = DatapathCounter(name: "translated", code: nil, packets: count, bytes: 1)
        #expect(counter.wire["packets"]?.text() == text)
        try expectRoundTrip(counter)
    }
}

extension SeededRandom {
    mutating func datapathState() -> DatapathState {
        var state = DatapathState()
        state.settings = DatapathSettings(
            tunnelIndex: below(9), nodeAddress: maybe { $0.address() }, tunnelMTU: below(9000), hops: few { $0.address() })
        state.attachments = Set(few { Attachment(program: $0.pick(Attachment.Program.allCases), interfaceIndex: $0.below(99)) })
        for _ in 0..<below(4) {
            state.pods[below(99)] = PodRecord(ipv4: maybe { $0.ipv4() }, ipv6: maybe { $0.ipv6() }, set: id(), deliverIndex: below(99))
            state.sets[id()] = Set(few { $0.setRule() })
            state.policies[id()] = text()
            state.choices[ChoiceKey(interfaceIndex: below(99), policy: id())] = GatewayChoice(
                onNoGateway: pick(OnNoGateway.allCases),
                ranked: few { random in
                    GatewayChoice.Ranked(entry: random.id(), gateway: random.address(), egress: random.maybe { $0.address() })
                })
            state.gateways[address()] = GatewayRecord(place: flip() ? .local : .remote, isHealthy: flip())
            state.nodes[address()] = NodeRecord(podNetwork: maybe { $0.prefix() })
            state.cluster[prefix()] = pick(InClusterRange.Kind.allCases)
            state.entries[id()] = EntryRecord(
                egressIPv4: (0...below(15)).map { _ in ipv4() }, set: id(), interfaceIndex: maybe { $0.below(99) }, policy: id(),
                keptPorts: 1024...65535,
                portSlice: 32768...49151, isShared: flip())
            state.egressAddresses[address()] = EgressAddressRecord(isShared: flip())
        }
        state.netfilter = NetfilterRules(
            tunnelPort: maybe { UInt16($0.below(65536)) },
            guarded: few { random in
                let (a, b) = (random.ipv4(), random.ipv4())
                return GuardedSources(sources: random.few { $0.ipv4() }, claimed: [min(a, b)...max(a, b)])
            }, uplinks: few { $0.text() }, dedicated: few { $0.address() },
            shared: few { $0.address() })
        state.claimedAddresses = Set(few { ClaimedAddress($0.address(), interfaceIndex: $0.below(99)) })
        return state
    }

    mutating func setRule() -> SetRule {
        SetRule(prefix: prefix(), action: pick([.gateway, .exclude, .drop(UInt8(below(256)))]), policy: id())
    }
}
