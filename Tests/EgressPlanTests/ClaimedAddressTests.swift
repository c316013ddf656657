import EgressModel
import EgressPlan
import EgressPolicy
import EngineSamples
import Testing

@Suite struct ClaimedAddressTests {
    private let address: IPAddress = "198.51.100.7"
    private let ipv6: IPAddress = "2001:db8::7"

    private func plan(_ claims: [(UInt32, [IPAddress], String?)], claims isClaimed: Bool = true) -> NodePlan {
        var plan = NodePlan(node: "node-1", tunnel: TunnelPlan(address: "192.0.2.11"))
        plan.entries = claims.map { id, addresses, interface in
            PlannedEntry(
                policyUID: "uid-\(id)", policyName: "p\(id)", entry: 0, id: id, ipv4: addresses.filter { $0.family == .ipv4 },
                ipv6: addresses.filter { $0.family == .ipv6 }, interface: interface, claims: isClaimed, destinations: ["0.0.0.0/0"])
        }
        return plan
    }

    private func facts(_ interfaces: (String, Int, [String])...) -> HostFacts {
        HostFacts(
            interfaces: interfaces.map { name, index, addresses in
                HostInterface(
                    facts: NetworkInterface(name: name, index: index, addresses: addresses.compactMap { InterfaceAddress($0) }))
            })
    }

    private func lowered(_ plan: NodePlan, _ facts: HostFacts, _ previous: DatapathState = DatapathState()) -> DatapathState {
        lower(plan, facts: facts, tunnel: TunnelDevice(index: 3, innerMTU: 1450), previous: previous).state
    }

    @Test func `an entry that claims its addresses puts each on its interface, once for all entries`() {
        let state = lowered(
            plan([(1, [address, ipv6], "eth0"), (2, [address], "eth0")]), facts(("eth0", 2, ["192.0.2.11/24"]), ("eth1", 4, [])))
        #expect(
            state.claimedAddresses == [ClaimedAddress(address, interfaceIndex: 2), ClaimedAddress(ipv6, interfaceIndex: 2)])
        #expect(state.entries.count == 2)
    }

    @Test func `an entry that claims nothing puts nothing on an interface`() {
        let state = lowered(plan([(1, [address], "eth0")], claims: false), facts(("eth0", 2, ["198.51.100.7/32"])))
        #expect(state.claimedAddresses.isEmpty && state.entries.count == 1)
    }

    @Test func `what somebody else put on the interface is used and never ours`() {
        let state = lowered(plan([(1, [address], "eth0")]), facts(("eth0", 2, ["198.51.100.7/24"])))
        #expect(state.claimedAddresses.isEmpty && state.entries[1]?.interfaceIndex == 2)
        // On another interface it is no reason to leave ours without it.
        let other = lowered(plan([(1, [address], "eth0")]), facts(("eth0", 2, []), ("eth1", 4, ["198.51.100.7/24"])))
        #expect(other.claimedAddresses == [ClaimedAddress(address, interfaceIndex: 2)])
    }

    @Test func `what has our mark stays ours, and comes back when somebody deleted it`() {
        let first = lowered(plan([(1, [address], "eth0")]), facts(("eth0", 2, [])))
        let claimed: Set = [ClaimedAddress(address, interfaceIndex: 2)]
        #expect(first.claimedAddresses == claimed)
        let again = lowered(plan([(1, [address], "eth0")]), facts(("eth0", 2, ["198.51.100.7/32"])), first)
        #expect(again.claimedAddresses == claimed && difference(from: first, to: again).isEmpty)
        var lost = first
        lost.claimedAddresses = []
        let back = lowered(plan([(1, [address], "eth0")]), facts(("eth0", 2, [])), lost)
        #expect(difference(from: lost, to: back) == [.addAddress(ClaimedAddress(address, interfaceIndex: 2))])
    }

    @Test func `an interface that was made again has the address again`() {
        let before = lowered(plan([(1, [address], "eth0")]), facts(("eth0", 2, [])))
        var actual = before
        // The kernel took it away with the old interface.
        actual.claimedAddresses = []
        let after = lowered(plan([(1, [address], "eth0")]), facts(("eth0", 9, [])), actual)
        #expect(after.claimedAddresses == [ClaimedAddress(address, interfaceIndex: 9)])
        #expect(after.entries[1]?.interfaceIndex == 9)
    }

    @Test func `no address without a served entry, and none that isn't global`() {
        #expect(lowered(plan([(1, [address], "gone0")]), facts(("eth0", 2, []))).claimedAddresses.isEmpty)
        #expect(lowered(plan([(1, ["127.0.0.7"], "eth0")]), facts(("eth0", 2, []))).claimedAddresses.isEmpty)
    }

    @Test func `it is there before its entry is written, and goes when nothing uses it any more`() throws {
        let claimed = ClaimedAddress(address, interfaceIndex: 2)
        let state = lowered(plan([(1, [address], "eth0")]), facts(("eth0", 2, [])))
        let coming = difference(from: DatapathState(), to: state)
        let record = EgressAddressRecord(isShared: false)
        let entry = try #require(state.entries[1])
        try expectOrder(coming, [.setEgressAddress(address, record), .addAddress(claimed), .setEntry(id: 1, entry)])
        let going = difference(from: state, to: DatapathState())
        try expectOrder(
            going, [.removeEntry(id: 1), .forgetTranslations(entry: 1), .removeAddress(claimed), .removeEgressAddress(address)])
    }

    @Test func `an entry that moves to another address keeps both until it has moved`() throws {
        let before = lowered(plan([(1, [address], "eth0")]), facts(("eth0", 2, [])))
        let after = lowered(plan([(1, ["198.51.100.8"], "eth0")]), facts(("eth0", 2, ["198.51.100.7/32"])), before)
        let entry = try #require(after.entries[1])
        try expectOrder(
            difference(from: before, to: after),
            [
                .addAddress(ClaimedAddress("198.51.100.8", interfaceIndex: 2)), .setEntry(id: 1, entry), .forgetTranslations(entry: 1),
                .removeAddress(ClaimedAddress(address, interfaceIndex: 2)),
            ])
    }

    private func expectOrder(_ operations: [DatapathOperation], _ expected: [DatapathOperation]) throws {
        let places = try expected.map { step in try #require(operations.firstIndex(of: step), "\(step) is missing") }
        #expect(places == places.sorted(), "\(operations)")
    }
}
