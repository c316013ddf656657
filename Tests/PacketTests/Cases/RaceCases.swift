import EgressModel
import EgressPlan
import TestKit
import Testing

/// Case 17, and the first packets of a connection on two processors at once.
@Suite("Cases of races", .requires(.packet), .serialized)
struct RaceCases {
    private static let rounds = 1000

    private static func frames(_ template: Datagram, _ kind: Datagram.Kind) throws -> [[UInt8]] {
        try Judge.series(template.with { $0.kind = kind }, from: 30000, count: rounds)
    }

    /// The port (or identifier) that a packet without options left with.
    private static func port(_ frame: [UInt8], _ kind: Datagram.Kind) -> UInt16 {
        let at = (frame[14] >> 4 == 4 ? 34 : 54) + (kind == .echo ? 4 : 0)
        return UInt16(frame[at]) << 8 | UInt16(frame[at + 1])
    }

    @Test(arguments: Scene.families, [Datagram.Kind.tcp, .udp, .echo])
    func `17: the first packets of a connection on two processors have one translation`(_ family: IPFamily, _ kind: Datagram.Kind)
        async throws
    {
        try await Scene.with(family) { scene in
            // No port is kept: each candidate is one that both sides try.
            try scene.setEgress([scene.cast.egress], kept: 1...1)
            let frames = try Self.frames(scene.request, kind)
            let pairs = try TwoProcessors.run(scene.world, scene.requestHook, frames, frames)
            #expect(pairs.allSatisfy { $0.first.verdict == World.Outcome.redirect && $0.second.verdict == World.Outcome.redirect })
            #expect(pairs.count { Self.port($0.first.frame, kind) != Self.port($0.second.frame, kind) } == 0)
            #expect(try Judge.complaints(about: pairs.flatMap { [$0.first.frame, $0.second.frame] }).prefix(3) == [])
            #expect(try scene.forwardCount() == Self.rounds)
            #expect(try scene.reverses().count == Self.rounds, "a claim was left behind")
        }
    }

    @Test(arguments: Scene.families, [Datagram.Kind.tcp, .udp])
    func `17: two pods with one port on two processors get two`(_ family: IPFamily, _ kind: Datagram.Kind) async throws {
        try await Scene.with(family) { scene in
            let first = try Self.frames(scene.request, kind)
            let second = try Self.frames(scene.request.with { $0.source = scene.cast.otherRemotePod }, kind)
            let pairs = try TwoProcessors.run(scene.world, scene.requestHook, first, second)
            #expect(pairs.allSatisfy { $0.first.verdict == World.Outcome.redirect && $0.second.verdict == World.Outcome.redirect })
            #expect(pairs.count { Self.port($0.first.frame, kind) == Self.port($0.second.frame, kind) } == 0)
            let reverses = try scene.reverses()
            #expect(reverses.count == 2 * Self.rounds)
            #expect(Set(reverses.map(\.egressPort)).count == 2 * Self.rounds)
        }
    }

    @Test(arguments: Scene.families, [Datagram.Kind.tcp, .udp])
    func `17: a local pod's first packets on two processors have one translation`(_ family: IPFamily, _ kind: Datagram.Kind) async throws {
        try await Scene.with(family) { scene in
            try scene.setEgress([scene.cast.egress], kept: 1...1)
            try scene.choose([(Role.localEntry, Role.thisNode)])
            let frames = try Self.frames(scene.fromPod, kind)
            let pairs = try TwoProcessors.run(scene.world, .podSends, frames, frames)
            #expect(pairs.allSatisfy { $0.first.verdict == World.Outcome.redirect && $0.second.verdict == World.Outcome.redirect })
            #expect(pairs.count { Self.port($0.first.frame, kind) != Self.port($0.second.frame, kind) } == 0)
            #expect(try scene.flows().count == Self.rounds)
            #expect(try scene.reverses().count == Self.rounds, "a claim was left behind")
        }
    }
}
