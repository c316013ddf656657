import EgressModel
import EgressPolicy
import EngineSamples
import Testing

/// Which node serves an entry, and by which addresses, sentence by sentence of docs/architecture.md.
@Suite struct GatewaySemanticsTests {
    private let anyNode = EgressGatewayPolicy.sample("p", via: [GatewayEntry(nodeSelector: [:], source: .defaultRoute)])

    private func gateway(_ change: (inout Node) -> Void) -> String? {
        var snapshot = ClusterSnapshot.sample(anyNode)
        change(&snapshot.nodes[0])
        return resolve(snapshot.announced()).policies[0].entries[0].gateway?.node
    }

    @Test func `a drain is any value but false, and another taint or a cordon is none`() {
        for value in ["true", "", "yes", "FALSE"] {
            #expect(gateway { $0.metadata.annotations[EgressAnnotation.drain] = value } == "node-2", "\(value)")
        }
        #expect(gateway { $0.metadata.annotations[EgressAnnotation.drain] = "false" } == "node-1")
        #expect(gateway { $0.taintKeys = ["node.kubernetes.io/unschedulable", "ToBeDeleted"] } == "node-1")
        #expect(gateway { $0.isCordoned = true } == "node-1")
    }

    @Test func `the tunnel's address is internal before external, of the tunnel's family, in the node's order`() {
        func address(_ change: (inout Node) -> Void) -> IPAddress? {
            var snapshot = ClusterSnapshot.sample(anyNode)
            change(&snapshot.nodes[0])
            return resolve(snapshot.announced()).policies[0].entries[0].candidates[0].address
        }
        #expect(address { $0.externalAddresses = ["203.0.113.1"] } == "192.0.2.11")
        #expect(address { $0.internalAddresses = ["2001:db8::1", "192.0.2.99", "192.0.2.11"] } == "192.0.2.99")
        #expect(
            address {
                $0.internalAddresses = ["2001:db8::1"]
                $0.externalAddresses = ["2001:db8::2", "203.0.113.1"]
            } == "203.0.113.1")
        #expect(address { $0.internalAddresses = [] } == nil)
    }

    @Test func `each entry chooses by itself, and may choose the same node`() {
        let entries = [
            GatewayEntry(nodeSelector: [:], source: .defaultRoute), .sample("node-3", .defaultRoute),
            GatewayEntry(nodeSelector: [:], source: .address("192.0.2.11")),
        ]
        let resolved = resolve(ClusterSnapshot.sample(.sample("p", via: entries)).announced()).policies[0]
        #expect(resolved.entries.map(\.gateway?.node) == ["node-1", "node-3", "node-1"])
        #expect(Set(resolved.entries.compactMap(\.gateway?.entryID)).count == 2, "ids are each node's own: 1 and 2 there, 1 on node-3")
    }

    @Test func `a node that can't be chosen has the entry ready all the same`() {
        var snapshot = ClusterSnapshot.sample(anyNode)
        snapshot.nodes[0].isReady = false
        snapshot.nodes[1].metadata.annotations[EgressAnnotation.drain] = "true"
        let announced = snapshot.announced()
        #expect(announced.egressNodes.map { $0.resolutions.count } == [1, 1, 1])
        #expect(announced.egressNodes.allSatisfy { $0.resolutions.allSatisfy(\.hasAddresses) })
    }

    @Test func `ids stay while a gateway is passed over and chosen again`() {
        var snapshot = ClusterSnapshot.sample(anyNode).announced()
        let before = snapshot.egressNodes.map(\.resolutions)
        snapshot.nodes[0].isReady = false
        snapshot = snapshot.announced()
        snapshot.nodes[0].isReady = true
        #expect(snapshot.announced().egressNodes.map(\.resolutions) == before)
    }

    // MARK: Egress addresses of both families

    private let both: Set<IPFamily> = [.ipv4, .ipv6]

    /// The rules of a pod with an address of each family, by family.
    private func rules(
        _ source: GatewayEntry.Source, _ interfaces: NetworkInterface..., route: DefaultRoute = DefaultRoute(ipv4: "eth0", ipv6: "eth0")
    )
        -> [IPFamily: ResolvedRule]
    {
        var snapshot = ClusterSnapshot.sample(.sample("p", to: ["0.0.0.0/0", "::/0"], via: [.sample("node-2", source)]))
        snapshot.pods = [.sample("x", at: "10.244.1.7", "fd00:244::7")]
        snapshot.egressNodes[1].interfaces = interfaces
        snapshot.egressNodes[1].defaultRoute = route
        let pod = resolve(snapshot.announced(), carrying: both).pods[0]
        return Dictionary(pod.rules.map { ($0.prefix.family, $0) }, uniquingKeysWith: { first, _ in first })
    }

    @Test(arguments: [
        GatewayEntry.Source.address("198.51.100.100"), .address("2001:db8::100"), .interface("eth1"), .interface("uplink"),
    ]) func `one interface gives both families their own address`(source: GatewayEntry.Source) {
        let rules = rules(
            source, .sample("eth0", 2, "192.0.2.12/24", "2001:db8:1::12/64"),
            .sample("eth1", 3, "169.254.7.7/16", "198.51.100.100/32", "fe80::7/64", "2001:db8::100/64", altNames: ["uplink"]))
        #expect(rules[.ipv4]?.egressIP == "198.51.100.100")
        #expect(rules[.ipv6]?.egressIP == "2001:db8::100")
        #expect(rules.values.allSatisfy { $0.action == .gateway && $0.interface == "eth1" })
    }

    @Test func `without a source each family has the interface of its own default route`() {
        let rules = rules(
            .defaultRoute, .sample("eth0", 2, "192.0.2.12/24", "2001:db8:1::12/64"), .sample("eth1", 3, "2001:db8:2::12/64"),
            route: DefaultRoute(ipv4: "eth0", ipv6: "eth1"))
        #expect(rules[.ipv4]?.egressIP == "192.0.2.12")
        #expect(rules[.ipv6]?.egressIP == "2001:db8:2::12")
    }

    @Test(arguments: [GatewayEntry.Source.address("198.51.100.100"), .interface("eth0"), .defaultRoute])
    func `a family without an address is dropped, and the other leaves`(source: GatewayEntry.Source) {
        let four = rules(source, .sample("eth0", 2, "198.51.100.100/24", "fe80::1/64"))
        #expect(four[.ipv4]?.action == .gateway)
        #expect(four[.ipv6]?.action == .drop)
        #expect([.interfaceWithoutAddress, .noDefaultRoute].contains(four[.ipv6]?.reason.code))
        guard source != .address("198.51.100.100") else { return }
        let six = rules(source, .sample("eth0", 2, "169.254.1.1/16", "2001:db8::1/64"))
        #expect(six[.ipv4]?.action == .drop)
        #expect(six[.ipv6]?.egressIP == "2001:db8::1")
    }

    @Test(arguments: ["169.254.1.1", "fe80::1", "127.0.0.1", "::1", "224.0.0.1", "ff02::1", "0.0.0.0", "::"] as [IPAddress])
    func `an address that can't leave a node is none, whoever asks for it`(_ address: IPAddress) {
        let length = address.family.bitWidth
        let rules = rules(.address(address), .sample("eth0", 2, "\(address)/\(length)", "192.0.2.12/24", "2001:db8::1/64"))
        #expect(rules.values.allSatisfy { $0.action == .drop && $0.reason.code == .addressOnNoInterface })
    }

    // MARK: No gateway

    @Test(arguments: [OnNoGateway.drop, .bypass]) func `without an eligible node both families do what the policy says`(_ word: OnNoGateway)
    {
        var snapshot = ClusterSnapshot.sample(.sample("p", to: ["0.0.0.0/0", "::/0"], onNoGateway: word))
        snapshot.pods = [.sample("x", at: "10.244.1.7", "fd00:244::7")]
        snapshot.nodes[1].isReady = false
        let rules = resolve(snapshot.announced(), carrying: both).pods[0].rules
        #expect(rules.map(\.action) == Array(repeating: word == .drop ? .drop : .exclude, count: 2))
        #expect(rules.allSatisfy { $0.reason.code == (word == .drop ? .noGatewayEligible : .bypass) && $0.gatewayNode == nil })
    }

    @Test func `bypass is no way out where a gateway is there and lacks an address`() {
        var snapshot = ClusterSnapshot.sample(.sample("p", to: ["0.0.0.0/0", "::/0"], onNoGateway: .bypass))
        snapshot.pods = [.sample("x", at: "10.244.1.7", "fd00:244::7")]
        snapshot.egressNodes[1].interfaces = []
        snapshot.egressNodes[1].defaultRoute = DefaultRoute()
        let rules = resolve(snapshot.announced(), carrying: both).pods[0].rules
        #expect(rules.map(\.action) == [.drop, .drop])
        #expect(rules.allSatisfy { $0.reason.code == .noDefaultRoute })
    }
}
