import CEgressABI
import EgressModel
import EgressPlan
import TestKit
import Testing

@testable import BPFDatapath

/// Case 28 and Cilium's F1 and F2: fragments follow their first.
@Suite("Cases of fragments", .requires(.packet))
struct FragmentCases {
    private static let cuts: [(Int, Int?)] = [(0, 1024), (1024, 2048), (2048, nil)]

    /// A datagram of 3,000 octets in three pieces, of each kind that there is.
    private static func pieces(_ sent: Datagram, id: UInt16 = 77) -> [[Datagram]] {
        let whole = sent.with {
            $0.isWhole = false
            $0.data = Octets((0..<3000).map { UInt8(truncatingIfNeeded: $0 &* 7) })
        }
        let kinds = [
            whole.with { $0.kind = .udp }, whole.with { $0.kind = .echo }, whole.with { $0.flags = Datagram.syn },
            whole.with { ($0.kind, $0.hasChecksum) = (.udp, sent.source.family == .ipv6) },
            whole.withHeadersBetween[0].with { $0.kind = .udp },
        ]
        return kinds.map { kind in cuts.map { cut in kind.with { $0.fragment = .init(id: id, from: cut.0, to: cut.1) } } }
    }

    /// Every piece is translated as the whole is: the first has the checksum of all.
    private static func leave(_ scene: Scene, _ hook: World.Hook, _ pieces: [Datagram], to address: IPAddress) throws -> [Datagram] {
        let outcome = try scene.run(hook, pieces[0])
        #expect(outcome.counts["translated"] == 1, "\(outcome.drops)")
        let port = try Judge.read(outcome.bytes).sourcePort
        return try pieces.map { piece in
            let expected = piece.with {
                $0.hops -= 1
                $0.source = address
                $0.sourcePort = port
            }
            try scene.leaves(hook, piece, as: expected, counting: ["translated"], "\(piece.kind)")
            return expected
        }
    }

    @Test(arguments: Scene.families, [true, false])
    func `28, F1, F2: in their order all are translated, there and back`(_ family: IPFamily, _ isHere: Bool) async throws {
        try await Scene.with(family) { scene in
            if isHere { try scene.choose([(Role.localEntry, Role.thisNode)]) }
            let sent = isHere ? scene.fromPod : scene.request
            // Another pod has the port already, so that checksums change by the port too.
            for kind in [Datagram.Kind.tcp, .udp, .echo] {
                try scene.isTranslated(scene.request.with { ($0.kind, $0.source) = (kind, scene.cast.otherRemotePod) })
            }
            for pieces in Self.pieces(sent) {
                let left = try Self.leave(scene, isHere ? .podSends : scene.requestHook, pieces, to: scene.cast.egress)
                #expect(left[0].sourcePort != sent.sourcePort)
                for (piece, original) in zip(left, pieces) {
                    try scene.isReversed(piece.answered(), to: original, isHere: isHere, "\(piece.kind)")
                }
            }
        }
    }

    @Test(arguments: Scene.families)
    func `28: on the pod's node they go into the tunnel, and come out of it`(_ family: IPFamily) async throws {
        try await Scene.with(family) { scene in
            for pieces in Self.pieces(scene.fromPod) {
                for piece in pieces { try scene.isTunnelled(piece, "\(piece.kind)") }
                for piece in pieces {
                    let reply = piece.answered { $0.macs = Octets(Role.onWire(Role.token)) }
                    try scene.leaves(scene.replyHook, reply, as: reply.with { $0.hops -= 1 }, counting: ["delivered"])
                }
            }
        }
    }

    @Test(arguments: Scene.families)
    func `28, F2: one that comes before its first is dropped, wherever it comes`(_ family: IPFamily) async throws {
        try await Scene.with(family) { scene in
            let later = Self.pieces(scene.fromPod)[0][1]
            try scene.drops(.podSends, later, "first_fragment")
            let request = later.with { ($0.source, $0.macs) = (scene.cast.remotePod, scene.request.macs) }
            try scene.drops(scene.requestHook, request, "first_fragment")
            let answer = later.answered { $0.destination = scene.cast.egress }
            try scene.drops(.uplink, answer, "first_fragment")
            try scene.drops(scene.replyHook, later.answered { $0.macs = scene.request.macs }, "first_fragment")
            try scene.passes(.uplink, answer.with { $0.destination = scene.cast.sharedEgress }, "the node's own")
            try scene.passes(.podSends, later.with { $0.destination = scene.cast.inCluster[0] }, "stays in the cluster")
        }
    }

    @Test(arguments: Scene.families)
    func `28: another packet's first says nothing, be it another pod's, number or protocol`(_ family: IPFamily) async throws {
        try await Scene.with(family) { scene in
            let pieces = Self.pieces(scene.request)
            _ = try Self.leave(scene, scene.requestHook, pieces[0], to: scene.cast.egress)
            let later = pieces[0][1]
            let strangers: [Datagram] = [
                later.with { $0.source = scene.cast.otherRemotePod }, later.with { $0.fragment?.id = 78 },
                later.with { $0.destination = scene.cast.otherServer }, pieces[1][1],
            ]
            for stranger in strangers { try scene.drops(scene.requestHook, stranger, "first_fragment", "\(stranger.kind)") }
        }
    }

    @Test(arguments: Scene.families)
    func `28: a first is remembered for half a minute`(_ family: IPFamily) async throws {
        try await Scene.with(family) { scene in
            let pieces = Self.pieces(scene.request)[0]
            _ = try Self.leave(scene, scene.requestHook, pieces, to: scene.cast.egress)
            try scene.ageFragments(by: 15)
            #expect(try scene.run(scene.requestHook, pieces[1]).counts == ["translated": 1])
            try scene.ageFragments(by: 16)
            try scene.drops(scene.requestHook, pieces[1], "first_fragment")
        }
    }

    @Test(arguments: Scene.families)
    func `28: none may write over the header that was looked at`(_ family: IPFamily) async throws {
        try await Scene.with(family) { scene in
            let whole = scene.request.with {
                $0.isWhole = false
                $0.data = Octets([UInt8](repeating: 0, count: 64))
            }
            try scene.isTranslated(whole.with { $0.fragment = .init(id: 5, from: 0, to: 24) })
            for from in [8, 16] {
                try scene.drops(scene.requestHook, whole.with { $0.fragment = .init(id: 5, from: from) }, "malformed")
            }
            try scene.drops(scene.requestHook, whole.with { $0.fragment = .init(id: 6, from: 0, to: 16) }, "malformed")
        }
    }

    @Test(arguments: Scene.families)
    func `28, 10: a pod answers in fragments to what came in fragments`(_ family: IPFamily) async throws {
        try await Scene.with(family) { scene in
            let pieces = Self.pieces(scene.fromPod)[0]
            for piece in pieces { try scene.passes(.podIsGiven, piece.answered()) }
            for piece in pieces { try scene.passes(.podSends, piece, counting: "inbound") }
        }
    }
}

extension Scene {
    /// As if what was remembered of first fragments had been so many seconds ago.
    func ageFragments(by seconds: UInt32) throws {
        try world.datapath.withLoaded { [family] loaded in
            if family == .ipv4 {
                let table: BPFTable<egress_frag_key4, egress_frag> = try loaded.object.table("egress_frags4")
                try Self.age(table, seconds)
            } else {
                let table: BPFTable<egress_frag_key6, egress_frag> = try loaded.object.table("egress_frags6")
                try Self.age(table, seconds)
            }
        }
    }

    private static func age<Key>(_ table: BPFTable<Key, egress_frag>, _ seconds: UInt32) throws {
        for (key, value) in try table.all() {
            var value = value
            value.seconds &-= seconds
            try table.set(key, value)
        }
    }
}
