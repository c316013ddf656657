import BPFDatapath
import CEgressABI
import EgressModel
import TestKit
import Testing

/// Cases 1 and 23 and Cilium's C15 on real devices: what is on the wire between the nodes and to the world, when packets
/// are large and their checksums are left to the device.
@Suite("Cases on the wire", .requires(.packet), .serialized)
struct WireCases {
    private static let chunk = (0..<50_000).map { UInt8(truncatingIfNeeded: $0 &* 37) }

    private static func talk(_ nodes: TwoNodes, _ server: IPAddress) throws {
        let listener = try nodes.world.inside { try Socket.tcp(server.family) }
        try listener.bind(server, 80)
        try listener.listen()
        let client = try nodes.pod.inside { try Socket.tcp(server.family) }
        try client.connect(server, 80)
        let (accepted, _) = try listener.accept()
        for _ in 0..<3 {
            try client.send(chunk)
            guard try accepted.receive(exactly: chunk.count) == chunk else { throw TestKitError("other octets arrived") }
            try accepted.send(chunk)
            guard try client.receive(exactly: chunk.count) == chunk else { throw TestKitError("other octets came back") }
        }
        let echo = try nodes.world.inside { try Socket.udp(server.family) }
        try echo.bind(server, 53)
        let asking = try nodes.pod.inside { try Socket.udp(server.family) }
        try asking.connect(server, 53)
        try asking.send(Array(chunk.prefix(700)))
        _ = try echo.echoDatagram()
        _ = try asking.receive(exactly: 700)
    }

    /// VXLAN's payload of an outer frame, when it is one of ours.
    private static func inner(_ outer: [UInt8]) -> (vni: UInt32, frame: [UInt8])? {
        guard outer.count > 50, outer[12...13] == [0x08, 0x00], outer[23] == 17, outer[36...37] == [0x21, 0x1a] else { return nil }
        return (UInt32(outer[46]) << 16 | UInt32(outer[47]) << 8 | UInt32(outer[48]), Array(outer[50...]))
    }

    /// The addresses of an IP packet in a frame.
    private static func ends(_ frame: [UInt8]) -> [IPAddress] {
        let (first, size) = frame[14] >> 4 == 4 ? (26, 4) : (22, 16)
        return [first, first + size].compactMap { IPAddress(octets: frame[$0..<($0 + size)]) }
    }

    /// What is of a connection, and not of neighbour discovery or multicast.
    private static func isTraffic(_ frame: [UInt8]) -> Bool {
        frame[12...13] == [0x08, 0x00] || (frame[12...13] == [0x86, 0xdd] && frame[20] != 58 && frame[38] != 0xff)
    }

    private static func checkTunnel(_ outers: [[UInt8]]) throws {
        let inners = outers.compactMap(inner)
        #expect(inners.count == outers.count, "something else went between the nodes")
        #expect(inners.count > 100)
        #expect(Set(inners.map(\.vni)) == [Role.localEntry, EGRESS_VNI_REPLY | Role.localEntry])
        #expect(inners.allSatisfy { Array($0.frame.prefix(12)) == Role.onWire(Role.token) })
        #expect(try Judge.complaints(about: outers).prefix(3) == [])
        #expect(try Judge.complaints(about: inners.map(\.frame)).prefix(3) == [])
        let reading = try Judge.read(try #require(outers.first))
        #expect((reading.source, reading.destination) == ("\(Role.otherNode)", "\(Role.thisNode)"))
        #expect(reading.hops == 64)
    }

    @Test(arguments: AttachMode.available, Scene.families)
    func `1, 23, C15: on the wire every packet is whole, from and to whom it should be`(
        _ mode: AttachMode, _ family: IPFamily
    ) async throws {
        try Judge.start()
        try await Sandbox.run { bpffs in
            let nodes = try TwoNodes(.init(mode: mode, isLocal: false, isBridged: false), bpffs: bpffs)
            try nodes.node.inside { try Offload.disable("eth0") }
            try nodes.gateway.inside { for name in ["eth0", "ext0"] { try Offload.disable(name) } }
            try nodes.world.inside { try Offload.disable("up0") }
            let between = try nodes.gateway.inside { try PacketCapture(nodes.gateway.index("eth0")) }
            let outside = try nodes.world.inside { try PacketCapture(nodes.world.index("up0")) }
            let cast = try Cast.of(family)
            try Self.talk(nodes, cast.server)
            try Self.checkTunnel(between.frames().filter(Self.isTraffic))
            let seen = outside.frames().filter(Self.isTraffic)
            #expect(seen.count > 100)
            #expect(try Judge.complaints(about: seen).prefix(3) == [])
            #expect(Set(seen.flatMap(Self.ends)) == [cast.egress, cast.server], "another address than the egress IP was seen outside")
        }
    }
}
