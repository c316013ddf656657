import CEgressABI
import EgressModel
import EgressPlan
import TestKit
import Testing

/// Cases 29 and 30 and Cilium's N4: how long a translation lives, which ports it gets, and what another gateway makes
/// of a connection that it doesn't know.
@Suite("Cases of lifetimes and ports", .requires(.packet))
struct LifetimeCases {
    /// Two rounds, as the helper does them, `seconds` after a moment; how many went.
    private static func collect(_ scene: Scene, _ seconds: UInt32, after moment: UInt32) throws -> Int {
        try scene.world.collect(at: moment + seconds) + scene.world.collect(at: moment + seconds)
    }

    /// The same after now: no packet was later.
    private static func collect(_ scene: Scene, after seconds: UInt32) throws -> Int {
        try collect(scene, seconds, after: scene.world.clock())
    }

    @Test(arguments: Scene.families)
    func `29: a SYN alone dies after 240 seconds, an answered connection after 7440, a closed one after 120`(
        _ family: IPFamily
    ) async throws {
        try await Scene.with(family) { scene in
            let sent = scene.request
            // A machine may be slow: a connection's packets are no earlier than `start`, and no later than now.
            let start = try scene.world.clock()
            let out = try scene.isTranslated(sent)
            #expect(try Self.collect(scene, 239, after: start) == 0)
            #expect(try Self.collect(scene, after: 241) == 1)
            try scene.drops(.uplink, out.answered(), "unsolicited")

            let second = try scene.isTranslated(sent)
            try scene.isReversed(second.answered(), to: sent)
            #expect(try Self.collect(scene, 7439, after: start) == 0)
            try scene.isTranslated(sent.with { $0.flags = Datagram.fin | Datagram.ack }, port: second.sourcePort)
            #expect(try Self.collect(scene, 7439, after: start) == 0, "one side closed it")
            try scene.isReversed(second.answered { $0.flags = Datagram.fin | Datagram.ack }, to: sent)
            #expect(try Self.collect(scene, 119, after: start) == 0)
            try scene.isReversed(second.answered { $0.flags = Datagram.ack }, to: sent, "late data is translated still")
            #expect(try Self.collect(scene, after: 121) == 1)
            #expect(try scene.reverses() == [])
            #expect(try scene.forwardCount() == 0)
        }
    }

    @Test(arguments: Scene.families)
    func `29: what a reset ended is translated still, and dies`(_ family: IPFamily) async throws {
        try await Scene.with(family) { scene in
            let out = try scene.isTranslated(scene.request)
            try scene.isReversed(out.answered(), to: scene.request)
            try scene.isReversed(out.answered { $0.flags = Datagram.rst }, to: scene.request)
            try scene.isReversed(out.answered { $0.flags = Datagram.ack }, to: scene.request)
            try scene.isTranslated(scene.request.with { $0.flags = Datagram.ack }, port: out.sourcePort)
            #expect(try Self.collect(scene, after: 241) == 1)
        }
    }

    @Test(arguments: Scene.families)
    func `29: UDP lives for 120 seconds, answered for 300, and a ping for 60`(_ family: IPFamily) async throws {
        try await Scene.with(family) { scene in
            let datagram = scene.request.with { $0.kind = .udp }
            let start = try scene.world.clock()
            let out = try scene.isTranslated(datagram)
            try scene.isTranslated(scene.request.with { $0.kind = .echo })
            #expect(try Self.collect(scene, 59, after: start) == 0)
            #expect(try Self.collect(scene, after: 61) == 1, "the ping")
            try scene.isReversed(out.answered(), to: datagram)
            #expect(try Self.collect(scene, 299, after: start) == 0)
            #expect(try Self.collect(scene, after: 301) == 1)
        }
    }

    @Test(arguments: Scene.families)
    func `29: a packet between the two rounds saves its connection, from either side`(_ family: IPFamily) async throws {
        try await Scene.with(family) { scene in
            let out = try scene.isTranslated(scene.request)
            for isAnswer in [false, true] {
                let late = try scene.world.clock() + 243
                #expect(try scene.world.collect(at: late) == 0)
                if isAnswer {
                    try scene.isReversed(out.answered(), to: scene.request)
                } else {
                    try scene.isTranslated(scene.request.with { $0.flags = Datagram.ack }, port: out.sourcePort)
                }
                #expect(try scene.world.collect(at: late) == 0)
                #expect(try scene.forwardCount() == 1)
                // That round marked it again.
                try scene.isTranslated(scene.request.with { $0.flags = Datagram.ack }, port: out.sourcePort)
            }
        }
    }

    @Test(arguments: Scene.families)
    func `29: when a pod goes its connections go, and nobody else's`(_ family: IPFamily) async throws {
        try await Scene.with(family) { scene in
            try scene.isTunnelled(scene.fromPod)
            try scene.isTunnelled(scene.fromPod.with { $0.kind = .udp })
            try scene.world.execute(.forgetFlows(interfaceIndex: scene.world.podIndex))
            #expect(try scene.flows().count == 2)
            try scene.choose([])
            try scene.world.execute(.forgetFlows(interfaceIndex: scene.world.podIndex))
            #expect(try scene.flows().count == 1, "what it opened by TCP is remembered as lost")
            try scene.world.execute(.removePod(interfaceIndex: scene.world.podIndex))
            try scene.world.execute(.forgetFlows(interfaceIndex: scene.world.podIndex))
            #expect(try scene.flows() == [])
        }
    }

    @Test(arguments: Scene.families)
    func `30: a gateway that knows no connection chooses the same ports again, and takes none over long after it has its address`(
        _ family: IPFamily
    ) async throws {
        try await Scene.with(family) { scene in
            try scene.setEgress([scene.cast.egress], kept: 1...1)
            let all = (0..<20).map { number in scene.request.with { $0.sourcePort = 1000 + UInt16(number) } }
            let before = try all.map { try scene.isTranslated($0).sourcePort }
            try scene.loseTranslations()
            for sent in all { try scene.resets(scene.requestHook, sent.with { $0.flags = Datagram.ack }) }
            #expect(try all.map { try scene.isTranslated($0).sourcePort } == before)
        }
    }

    @Test(arguments: Scene.families)
    func `N4: 95 of 100 ports to one server are in use before a connection is refused`(_ family: IPFamily) async throws {
        try await Scene.with(family) { scene in
            let size = 2048
            try scene.setEntry(addresses: [scene.cast.egress], kept: 1...1, slice: 40960...(40960 + UInt16(size) - 1))
            var served = 0
            for frame in try Judge.series(scene.request, from: 20000, count: size) {
                guard try scene.world.verdict(scene.requestHook, frame) == World.Outcome.redirect else { break }
                served += 1
            }
            #expect(served * 100 >= size * 95, "\(served) of \(size)")
            let reverses = try scene.reverses()
            #expect(Set(reverses.map(\.egressPort)).count == served)
            let tries = try (0...256).map { try scene.world.connectionsMade(withTries: UInt32($0)) ?? 0 }
            #expect(tries.reduce(0, +) == UInt64(served))
            #expect(tries[1] > UInt64(size) * 4 / 10, "the first candidate is mostly free")
        }
    }
}
