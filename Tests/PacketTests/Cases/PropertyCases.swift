import EgressModel
import EgressPlan
import TestKit
import Testing

/// Case 22: what comes back is what was sent, whatever it was.
@Suite("Cases at random", .requires(.packet))
struct PropertyCases {
    private static let batch = 500

    /// Without what tells the hops of a way apart: MAC addresses, hops left, the IPv4 header's checksum.
    private static func core(_ frame: [UInt8]) -> [UInt8] {
        var frame = frame
        let changes: [Int] = Array(0..<12) + (frame[14] >> 4 == 6 ? [21] : [22, 24, 25])
        for at in changes { frame[at] = 0 }
        return frame
    }

    private static func hops(_ frame: [UInt8]) -> UInt8 { frame[14] >> 4 == 6 ? frame[21] : frame[22] }

    /// Sends each out and its answer back; returns what was wrong.
    private static func roundTrip(_ scene: Scene, _ hook: World.Hook, _ sent: [[UInt8]]) throws -> [String] {
        var wrong: [String] = []
        let outs = try sent.map { frame in
            let (verdict, out) = try scene.world.testRun(hook, frame)
            if verdict != World.Outcome.redirect { wrong.append("not sent: \(Octets(frame).hexadecimal)") }
            return out
        }
        guard wrong.isEmpty else { return wrong }
        let wanted = try Judge.answers(to: sent)
        let backs = try zip(Judge.answers(to: outs), zip(sent, wanted)).map { answer, given in
            let (verdict, back) = try scene.world.testRun(.uplink, answer)
            let isWhole = verdict == World.Outcome.redirect && core(back) == core(given.1) && hops(back) == hops(given.0) - 2
            if !isWhole { wrong.append("\(verdict): \(Octets(given.0).hexadecimal) came back as \(Octets(back).hexadecimal)") }
            return back
        }
        return try wrong + Judge.complaints(about: outs + backs)
    }

    private static func check(_ scene: Scene, _ hook: World.Hook, _ count: Int, _ source: IPAddress, _ macs: Octets) throws {
        // Some keep their port, some don't.
        try scene.setEgress([scene.cast.egress], kept: 20000...65535)
        let destinations = [scene.cast.server, scene.cast.otherServer, scene.cast.farServer, scene.cast.hop]
        for seed in 0..<(count / batch) {
            let order = Judge.Order(seed: seed, count: batch, source: source, destinations: destinations, macs: macs)
            let wrong = try roundTrip(scene, hook, Judge.random(order))
            #expect(wrong.prefix(3) == [], "seed \(seed)")
        }
    }

    @Test(arguments: Scene.families)
    func `22: ten thousand packets of another node's pod come back as they went`(_ family: IPFamily) async throws {
        try await Scene.with(family) { scene in
            try Self.check(scene, scene.requestHook, 10_000, scene.cast.remotePod, scene.request.macs)
        }
    }

    @Test(arguments: Scene.families)
    func `22: two thousand packets of the gateway's own pod come back as they went`(_ family: IPFamily) async throws {
        try await Scene.with(family) { scene in
            try scene.choose([(Role.localEntry, Role.thisNode)])
            try Self.check(scene, .podSends, 2000, scene.cast.pod, scene.fromPod.macs)
        }
    }

    @Test(arguments: Scene.families)
    func `22: a UDP checksum that comes out as zero is sent as all ones, and none stays none`(_ family: IPFamily) async throws {
        try await Scene.with(family) { scene in
            let sent = scene.request.with { ($0.kind, $0.data) = (.udp, [0, 0]) }
            let at = family == .ipv4 ? 40 : 60
            // The sum of what goes out, put into its data, makes it nought.
            let out = try Judge.frame(sent.with { $0.source = scene.cast.egress })
            let special = sent.with { $0.data = Octets(out[at...(at + 1)]) }
            let sum = try Judge.frame(special.with { $0.source = scene.cast.egress })[at...(at + 1)]
            #expect(Array(sum) == [0xff, 0xff])
            try scene.isReversed(try scene.isTranslated(special, port: 40000).answered(), to: special)
            // The same on the way back.
            let back = try Judge.frame(sent.answered())
            let answer = sent.answered { ($0.destination, $0.data) = (scene.cast.egress, Octets(back[at...(at + 1)])) }
            try scene.isReversed(answer, to: sent)
            guard family == .ipv4 else { return }
            let without = sent.with { ($0.hasChecksum, $0.sourcePort) = (false, 900) }
            try scene.isReversed(try scene.isTranslated(without).answered(), to: without)
        }
    }
}
