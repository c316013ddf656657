import EgressModel
import EgressPlan
import TestKit
import Testing

/// Case 8: what is larger than its way out. Its sender is told, or the tunnel's outer packet is cut.
@Suite("Cases of packets that are too large", .requires(.packet))
struct TooBigCases {
    private static let most = Role.tunnelMTU

    /// UDP that is an IP packet of `length` octets.
    private static func large(_ packet: Datagram, _ length: Int) -> Datagram {
        packet.with {
            $0.kind = .udp
            $0.data = Octets((0..<(length - (packet.source.family == .ipv4 ? 28 : 48))).map { UInt8(truncatingIfNeeded: $0) })
        }
    }

    /// The error that a sender is told, from where its packet was to go; it quotes as much as an error may.
    private static func answer(_ packet: Datagram, mtu: Int = most) -> Datagram {
        let family = packet.source.family
        return packet.error(.tooBig(family, mtu), from: packet.destination, quoting: family == .ipv4 ? 548 : 1232).with {
            if family == .ipv4 { $0.tos = 0xc0 }
        }
    }

    @Test(arguments: Scene.families)
    func `8: a pod is told how large a packet may be`(_ family: IPFamily) async throws {
        try await Scene.with(family) { scene in
            let fits = Self.large(scene.fromPod, Self.most)
            for _ in 0..<2 {
                try scene.isTunnelled(fits)
                for length in [Self.most + 1, 1500] {
                    let sent = Self.large(scene.fromPod, length)
                    let outcome = try scene.answers(.podSends, sent, by: Self.answer(sent), counting: ["too_big_answered"])
                    #expect(outcome.frame.macs == Role.turned(sent.macs.bytes))
                }
            }
        }
    }

    @Test func `8: without DF the outer packet is cut`() async throws {
        try await Scene.with(.ipv4) { scene in
            let sent = Self.large(scene.fromPod, 1500).with { $0.isWhole = false }
            for _ in 0..<2 {
                try scene.leaves(.podSends, sent, as: sent.with { $0.hops -= 1 }, counting: ["tunnelled", "outer_fragments"])
            }
            let request = Self.large(scene.request, 1400).with { $0.isWhole = false }
            let answer = Self.large(try scene.isTranslated(request).answered(), 1500)
            let expected = answer.with { ($0.hops, $0.destination) = ($0.hops - 1, scene.cast.remotePod) }
            try scene.leaves(.uplink, answer, as: expected, counting: ["reversed", "outer_fragments"])
        }
    }

    @Test(arguments: Scene.families)
    func `8, 23: of what the kernel will cut, each segment counts`(_ family: IPFamily) async throws {
        try await Scene.with(family) { scene in
            let sent = scene.fromPod.with { $0.data = Octets([UInt8](repeating: 7, count: 3000)) }
            let most = UInt32(Self.most - scene.cast.headers)
            let (program, index) = try scene.world.entrance(.podSends)
            for _ in 0..<2 {
                let fits = try World.testRun(program, index, Judge.frame(sent), segment: most)
                #expect(fits.0 == World.Outcome.redirect && fits.1.count > 3000)
            }
            let told = try World.testRun(program, index, Judge.frame(sent), segment: most + 1)
            #expect(told.0 == World.Outcome.redirect)
            let reading = try Judge.read(told.1)
            #expect(reading.mtu == UInt32(Self.most))
            #expect(try #require(reading.complaints).filter { !$0.contains("quoted") } == [])
            // The device would write the quoted packet's checksum: what it finds is there already.
            let quoted = Array(told.1.dropFirst(family == .ipv4 ? 14 + 28 + 20 : 14 + 48 + 40))
            #expect(Self.deviceSum(quoted) == UInt16(quoted[16]) << 8 | UInt16(quoted[17]))
        }
    }

    /// What a device finds as the checksum: of all octets, with what is in its place as the pseudo header's sum.
    private static func deviceSum(_ octets: [UInt8]) -> UInt16 {
        var sum = stride(from: 0, to: octets.count - 1, by: 2).reduce(UInt32(0)) { $0 + UInt32(octets[$1]) << 8 + UInt32(octets[$1 + 1]) }
        while sum > 0xffff { sum = (sum & 0xffff) + sum >> 16 }
        return ~UInt16(sum)
    }

    @Test(arguments: Scene.families)
    func `8: the far end is told what the tunnel takes, about the packet that it sent`(_ family: IPFamily) async throws {
        try await Scene.with(family) { scene in
            let out = try scene.isTranslated(Self.large(scene.request, 1400))
            try scene.isReversed(Self.large(out.answered(), Self.most), to: scene.request.with { $0.kind = .udp })
            let answer = Self.large(out.answered(), Self.most + 1)
            let outcome = try scene.answers(.uplink, answer, by: Self.answer(answer), counting: ["too_big_answered"])
            #expect(outcome.frame.macs == Role.turned(answer.macs.bytes))
        }
    }

    @Test(arguments: Scene.families)
    func `8: a pod is told how large a packet the gateway's next hop takes`(_ family: IPFamily) async throws {
        try await Scene.with(family) { scene in
            try scene.choose([(Role.localEntry, Role.thisNode)])
            try scene.setUplinkMTU(1300)
            let small = Self.large(scene.fromPod, 1300)
            let sent = Self.large(scene.fromPod, 1301)
            for _ in 0..<2 {
                try scene.answers(.podSends, sent, by: Self.answer(sent, mtu: 1300), counting: ["too_big_answered"])
                try scene.isTranslated(small, by: .podSends)
                // Now the way may be kept.
                try scene.isTranslated(small, by: .podSends)
            }
        }
    }

    @Test(arguments: Scene.families)
    func `8: a pod of another node is told so through the tunnel`(_ family: IPFamily) async throws {
        try await Scene.with(family) { scene in
            try scene.setUplinkMTU(1300)
            let sent = Self.large(scene.request, 1301)
            for _ in 0..<2 {
                let told = Self.answer(sent, mtu: 1300)
                let outcome = try scene.answers(scene.requestHook, sent, by: told, counting: ["too_big_answered"])
                #expect(outcome.frame.macs == Role.onWire(Role.token))
                for _ in 0..<2 { try scene.isTranslated(Self.large(scene.request, 1300)) }
            }
            // Cut on the outside until here.
            try scene.setUplinkMTU(1480)
            let huge = Self.large(scene.request, 1490)
            try scene.answers(scene.requestHook, huge, by: Self.answer(huge), counting: ["too_big_answered"])
        }
    }

    @Test(arguments: Scene.families)
    func `8: the far end is told what the pod's own device takes`(_ family: IPFamily) async throws {
        try await Scene.with(family) { scene in
            try Command.run(["ip", "link", "set", "pod0", "mtu", "1350"])
            try scene.choose([(Role.localEntry, Role.thisNode)])
            let out = try scene.isTranslated(Self.large(scene.fromPod, 1200), by: .podSends)
            let answer = Self.large(out.answered(), 1351)
            try scene.answers(.uplink, answer, by: Self.answer(answer, mtu: 1350), counting: ["too_big_answered"])
            try scene.choose([(Role.remoteEntry, Role.otherNode)])
            let other = Self.large(scene.fromPod, 1200).with { $0.sourcePort = 41000 }
            try scene.isTunnelled(other)
            let reply = Self.large(other.answered { $0.macs = scene.request.macs }, 1351)
            let outcome = try scene.answers(scene.replyHook, reply, by: Self.answer(reply, mtu: 1350), counting: ["too_big_answered"])
            #expect(outcome.frame.macs == Role.onWire(Role.token))
        }
    }
}

extension Scene {
    /// Something else leaves than what was sent: `answer`.
    @discardableResult
    func answers(
        _ hook: World.Hook, _ sent: Datagram, by answer: Datagram, counting counts: Set<String>,
        at place: SourceLocation = #_sourceLocation
    ) throws -> World.Outcome {
        let outcome = try run(hook, sent)
        #expect(outcome.verdict == World.Outcome.redirect, "\(outcome.drops)", sourceLocation: place)
        #expect(Set(outcome.counts.keys) == counts, "\(outcome.drops)", sourceLocation: place)
        #expect(try Judge.read(outcome.bytes).complaints == [], sourceLocation: place)
        var expected = Frame(bytes: try Judge.frame(answer)).withoutMACs()
        var got = outcome.frame.withoutMACs()
        // Ours have no identification, which nobody needs where nobody may fragment.
        if family == .ipv4, expected.count > 24, got.count > 24 {
            for at in [18, 19, 24, 25] { (expected[at], got[at]) = (0, 0) }
        }
        #expect(Octets(got).hexadecimal == Octets(expected).hexadecimal, sourceLocation: place)
        return outcome
    }

    func setUplinkMTU(_ mtu: Int) throws { try Command.run(["ip", "link", "set", "up0", "mtu", "\(mtu)"]) }
}

extension Role {
    /// A frame's MAC addresses the other way round.
    static func turned(_ macs: [UInt8]) -> [UInt8] { Array(macs.suffix(6) + macs.prefix(6)) }
}
