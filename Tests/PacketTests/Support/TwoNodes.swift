import BPFDatapath
import EgressModel
import EgressPlan
import EgressPolicy
import TestKit

/// Two nodes, a pod and the world as network namespaces of one thread, with real programs on real devices.
///
/// `pod` hangs on `node` (which is `gateway` itself when the pod is local); `world` is behind the gateway's uplink.
final class TwoNodes {
    struct Shape: Sendable, CustomStringConvertible {
        var mode: AttachMode
        /// The pod is on the gateway.
        var isLocal: Bool
        /// The pod hangs on a bridge.
        var isBridged: Bool

        var description: String {
            "\(mode.rawValue), gateway \(isLocal ? "here" : "elsewhere"), \(isBridged ? "bridge" : "routed veth")"
        }

        static let all = AttachMode.allCases.flatMap { mode in
            [(false, false), (false, true), (true, false), (true, true)].map { Shape(mode: mode, isLocal: $0.0, isBridged: $0.1) }
        }
    }

    let pod: Namespace
    let world: Namespace
    let gateway: Namespace
    let node: Namespace
    let gatewayPath: BPFDatapath
    let nodePath: BPFDatapath
    let shape: Shape
    let underlayMTU: Int
    let queues: Int
    let podAddress: IPAddress
    let podAddress6: IPAddress
    /// What the pod hangs on, as routes see it.
    var podDevice: String { shape.isBridged ? "br0" : "pod0" }

    /// - Parameters:
    ///   - underlayMTU: of the link between the nodes, in octets; pods and the world have 1500.
    ///   - queues: of the gateway's devices, in either direction.
    init(_ shape: Shape, bpffs: String, underlayMTU: Int = 1500, queues: Int = 1) throws {
        self.shape = shape
        self.queues = queues
        self.underlayMTU = underlayMTU
        gateway = try Namespace.make()
        node = shape.isLocal ? gateway : try Namespace.make()
        pod = try Namespace.make()
        world = try Namespace.make()
        podAddress = shape.isLocal ? Role.pod : Role.remotePod
        let cast = try Cast.of(.ipv6)
        podAddress6 = shape.isLocal ? cast.pod : cast.remotePod
        gatewayPath = try gateway.inside { try BPFDatapath.open(pinRoot: bpffs + "/gateway", attachMode: shape.mode) }
        let nodeRoot = bpffs + (shape.isLocal ? "/gateway" : "/node")
        nodePath = shape.isLocal ? gatewayPath : try node.inside { try BPFDatapath.open(pinRoot: nodeRoot, attachMode: shape.mode) }
        try wire()
        try wireIPv6()
        try programGateway()
        try programNode()
        try programIPv6()
    }

    private func wire() throws {
        try gateway.connect("ext0", to: world, "up0", queues: queues)
        try gateway.ip(
            "addr add 203.0.113.2/24 dev ext0", "addr add \(Role.egress)/32 dev lo", "route add 198.51.100.0/24 via 203.0.113.1 dev ext0")
        try world.ip(
            "addr add 203.0.113.1/24 dev up0", "addr add \(Role.server)/32 dev lo", "route add \(Role.egress)/32 via 203.0.113.2 dev up0")
        try addTunnel(gateway)
        if !shape.isLocal {
            try node.connect("eth0", to: gateway, "eth0", queues: queues)
            try node.ip("link set eth0 mtu \(underlayMTU)", "addr add \(Role.otherNode)/24 dev eth0")
            try gateway.ip("link set eth0 mtu \(underlayMTU)", "addr add \(Role.thisNode)/24 dev eth0")
            try addTunnel(node)
        }
        try wirePod()
    }

    private func addTunnel(_ namespace: Namespace) throws {
        try namespace.ip(
            "link add egw0 type vxlan external nolearning dstport 8474", "link set egw0 mtu 65485", "link set egw0 arp off",
            "link set egw0 up")
    }

    private func wirePod() throws {
        try node.connect("pod0", to: pod, "eth0")
        try pod.ip("addr add \(podAddress)/32 dev eth0", "route add 169.254.1.1 dev eth0", "route add default via 169.254.1.1 dev eth0")
        if shape.isBridged {
            try node.ip("link add br0 type bridge", "link set br0 up", "link set pod0 master br0")
        }
        try node.ip("addr add 169.254.1.1/32 dev \(podDevice)", "route add \(podAddress)/32 dev \(podDevice)")
    }

    private func settings(_ namespace: Namespace, _ address: IPAddress) throws -> DatapathOperation {
        let tokens = [Role.token].compactMap { TunnelToken(octets: $0) }
        return .setSettings(
            DatapathSettings(
                tunnelIndex: try namespace.index("egw0"), nodeAddress: address, tunnelMTU: underlayMTU - 50, tokens: tokens))
    }

    private func programGateway() throws {
        let everything = SetRule(prefix: try prefix("0.0.0.0/0"), action: .gateway, policy: Role.policy)
        let entry = EntryRecord(
            egressIPv4: [Role.egress], set: Role.set, interfaceIndex: nil, policy: Role.policy, keptPorts: 1024...65535,
            portSlice: 32768...65535, isShared: false)
        try run(
            gateway, gatewayPath,
            [
                .attach(Attachment(program: .tunnel, interfaceIndex: try gateway.index("egw0"))),
                .attach(Attachment(program: .uplink, interfaceIndex: try gateway.index("ext0"))),
                try settings(gateway, Role.thisNode), .setClusterRange(try prefix("10.1.0.0/16"), .pod),
                .setNode(Role.otherNode, NodeRecord(podNetwork: try prefix("10.1.1.0/24"))), .addRule(set: Role.set, everything),
                .setEntry(id: Role.localEntry, entry), .setEgressAddress(Role.egress, EgressAddressRecord(isShared: false)),
            ])
    }

    private func programNode() throws {
        let veth = try node.index("pod0")
        let everything = SetRule(prefix: try prefix("0.0.0.0/0"), action: .gateway, policy: Role.policy)
        let deliver = shape.isBridged ? try node.index("br0") : veth
        let choice = GatewayChoice(onNoGateway: .drop, ranked: [.init(entry: Role.localEntry, gateway: Role.thisNode)])
        var steps: [DatapathOperation] = [
            .attach(Attachment(program: .pod, interfaceIndex: veth)), .attach(Attachment(program: .podIn, interfaceIndex: veth)),
            .addRule(set: Role.set, everything), .setGateway(Role.thisNode, GatewayRecord(place: shape.isLocal ? .local : .remote)),
            .setChoice(ChoiceKey(interfaceIndex: veth, policy: Role.policy), choice),
            .setPod(interfaceIndex: veth, PodRecord(ipv4: podAddress, ipv6: nil, set: Role.set, deliverIndex: deliver)),
        ]
        if !shape.isLocal {
            steps += [
                .attach(Attachment(program: .tunnel, interfaceIndex: try node.index("egw0"))), try settings(node, Role.otherNode),
                .setClusterRange(try prefix("10.1.0.0/16"), .pod), .setNode(Role.thisNode, NodeRecord()),
            ]
        }
        try run(node, nodePath, steps)
    }

    private func run(_ namespace: Namespace, _ datapath: BPFDatapath, _ steps: [DatapathOperation]) throws {
        try namespace.inside { for step in steps { try datapath.execute(step) } }
    }

    private func prefix(_ text: String) throws -> IPPrefix {
        guard let prefix = IPPrefix(text) else { throw TestKitError("no prefix: \(text)") }
        return prefix
    }
}
