import EgressModel
import EgressPlan
import EgressPolicy
import TestKit

/// The ports of an address that is ours alone, or of one that the node uses too.
enum PortSlice {
    /// Every port is kept when it is free.
    case dedicated
    /// No port of a pod of the bench is kept: each connection gets one of the slice.
    case half
    case shared

    var kept: ClosedRange<UInt16> { self == .dedicated ? 1024...65535 : ports }
    var ports: ClosedRange<UInt16> { self == .shared ? 61440...65535 : 32768...65535 }
}

/// Our programs with one pod, one policy that claims everything, and one egress IP.
enum OurPath {
    static let set: UInt32 = 1
    static let policy: UInt32 = 1
    static let entry: UInt32 = 1
    /// Asked for each new connection, and out of reach: one pod opens more here than one may.
    private static let limits = ConnectionLimits(connectionsPerPod: 1_000_000, translationsPerEntry: 1_000_000)

    /// Pod and gateway on one node.
    static func local(_ family: BenchFamily, pins: String, pod: Int, uplink: Int, slice: PortSlice) throws -> PinnedDatapath {
        let made = try PinnedDatapath(under: pins)
        let gateway = try BenchFamily.address(BenchFamily.gateway)
        try made.run([
            .setSettings(DatapathSettings(tunnelMTU: 1450, limits: limits)),
            .setGateway(gateway, GatewayRecord(place: .local)),
        ])
        try made.run(serving(family, slice) + sending(family, pod) + [attach(.uplink, uplink), attach(.pod, pod), attach(.podIn, pod)])
        return made
    }

    /// The node with the pod, when its gateway is another.
    static func podNode(_ family: BenchFamily, pins: String, pod: Int, tunnel: Int) throws -> PinnedDatapath {
        let made = try PinnedDatapath(under: pins)
        let gateway = try BenchFamily.address(BenchFamily.gateway)
        try made.run(
            [
                try settings(tunnel, BenchFamily.podNode), .setGateway(gateway, GatewayRecord(place: .remote)),
                .setNode(gateway, NodeRecord()),
            ])
        try made.run(sending(family, pod) + [attach(.tunnel, tunnel), attach(.pod, pod), attach(.podIn, pod)])
        return made
    }

    static func gateway(_ family: BenchFamily, pins: String, tunnel: Int, uplink: Int) throws -> PinnedDatapath {
        let made = try PinnedDatapath(under: pins)
        let node = try BenchFamily.address(BenchFamily.podNode)
        try made.run([try settings(tunnel, BenchFamily.gateway), .setNode(node, NodeRecord())])
        try made.run(serving(family, .dedicated) + [attach(.tunnel, tunnel), attach(.uplink, uplink)])
        return made
    }

    private static func settings(_ tunnel: Int, _ node: String) throws -> DatapathOperation {
        let token = TunnelToken(octets: [0x0a, 1, 2, 3, 4, 5, 0x0b, 7, 8, 9, 10, 11])
        return .setSettings(
            DatapathSettings(
                tunnelIndex: tunnel, nodeAddress: try BenchFamily.address(node), tunnelMTU: 1450, limits: limits,
                tokens: [token].compactMap(\.self)))
    }

    /// As the gateway.
    private static func serving(_ family: BenchFamily, _ slice: PortSlice) throws -> [DatapathOperation] {
        let egress = try BenchFamily.address(family.egress)
        let record = EntryRecord(
            egressIPv4: family == .ipv4 ? [egress] : [], egressIPv6: family == .ipv6 ? [egress] : [], set: set, interfaceIndex: nil,
            policy: policy, keptPorts: slice.kept, portSlice: slice.ports,
            isShared: slice == .shared)
        return [
            .addRule(set: set, SetRule(prefix: try BenchFamily.prefix(family.everything), action: .gateway, policy: policy)),
            .setEntry(id: entry, record), .setEgressAddress(egress, EgressAddressRecord(isShared: slice == .shared)),
        ]
    }

    /// As the node with the pod.
    private static func sending(_ family: BenchFamily, _ pod: Int) throws -> [DatapathOperation] {
        let choice = GatewayChoice(onNoGateway: .drop, ranked: [.init(entry: entry, gateway: try BenchFamily.address(BenchFamily.gateway))])
        let address = try BenchFamily.address(family.pod)
        let record = PodRecord(
            ipv4: family == .ipv4 ? address : nil, ipv6: family == .ipv6 ? address : nil, set: set, deliverIndex: pod)
        return [
            .setClusterRange(try BenchFamily.prefix(family.pods), .pod),
            .addRule(set: set, SetRule(prefix: try BenchFamily.prefix(family.everything), action: .gateway, policy: policy)),
            .setChoice(ChoiceKey(interfaceIndex: pod, policy: policy, family: family.family), choice), .setPod(interfaceIndex: pod, record),
        ]
    }

    private static func attach(_ program: Attachment.Program, _ index: Int) -> DatapathOperation {
        .attach(Attachment(program: program, interfaceIndex: index))
    }
}
