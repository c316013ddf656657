import CEgressABI
import EgressModel
import EgressPlan
import TestKit
import Testing

/// Cases 18 and 20 where nodes reach each other by IPv6 alone, and Cilium's C4 and C14.
@Suite("Cases of the underlay and of one family", .requires(.packet))
struct UnderlayCases {
    private struct Nodes {
        var here: IPAddress
        var other: IPAddress
        var third: IPAddress
    }

    /// Makes IPv6 the family of the tunnel's outer header.
    private static func turn(_ scene: Scene) throws -> Nodes {
        let addresses = try ["2001:db8:18::2", "2001:db8:18::3", "2001:db8:18::4"].map { try #require(IPAddress($0)) }
        let nodes = Nodes(here: addresses[0], other: addresses[1], third: addresses[2])
        let tokens = [Role.token].compactMap { TunnelToken(octets: $0) }
        try scene.world.execute(
            .setSettings(
                DatapathSettings(
                    tunnelIndex: scene.world.tunnelIndex, nodeAddress: nodes.here, tunnelMTU: Role.tunnelMTU, tokens: tokens)))
        let record = NodeRecord(podNetwork: IPPrefix("10.1.1.0/24"), podNetwork6: IPPrefix("fd00:1:0:1::/64"))
        for node in [nodes.other, nodes.third] { try scene.world.execute(.setNode(node, record)) }
        try scene.world.execute(.setGateway(nodes.other, GatewayRecord(place: .remote)))
        try scene.choose([(Role.remoteEntry, nodes.other)])
        return nodes
    }

    @Test(arguments: Scene.families)
    func `12, 20: over IPv6 nodes a connection goes there and back`(_ family: IPFamily) async throws {
        try await Scene.with(family) { scene in
            let nodes = try Self.turn(scene)
            for kind in [Datagram.Kind.tcp, .udp, .echo] {
                let sent = scene.request.with { $0.kind = kind }
                let out = try scene.isTranslated(sent, by: .tunnel(vni: Role.localEntry, from: nodes.other), port: 40000)
                try scene.isReversed(out.answered(), to: sent)
                let own = scene.fromPod.with { $0.kind = kind }
                try scene.isTunnelled(own)
                let reply = own.answered { $0.macs = Octets(Role.onWire(Role.token)) }
                let hook = World.Hook.tunnel(vni: EGRESS_VNI_REPLY | Role.remoteEntry, from: nodes.other)
                try scene.leaves(hook, reply, as: reply.with { $0.hops -= 1 }, counting: ["delivered"])
            }
        }
    }

    @Test(arguments: Scene.families)
    func `18: over IPv6 nodes a stranger is as strange, and each node is itself`(_ family: IPFamily) async throws {
        try await Scene.with(family) { scene in
            let nodes = try Self.turn(scene)
            let stranger = try #require(IPAddress("2001:db8:18::99"))
            try scene.drops(.tunnel(vni: Role.localEntry, from: stranger), scene.request, "outer_source")
            try scene.drops(.tunnel(vni: Role.localEntry, from: Role.otherNode), scene.request, "outer_source", "a node's IPv4 address")
            try scene.isTunnelled(scene.fromPod)
            let reply = scene.fromPod.answered { $0.macs = Octets(Role.onWire(Role.token)) }
            let wrong = World.Hook.tunnel(vni: EGRESS_VNI_REPLY | Role.remoteEntry, from: nodes.third)
            try scene.drops(wrong, reply, "reply_unknown", "by another gateway than its own")
            try scene.world.execute(.removeNode(nodes.other))
            try scene.drops(.tunnel(vni: Role.localEntry, from: nodes.other), scene.request, "outer_source")
            try scene.drops(.podSends, scene.fromPod.with { $0.flags = Datagram.ack }, "tunnel", "nobody knows its address any more")
        }
    }

    @Test(arguments: Scene.families)
    func `C4, C14: an entry without an address of the family is a drop with its own reason`(_ family: IPFamily) async throws {
        try await Scene.with(family) { scene in
            let other = try Cast.of(family == .ipv4 ? .ipv6 : .ipv4)
            let out = try scene.isTranslated(scene.request)
            try scene.setEgress([other.egress])
            for flags in [Datagram.syn, Datagram.ack] {
                try scene.drops(scene.requestHook, scene.request.with { $0.flags = flags }, "no_egress_ip")
            }
            try scene.choose([(Role.localEntry, Role.thisNode)])
            for kind in [Datagram.Kind.tcp, .udp, .echo] {
                try scene.drops(.podSends, scene.fromPod.with { $0.kind = kind }, "no_egress_ip")
            }
            try scene.setEgress([scene.cast.egress])
            try scene.isTranslated(scene.request.with { $0.flags = Datagram.ack }, port: out.sourcePort)
        }
    }
}
