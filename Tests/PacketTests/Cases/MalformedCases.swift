import EgressModel
import EgressPlan
import TestKit
import TestRandom
import Testing

/// Case 26 and Cilium's F3: every prefix of every valid packet, headers that lie, and octets at random. Nothing of it
/// leaves, and nothing crashes.
@Suite("Cases of broken packets", .requires(.packet))
struct MalformedCases {
    /// One of each kind that a program reads, between these two.
    static func valid(_ from: IPAddress, _ to: IPAddress) -> [Datagram] {
        let plain = Datagram(source: from, destination: to)
        let kinds = [
            plain, plain.with { $0.tcpOptions = [.mss(1460), .nop] }, plain.with { $0.kind = .udp }, plain.with { $0.kind = .echo },
            plain.with { ($0.kind, $0.isRequest) = (.echo, false) },
            plain.with { ($0.kind, $0.fragment) = (.udp, .init(id: 9, from: 0, to: 16)) },
            plain.with { ($0.kind, $0.fragment) = (.udp, .init(id: 9, from: 16)) },
        ]
        return kinds + plain.withHeadersBetween + plain.withHeadersBetween.map { $0.with { $0.kind = .udp } } + errors(from, to)
    }

    /// An error about what `to` sent, one with and one without all that it quotes.
    static func errors(_ from: IPAddress, _ to: IPAddress) -> [Datagram] {
        let types: [(UInt8, UInt8)] = from.family == .ipv4 ? [(3, 1), (3, 4), (11, 0), (12, 0)] : [(1, 0), (2, 0), (3, 0), (4, 1)]
        return types.flatMap { type, code in
            [28, 512].map { length in
                Datagram(source: from, destination: to).with {
                    ($0.kind, $0.type, $0.code, $0.rest) = (.error, type, code, 1400)
                    $0.quotes = [Datagram(source: to, destination: from, sourcePort: 443, destinationPort: 40000)]
                    $0.quotedLength = from.family == .ipv4 ? length : length + 20
                }
            }
        }
    }

    @Test(arguments: Scene.families)
    func `26: no prefix of a packet leaves, whatever the packet and wherever it comes from`(_ family: IPFamily) async throws {
        try await Scene.with(family) { scene in
            var escaped: [String] = []
            let cast = scene.cast
            let hooks: [(World.Hook, [Datagram])] = [
                (.podSends, Self.valid(cast.pod, cast.server)),
                (scene.requestHook, Self.valid(cast.remotePod, cast.server).map { $0.with { $0.macs = scene.request.macs } }),
                (scene.replyHook, Self.valid(cast.server, cast.pod).map { $0.with { $0.macs = scene.request.macs } }),
            ]
            for (hook, datagrams) in hooks {
                for frame in try Judge.frames(datagrams) {
                    for length in scene.shortest..<frame.count {
                        let outcome = try scene.world.verdict(hook, Array(frame[..<length]))
                        if outcome != World.Outcome.shot { escaped.append("\(hook): \(length) of \(Octets(frame).hexadecimal)") }
                    }
                }
            }
            #expect(escaped == [])
            #expect(try scene.flows() == [])
            #expect(try scene.reverses() == [])
        }
    }

    @Test(arguments: Scene.families)
    func `26: a prefix that the world sends, or that the pod is given, is the stack's`(_ family: IPFamily) async throws {
        try await Scene.with(family) { scene in
            try scene.isTranslated(scene.request)
            let cast = scene.cast
            for (hook, to) in [(World.Hook.uplink, cast.egress), (.podIsGiven, cast.pod)] {
                for frame in try Judge.frames(Self.valid(cast.server, to)) {
                    for length in scene.shortest..<frame.count {
                        #expect(try scene.world.verdict(hook, Array(frame[..<length])) == World.Outcome.pass, "\(hook), \(length)")
                    }
                }
            }
            #expect(try scene.flows() == [])
            #expect(try scene.reverses().map(\.seen) == [0])
        }
    }

    @Test(arguments: Scene.families)
    func `26: lengths that lie are dropped`(_ family: IPFamily) async throws {
        try await Scene.with(family) { scene in
            let frame = try Judge.frame(scene.fromPod)
            let l4 = family == .ipv4 ? 34 : 54
            // Where, and what instead: the IP header's version and its lengths, TCP's length of options.
            var lies: [(Int, UInt8)] = [(14, 0x54), (l4 + 12, 0x40), (l4 + 12, 0x00)]
            lies += family == .ipv4 ? [(14, 0x44), (14, 0x40), (16, 0xff), (17, 19)] : [(18, 0xff), (19, 3), (14, 0x45)]
            for (at, octet) in lies {
                var lie = frame
                lie[at] = octet
                let outcome = try scene.world.run(.podSends, lie)
                #expect(outcome.drops == ["malformed": 1], "octet \(at) is \(octet)")
            }
            // Options of the SYN that are longer than the packet.
            var lie = frame
            lie[l4 + 12] = 0xf0
            #expect(try scene.world.run(.podSends, lie).drops == ["malformed": 1])
        }
    }

    @Test(arguments: Scene.families)
    func `26: octets at random do no harm`(_ family: IPFamily) async throws {
        try await Scene.with(family) { scene in
            var random = SeededRandom(seed: 26)
            let cast = scene.cast
            let given = try Judge.frames(Self.valid(cast.pod, cast.server) + Self.valid(cast.remotePod, cast.server))
            for frame in given + given {
                for hook in [World.Hook.podSends, .podIsGiven, .uplink, scene.requestHook, scene.replyHook] {
                    for _ in 0..<5 {
                        var broken = frame
                        for _ in 0..<Int.random(in: 1...4, using: &random) {
                            let at = Int.random(in: 12..<broken.count, using: &random)
                            broken[at] = .random(in: 0...255, using: &random)
                        }
                        let verdict = try scene.world.verdict(hook, broken)
                        #expect([World.Outcome.pass, World.Outcome.shot, World.Outcome.redirect].contains(verdict))
                    }
                }
            }
        }
    }
}
