import EgressModel
import EgressPlan
import TestKit
import Testing

@testable import BPFDatapath

@Suite("Packets whose last hop is here", .requires(.packet))
struct ExpiredTests {
    private static func setHops(_ scene: Scene, _ hops: [IPAddress]) throws {
        let settings = try scene.world.datapath.actualState().settings
        try scene.world.execute(
            .setSettings(
                DatapathSettings(
                    tunnelIndex: settings.tunnelIndex, nodeAddress: settings.nodeAddress, tunnelMTU: settings.tunnelMTU,
                    limits: settings.limits, stackMark: settings.stackMark, tokens: settings.tokens, hops: hops)))
    }

    private static func with(_ family: IPFamily, _ body: @escaping @Sendable (Scene) throws -> Void) async throws {
        try await Scene.with(family) { scene in
            try setHops(scene, [Role.thisNode, try Cast.of(.ipv6).sharedEgress])
            try body(scene)
        }
    }

    /// What its sender is told, from the node: with 20 octets behind the IP header.
    private static func answer(_ scene: Scene, _ packet: Datagram) -> Datagram {
        let isIPv4 = scene.family == .ipv4
        let kind = ErrorKind(type: isIPv4 ? 11 : 3, code: 0)
        return packet.error(kind, from: scene.cast.sharedEgress, quoting: isIPv4 ? 40 : 60).with { if isIPv4 { $0.tos = 0xc0 } }
    }

    @Test(arguments: Scene.families)
    func `the pod is told by its own node, a new connection and a living one`(_ family: IPFamily) async throws {
        try await Self.with(family) { scene in
            let sent = scene.fromPod.with { ($0.kind, $0.hops) = (.echo, 1) }
            for _ in 0..<2 {
                let outcome = try scene.answers(.podSends, sent, by: Self.answer(scene, sent), counting: ["ttl_answered"])
                #expect(outcome.frame.macs == Role.turned(sent.macs.bytes))
                try scene.isTunnelled(sent.with { $0.hops = 2 })
            }
        }
    }

    @Test(arguments: Scene.families)
    func `a pod behind the tunnel is told by the gateway`(_ family: IPFamily) async throws {
        try await Self.with(family) { scene in
            let sent = scene.request.with { ($0.kind, $0.hops) = (.echo, 1) }
            let outcome = try scene.answers(scene.requestHook, sent, by: Self.answer(scene, sent), counting: ["ttl_answered"])
            #expect(outcome.frame.macs == Role.onWire(Role.token))
        }
    }

    @Test(arguments: Scene.families)
    func `about TCP and UDP too, also a datagram without data`(_ family: IPFamily) async throws {
        try await Self.with(family) { scene in
            let sent = scene.fromPod.with { $0.hops = 1 }
            for packet in [sent, sent.with { $0.kind = .udp }, sent.with { ($0.kind, $0.data) = (.udp, []) }] {
                let outcome = try scene.run(.podSends, packet)
                #expect(outcome.verdict == World.Outcome.redirect && outcome.counts == ["ttl_answered": 1])
                let reading = try Judge.read(outcome.bytes)
                #expect(try #require(reading.complaints).filter { !$0.contains("quoted") } == [], "\(packet.kind)")
                let ports = outcome.bytes.dropFirst(family == .ipv4 ? 14 + 28 + 20 : 14 + 48 + 40).prefix(4)
                #expect(Array(ports) == [0x9c, 0x40, 0x01, 0xbb], "40000 and 443")
            }
        }
    }

    @Test(arguments: Scene.families)
    func `nothing is said about an error, of a fragment, nor where the node has no address`(_ family: IPFamily) async throws {
        try await Self.with(family) { scene in
            let call = Datagram(source: scene.cast.server, destination: scene.cast.pod, sourcePort: 5555, destinationPort: 80)
            try scene.isTunnelled(scene.fromPod)
            try scene.drops(
                .podSends, scene.fromPod.answered().error(.unreachable(family), from: scene.cast.pod).with { $0.hops = 1 }, "ttl")
            let part = scene.fromPod.with {
                ($0.kind, $0.hops, $0.isWhole, $0.data) = (.udp, 1, false, Octets([UInt8](repeating: 7, count: 96)))
                $0.fragment = Datagram.Part(id: 9, from: 0, to: 48)
            }
            try scene.drops(.podSends, part, "ttl")
            try Self.setHops(scene, [])
            try scene.drops(.podSends, scene.fromPod.with { $0.hops = 1 }, "ttl")
            try scene.passes(.podIsGiven, call)
        }
    }

    @Test func `of very many only some are told, and the others are counted`() async throws {
        try await Self.with(.ipv4) { scene in
            let frame = try Judge.frame(scene.fromPod.with { ($0.kind, $0.hops) = (.echo, 1) })
            let count = 2000
            let start = ContinuousClock.now
            var told = 0
            for _ in 0..<count where try scene.world.verdict(.podSends, frame) == World.Outcome.redirect { told += 1 }
            let took = Int((ContinuousClock.now - start) / .milliseconds(1))
            // Each processor has its own bucket.
            #expect(told >= 100 && told <= 2 * (110 + took), "\(told) in \(took) ms")
            let counters = Dictionary(uniqueKeysWithValues: try scene.world.datapath.counters().map { ($0.name, Int($0.packets)) })
            for (name, wanted) in [("icmp_limited", count - told), ("ttl", count - told), ("ttl_answered", told)] {
                #expect(counters[name] == wanted, "\(name)")
            }
        }
    }
}
