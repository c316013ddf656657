import BPFDatapath
import EgressModel
import Glibc
import TestKit
import Testing

/// Between two nodes whose link is narrow, with pods that don't know of it: nothing vanishes without a word.
@Suite("Sizes and errors over real devices", .requires(.packet), .serialized)
struct PathTests {
    struct Path: Sendable, CustomStringConvertible {
        var family: IPFamily
        /// Of the link between the nodes.
        var mtu: Int

        var description: String { "\(family), \(mtu) octets" }

        static let all = IPFamily.allCases.flatMap { family in [1400, 1450, 1500].map { Path(family: family, mtu: $0) } }
    }

    private static let shape = TwoNodes.Shape(mode: .clsact, isLocal: false, isBridged: false)
    private static let chunk = (0..<62_500).map { UInt8(truncatingIfNeeded: $0 &* 31) }

    private static func with(_ path: Path, _ body: @escaping @Sendable (TwoNodes, IPAddress) throws -> Void) async throws {
        try await Sandbox.run { bpffs in
            let nodes = try TwoNodes(shape, bpffs: bpffs, underlayMTU: path.mtu)
            try body(nodes, Cast.of(path.family).server)
        }
    }

    @Test(arguments: Path.all)
    func `five million octets go each way by TCP`(_ path: Path) async throws {
        try await Self.with(path) { nodes, server in
            try Self.transfer(nodes, server, chunks: 80)
        }
    }

    private static func transfer(_ nodes: TwoNodes, _ server: IPAddress, chunks: Int, andBack: Bool = true) throws {
        let listener = try nodes.world.inside { try Socket.tcp(server.family) }
        try listener.bind(server, 80)
        try listener.listen()
        let client = try nodes.pod.inside { try Socket.tcp(server.family) }
        try client.connect(server, 80)
        let (accepted, _) = try listener.accept()
        for (from, to) in andBack ? [(client, accepted), (accepted, client)] : [(client, accepted)] {
            for _ in 0..<chunks {
                try from.send(chunk)
                #expect(try to.receive(exactly: chunk.count) == chunk)
            }
        }
    }

    @Test(arguments: Path.all)
    func `datagrams of 3,000 octets go each way in fragments`(_ path: Path) async throws {
        try await Self.with(path) { nodes, server in
            let peer = try nodes.world.inside { try Socket.udp(path.family) }
            try peer.bind(server, 53)
            let client = try nodes.pod.inside { try Socket.udp(path.family) }
            try client.connect(server, 53)
            try #expect(client.exchange(Array(Self.chunk.prefix(3000)), with: peer) == Cast.of(path.family).egress)
        }
    }

    /// Fragments are one flow to whatever spreads packets by a hash, as long as it asks no ports: none overtakes its first.
    @Test(arguments: IPFamily.allCases)
    func `no datagram in fragments is lost on devices with two queues whose packets are spread over processors`(
        _ family: IPFamily
    ) async throws {
        try await Sandbox.run { bpffs in
            let nodes = try TwoNodes(Self.shape, bpffs: bpffs, underlayMTU: 1400, queues: 2)
            for device in ["eth0", "ext0"] { try nodes.gateway.spreadReceived(by: device) }
            let server = try Cast.of(family).server
            let peer = try nodes.world.inside { try Socket.udp(family) }
            try peer.bind(server, 53)
            for round in 0..<64 {
                let client = try nodes.pod.inside { try Socket.udp(family) }
                try client.connect(server, 53)
                let datagram = Array(Self.chunk.dropFirst(round).prefix(3000))
                // The first is lost while each side learns what fits.
                if round == 0 { _ = try client.exchange(datagram, with: peer) }
                client.setPatience(milliseconds: 2000)
                try client.send(datagram)
                #expect(try peer.echoDatagram() == Cast.of(family).egress)
                #expect(try client.receive(exactly: datagram.count) == datagram, "\(round)")
            }
        }
    }

    @Test(arguments: Path.all)
    func `who sends what must not be cut is told how large it may be, on either side`(_ path: Path) async throws {
        try await Self.with(path) { nodes, server in
            let headers = path.family == .ipv4 ? 28 : 48
            let peer = try nodes.world.inside { try Socket.udp(path.family) }
            try peer.bind(server, 53)
            let client = try nodes.pod.inside { try Socket.udp(path.family) }
            try client.connect(server, 53)
            try client.send(Array(Self.chunk.prefix(100)))
            _ = try peer.receiveAndConnect()
            for (from, to) in [(client, peer), (peer, client)] {
                try from.neverFragments(path.family)
                from.setPatience(milliseconds: 200)
                to.setPatience(milliseconds: 500)
                #expect(try from.pathMTU(path.family) == 1500)
                #expect(try from.errorOf(Array(Self.chunk.prefix(1500 - headers))) == EMSGSIZE)
                #expect(try from.pathMTU(path.family) == path.mtu - 50)
                let most = Array(Self.chunk.prefix(path.mtu - 50 - headers))
                try from.send(most)
                #expect(try to.receive(exactly: most.count) == most)
            }
        }
    }

    @Test(arguments: TwoNodes.Shape.all.filter { $0.mode == .clsact }, IPFamily.allCases)
    func `a pod is told how large a packet may be behind its gateway`(_ shape: TwoNodes.Shape, _ family: IPFamily) async throws {
        try await Sandbox.run { bpffs in
            let nodes = try TwoNodes(shape, bpffs: bpffs)
            try nodes.gateway.ip("link set ext0 mtu 1300")
            let cast = try Cast.of(family)
            // TCP first, before anybody knows: its segments are told of, several at once.
            try Self.transfer(nodes, cast.server, chunks: 8, andBack: false)
            try nodes.world.ip("link set up0 mtu 1300")
            let peer = try nodes.world.inside { try Socket.udp(family) }
            try peer.bind(cast.server, 53)
            let client = try nodes.pod.inside { try Socket.udp(family) }
            try client.connect(cast.server, 53)
            try client.neverFragments(family)
            client.setPatience(milliseconds: 200)
            let headers = family == .ipv4 ? 28 : 48
            #expect(try client.pathMTU(family) == 1300)
            let other = try nodes.pod.inside { try Socket.udp(family) }
            try other.connect(cast.otherServer, 53)
            try other.neverFragments(family)
            other.setPatience(milliseconds: 200)
            #expect(try other.errorOf(Array(Self.chunk.prefix(1350 - headers))) == EMSGSIZE)
            #expect(try other.pathMTU(family) == 1300)
            try #expect(client.exchange(Array(Self.chunk.prefix(1300 - headers)), with: peer) == cast.egress)
            let large = try nodes.pod.inside { try Socket.udp(family) }
            try large.connect(cast.server, 53)
            try #expect(large.exchange(Array(Self.chunk.prefix(3000)), with: peer) == cast.egress)
        }
    }

    @Test(arguments: TwoNodes.Shape.all.filter { $0.mode == .clsact }, IPFamily.allCases)
    func `a pod hears what routers and servers say about its packets`(_ shape: TwoNodes.Shape, _ family: IPFamily) async throws {
        try await Sandbox.run { bpffs in
            let nodes = try TwoNodes(shape, bpffs: bpffs)
            let cast = try Cast.of(family)
            let client = try nodes.pod.inside { try Socket.udp(family) }
            try client.connect(cast.server, 9)
            #expect(try client.errorOf([1, 2, 3]) == ECONNREFUSED)
            // A router behind the gateway; the hops end there.
            try nodes.world.ip("link add far0 type bridge", "link set far0 up", "route add \(cast.otherServer) dev far0")
            let tracer = try nodes.pod.inside { try Socket.udp(family) }
            try tracer.connect(cast.otherServer, 33434)
            try tracer.hearsErrors(family)
            try tracer.setHops(family, shape.isLocal ? 2 : 3)
            #expect(try tracer.errorOf([1, 2, 3]) == EHOSTUNREACH)
        }
    }
}
