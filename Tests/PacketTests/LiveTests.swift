import BPFDatapath
import EgressModel
import EgressPlan
import EgressPorts
import TestKit
import Testing

@Suite("Real connections over real devices", .requires(.packet), .serialized)
struct LiveTests {
    /// More than any segment, so that packets are large, and their checksums left to the device.
    private static let chunk = (0..<60_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }

    private static func talkTCP(_ nodes: TwoNodes, _ at: IPAddress = Role.server, port: UInt16) throws -> IPAddress {
        let listener = try nodes.world.inside { try Socket.tcp(at.family) }
        try listener.bind(at, port)
        try listener.listen()
        let client = try nodes.pod.inside { try Socket.tcp(at.family) }
        try client.connect(at, port)
        let (server, peer) = try listener.accept()
        for _ in 0..<20 {
            try client.send(chunk)
            guard try server.receive(exactly: chunk.count) == chunk else { throw TestKitError("other octets arrived") }
            try server.send(chunk)
            guard try client.receive(exactly: chunk.count) == chunk else { throw TestKitError("other octets came back") }
        }
        return peer
    }

    private static func talkUDP(_ nodes: TwoNodes, _ at: IPAddress = Role.server, size: Int) throws -> IPAddress {
        let server = try nodes.world.inside { try Socket.udp(at.family) }
        try server.bind(at, 53)
        let client = try nodes.pod.inside { try Socket.udp(at.family) }
        try client.connect(at, 53)
        return try client.exchange(Array(chunk.prefix(size)), with: server)
    }

    private static func counters(_ datapath: BPFDatapath) throws -> [String: UInt64] {
        try Dictionary(uniqueKeysWithValues: datapath.counters().filter { $0.packets > 0 }.map { ($0.name, $0.packets) })
    }

    private static func check(_ shape: TwoNodes.Shape, _ bpffs: String) throws {
        let nodes = try TwoNodes(shape, bpffs: bpffs)
        for port: UInt16 in [80, 443] { try #expect(talkTCP(nodes, port: port) == Role.egress) }
        // The second fills the pod's MTU: where the tunnel takes less, the pod is told, and cuts it.
        for size in [1000, 1472] { try #expect(talkUDP(nodes, size: size) == Role.egress) }
        let cast = try Cast.of(.ipv6)
        try #expect(talkTCP(nodes, cast.server, port: 80) == cast.egress)
        for size in [1000, 1452] { try #expect(talkUDP(nodes, cast.server, size: size) == cast.egress) }
        let atGateway = try counters(nodes.gatewayPath)
        #expect(atGateway["translated", default: 0] > 3)
        #expect(atGateway["reversed", default: 0] > 3)
        let known: Set = ["translated", "reversed", "delivered", "tunnelled", "too_big_answered", "outer_fragments"]
        #expect(Set(atGateway.keys).subtracting(known).isEmpty, "\(atGateway)")
        let atNode = try counters(nodes.nodePath)
        #expect(atNode["delivered", default: 0] > 3)
        #expect(Set(atNode.keys).subtracting(known).isEmpty, "\(atNode)")
    }

    @Test(.requires(.tcx), arguments: TwoNodes.Shape.all.filter { $0.mode == .tcx })
    func `a pod is seen by its egress IP, by tcx`(_ shape: TwoNodes.Shape) async throws {
        try await Sandbox.run { try Self.check(shape, $0) }
    }

    @Test(arguments: TwoNodes.Shape.all.filter { $0.mode == .clsact })
    func `a pod is seen by its egress IP, by clsact`(_ shape: TwoNodes.Shape) async throws {
        try await Sandbox.run { try Self.check(shape, $0) }
    }

    @Test func `a connection outlives the helper`() async throws {
        try await Sandbox.run { bpffs in
            let shape = TwoNodes.Shape(mode: .clsact, isLocal: false, isBridged: false)
            let nodes = try TwoNodes(shape, bpffs: bpffs)
            let server = try nodes.world.inside { try Socket.tcp() }
            try server.bind(Role.server, 80)
            try server.listen()
            let client = try nodes.pod.inside { try Socket.tcp() }
            try client.connect(Role.server, 80)
            let (connection, peer) = try server.accept()
            #expect(peer == Role.egress)
            _ = try nodes.gateway.inside { try BPFDatapath.open(pinRoot: bpffs + "/gateway", attachMode: shape.mode) }
            _ = try nodes.node.inside { try BPFDatapath.open(pinRoot: bpffs + "/node", attachMode: shape.mode) }
            try client.send(Self.chunk)
            try #expect(connection.receive(exactly: Self.chunk.count) == Self.chunk)
            try connection.send(Self.chunk)
            try #expect(client.receive(exactly: Self.chunk.count) == Self.chunk)
        }
    }
}
