import EgressModel
import EgressPlan
import EgressPolicy
import TestKit

/// A state with something of every kind in it, and the steps that make and unmake it.
enum StateSample {
    static func state() throws -> DatapathState {
        guard let token = TunnelToken(octets: Role.token), let older = TunnelToken(octets: Role.olderToken),
            let ipv6 = IPAddress("2001:db8::5"), let network = IPPrefix("10.1.1.0/24")
        else { throw TestKitError("a sample that isn't one") }
        var state = DatapathState()
        state.settings = DatapathSettings(tunnelIndex: 3, nodeAddress: Role.thisNode, tunnelMTU: 1450, tokens: [token, older])
        state.pods = [
            11: PodRecord(ipv4: Role.pod, ipv6: ipv6, set: 7, deliverIndex: 11),
            12: PodRecord(ipv4: nil, ipv6: nil, set: 8, deliverIndex: 4),
        ]
        state.sets = [7: Set(try rules(["0.0.0.0/0", "10.0.0.0/8", "::/0"], .gateway)), 8: Set(try rules(["2001:db8::/32"], .exclude))]
        state.sets[9] = Set(try rules(["203.0.113.7/32"], .drop(26)))
        state.policies = [1: "9f0c4ab2-1111-2222-3333-444455556666", 2: "b"]
        let ranked = (1...8).map { GatewayChoice.Ranked(entry: $0, gateway: Role.address(172, 18, 0, UInt8($0))) }
        state.choices = [
            ChoiceKey(interfaceIndex: 11, policy: 1): GatewayChoice(onNoGateway: .drop, ranked: ranked),
            ChoiceKey(interfaceIndex: 12, policy: 2): GatewayChoice(onNoGateway: .bypass, ranked: []),
        ]
        state.gateways = [Role.thisNode: GatewayRecord(place: .local), Role.otherNode: GatewayRecord(place: .remote, isHealthy: false)]
        state.nodes = [Role.otherNode: NodeRecord(podNetwork: network), Role.router: NodeRecord()]
        for (text, kind) in [
            ("10.0.0.0/8", InClusterRange.Kind.pod), ("172.18.0.1/32", .node), ("fe80::/10", .local), ("fd00::/108", .service),
        ] {
            if let prefix = IPPrefix(text) { state.cluster[prefix] = kind }
        }
        state.entries = [
            5: EntryRecord(
                egressIPv4: (10..<26).map { Role.address(203, 0, 113, $0) }, set: 7, interfaceIndex: nil, policy: 1,
                keptPorts: 1024...65535, portSlice: 32768...65535,
                isShared: false),
            4_194_303: EntryRecord(
                egressIPv4: [Role.thisNode], set: 8, interfaceIndex: 9, policy: 2, keptPorts: 61440...65535, portSlice: 61440...65535,
                isShared: true),
        ]
        state.egressAddresses = [Role.egress: EgressAddressRecord(isShared: false), Role.thisNode: EgressAddressRecord(isShared: true)]
        return state
    }

    private static func rules(_ prefixes: [String], _ action: SetRule.Action) throws -> [SetRule] {
        try prefixes.map { text in
            guard let prefix = IPPrefix(text) else { throw TestKitError("no prefix: \(text)") }
            return SetRule(prefix: prefix, action: action, policy: 1)
        }
    }

    static func operations(_ state: DatapathState) -> [DatapathOperation] {
        var steps: [DatapathOperation] = [.setSettings(state.settings)]
        steps += state.pods.map { .setPod(interfaceIndex: $0, $1) }
        steps += state.sets.flatMap { set, rules in rules.map { .addRule(set: set, $0) } }
        steps += state.policies.map { .setPolicy(slot: $0, uid: $1) }
        steps += state.choices.map { .setChoice($0, $1) }
        steps += state.gateways.map { .setGateway($0, $1) }
        steps += state.nodes.map { .setNode($0, $1) }
        steps += state.cluster.map { .setClusterRange($0, $1) }
        steps += state.entries.map { .setEntry(id: $0, $1) }
        steps += state.egressAddresses.map { .setEgressAddress($0, $1) }
        return steps
    }

    static func removals(_ state: DatapathState) -> [DatapathOperation] {
        var steps: [DatapathOperation] = state.pods.keys.map { .removePod(interfaceIndex: $0) }
        steps += state.sets.flatMap { set, rules in rules.map { .removeRule(set: set, $0) } }
        steps += state.policies.keys.map { .removePolicy(slot: $0) }
        steps += state.choices.keys.map { .removeChoice($0) }
        steps += state.gateways.keys.map { .removeGateway($0) }
        steps += state.nodes.keys.map { .removeNode($0) }
        steps += state.cluster.keys.map { .removeClusterRange($0) }
        steps += state.entries.keys.map { .removeEntry(id: $0) }
        steps += state.egressAddresses.keys.map { .removeEgressAddress($0) }
        return steps
    }
}
