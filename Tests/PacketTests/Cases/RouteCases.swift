import EgressModel
import EgressPlan
import TestKit
import Testing

/// Cilium's C11, C12 and C17: which way a translated packet leaves.
@Suite("Cases of the way out", .requires(.packet))
struct RouteCases {
    /// A second uplink with a router of its own, and a table of routes that leads there.
    private static func addUplink(_ scene: Scene, _ rule: String) throws {
        let host = scene.family == .ipv4 ? "192.168.7.2/24" : "fd00:7::2/64"
        let router = scene.family == .ipv4 ? "192.168.7.1" : "fd00:7::1"
        let option = scene.family == .ipv4 ? "-4" : "-6"
        try Command.run(
            ["ip", option, "-batch", "-"],
            input: """
                link add up1 type veth peer name up1p
                link set up1 up
                link set up1p up
                addr add \(host) dev up1\(scene.family == .ipv6 ? " nodad" : "")
                neigh add \(router) lladdr 02:00:5e:00:00:07 dev up1
                route add default via \(router) dev up1 table 77
                \(rule)

                """)
    }

    /// The last octet of the MAC address that packets of a living connection go to; the first of a second asks the
    /// neighbour table, and changes none. Many, and none is built between them: a busy machine takes its time.
    private static func nextHop(_ scene: Scene, _ sent: Datagram) throws -> UInt8? {
        let frames = try Judge.frames([sent, sent.with { $0.flags = Datagram.ack }])
        for number in 0..<50 {
            let (verdict, out) = try scene.world.testRun(scene.requestHook, frames[min(number, 1)])
            guard verdict == World.Outcome.redirect else { throw TestKitError("\(sent) was not translated") }
            if out.prefix(5) == [0x02, 0, 0x5e, 0, 0] { return out[5] }
        }
        return nil
    }

    @Test(arguments: Scene.families)
    func `C11: a rule for the egress IP chooses the uplink, by its address and not the pod's`(_ family: IPFamily) async throws {
        try await Scene.with(family) { scene in
            #expect(try Self.nextHop(scene, scene.request) == 1)
            try Self.addUplink(scene, "rule add from \(scene.cast.otherEgress) lookup 77")
            try scene.setEgress([scene.cast.otherEgress])
            #expect(try Self.nextHop(scene, scene.request) == 7)
            try scene.setEgress([scene.cast.egress])
            #expect(try Self.nextHop(scene, scene.request) == 1)
        }
    }

    @Test(arguments: Scene.families)
    func `C12: an entry's interface is the only way, and without a route through it there is none`(_ family: IPFamily) async throws {
        try await Scene.with(family) { scene in
            try scene.setEgress([scene.cast.egress], interface: scene.world.uplinkIndex)
            #expect(try Self.nextHop(scene, scene.request) == 1)
            try scene.setEgress([scene.cast.egress], interface: scene.world.podIndex)
            let another = scene.request.with { $0.sourcePort = 40001 }
            try scene.drops(scene.requestHook, another, "no_route")
        }
    }

    @Test(arguments: Scene.families)
    func `C12: no route is a drop, never a question to the whole Internet`(_ family: IPFamily) async throws {
        try await Scene.with(family) { scene in
            for kind in [Datagram.Kind.tcp, .udp, .echo] {
                let sent = scene.request.with { ($0.kind, $0.destination) = (kind, scene.cast.unreachable) }
                try scene.drops(scene.requestHook, sent, "no_route")
            }
        }
    }

    @Test(arguments: Scene.families)
    func `C17: the type of service is kept, and a rule for it chooses the uplink`(_ family: IPFamily) async throws {
        try await Scene.with(family) { scene in
            try Self.addUplink(scene, "rule add tos 0x10 lookup 77")
            let sent = scene.request.with { $0.tos = 0x10 }
            try scene.isTranslated(sent, port: 40000)
            #expect(try Self.nextHop(scene, sent) == 7)
            #expect(try Self.nextHop(scene, scene.request.with { $0.sourcePort = 40001 }) == 1)
            try scene.isTunnelled(scene.fromPod.with { $0.tos = 0xb9 })
        }
    }
}
