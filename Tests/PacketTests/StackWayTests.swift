import EgressModel
import EgressPlan
import EgressPorts
import TestKit
import Testing

@testable import BPFDatapath

/// ICMP errors, fragments and sizes of a pod that the stack steers: nothing of its connections passes FORWARD by.
@Suite("The way of the stack", .requires(.packet))
struct StackWayTests {
    private static let mark = SteeringMark.standard
    private static let places = [true, false]

    private static func with(_ family: IPFamily, isHere: Bool, _ body: @escaping @Sendable (Scene) throws -> Void) async throws {
        try await Scene.with(family) { scene in
            try Self.steer(scene, by: .stack)
            if isHere { try scene.choose([(Role.localEntry, Role.thisNode)]) }
            try body(scene)
        }
    }

    private static func steer(_ scene: Scene, by steering: Steering) throws {
        let index = scene.world.podIndex
        let record = PodRecord(
            ipv4: Role.pod, ipv6: try Cast.of(.ipv6).pod, set: Role.set, deliverIndex: index, steering: steering)
        try scene.world.execute(.setPod(interfaceIndex: index, record))
    }

    /// What the pod sends is marked and otherwise untouched; forwarding hands it on with one hop less. Returns that.
    private static func forwarded(_ scene: Scene, _ sent: Datagram, at place: SourceLocation = #_sourceLocation) throws -> Datagram {
        scene.world.mark = 0
        try scene.passes(.podSends, sent, counting: "stacked", "\(sent.kind)", at: place)
        #expect(scene.world.mark == mark, "\(sent.kind)", sourceLocation: place)
        return sent.with { $0.hops -= 1 }
    }

    /// What is sent leaves through the tunnel, or by the egress IP; returns what left.
    @discardableResult
    private static func leaves(
        _ scene: Scene, _ sent: Datagram, isHere: Bool, at place: SourceLocation = #_sourceLocation
    ) throws -> Datagram {
        let forwarded = try forwarded(scene, sent, at: place)
        if !isHere {
            try scene.leaves(.stack, forwarded, as: forwarded, counting: ["tunnelled"], "\(sent.kind)", at: place)
            return forwarded
        }
        let out = try scene.isTranslated(forwarded, by: .stack, "\(sent.kind)", at: place) { $0.hops += 1 }
        #expect(scene.world.mark & mark == 0, sourceLocation: place)
        return out
    }

    /// It passes to the stack, changed as `expected` says, with all of its hops: forwarding takes one.
    private static func isHandedOn(
        _ scene: Scene, _ hook: World.Hook, _ packet: Datagram, as expected: Datagram, counting counts: Set<String>,
        at place: SourceLocation = #_sourceLocation
    ) throws {
        let frames = try Judge.frames([packet, expected])
        let outcome = try scene.world.run(hook, frames[0])
        #expect(outcome.verdict == World.Outcome.pass, "\(packet.kind): \(outcome.drops)", sourceLocation: place)
        #expect(outcome.counts == Dictionary(uniqueKeysWithValues: counts.map { ($0, 1) }), sourceLocation: place)
        #expect(
            Octets(outcome.frame.withoutMACs()).hexadecimal == Octets(Frame(bytes: frames[1]).withoutMACs()).hexadecimal, "\(packet.kind)",
            sourceLocation: place)
    }

    @Test(arguments: Scene.families, places)
    func `what a pod says about an answer goes by FORWARD as the connection does`(_ family: IPFamily, _ isHere: Bool) async throws {
        try await Self.with(family, isHere: isHere) { scene in
            for (number, kind) in scene.kinds(scene.fromPod).enumerated() {
                let sent = kind.with { $0.sourcePort += UInt16(number) }
                let error = sent.answered().error(.unreachable(family), from: scene.cast.pod)
                scene.world.mark = 0
                try scene.drops(.podSends, error, "icmp_error", "\(sent.kind): nothing was answered")
                let out = try Self.leaves(scene, sent, isHere: isHere)
                let before = try scene.translationOctets()
                for kind in ErrorKind.all(family) {
                    let error = error.with { ($0.type, $0.code, $0.rest) = (kind.type, kind.code, kind.rest) }
                    let forwarded = try Self.forwarded(scene, error)
                    let expected = forwarded.with {
                        guard isHere else { return }
                        $0.source = scene.cast.egress
                        $0.quotes = [out.answered { $0.hops = sent.hops }]
                    }
                    try scene.leaves(.stack, forwarded, as: expected, counting: [isHere ? "translated" : "tunnelled"], "\(sent.kind)")
                    #expect(scene.world.mark == (isHere ? 0x63 : 0))
                }
                #expect(try scene.translationOctets() == before)
                // What FORWARD let pass is asked again.
                scene.world.mark = Self.mark
                try scene.drops(.stack, error.with { $0.destination = scene.cast.otherServer }, "icmp_error")
                scene.world.mark = Self.mark
                try scene.drops(.stack, error.with { $0.source = scene.cast.otherPod }, "stack")
            }
        }
    }

    @Test(arguments: Scene.families, places)
    func `an error about what the pod sent is handed to FORWARD, once the connection went by it`(
        _ family: IPFamily, _ isHere: Bool
    ) async throws {
        try await Self.with(family, isHere: isHere) { scene in
            for (number, kind) in scene.kinds(scene.fromPod).enumerated() {
                let sent = kind.with { $0.sourcePort += UInt16(number) }
                let out = try Self.leaves(scene, sent, isHere: isHere)
                for kind in ErrorKind.all(family) {
                    var error = (isHere ? out : sent).error(kind, from: scene.cast.hop)
                    let given = error.with {
                        $0.destination = scene.cast.pod
                        // The far end had it with one hop less, and that is what it quotes.
                        if isHere { $0.quotes = [sent.with { $0.hops = out.hops }] }
                    }
                    if !isHere { error.macs = Octets(Role.onWire(Role.token)) }
                    let counts: Set<String> = isHere ? ["reversed", "delivered"] : ["delivered"]
                    try Self.isHandedOn(scene, isHere ? .uplink : scene.replyHook, error, as: given, counting: counts)
                }
                // By redirect again: straight to the pod.
                try Self.steer(scene, by: .redirect)
                scene.world.mark = 0
                let next = sent.with { if $0.kind == .tcp { $0.flags = Datagram.ack } }
                #expect(try scene.run(.podSends, next).verdict == World.Outcome.redirect, "\(sent.kind)")
                let error = (isHere ? out : sent).error(.unreachable(family), from: scene.cast.hop).with {
                    $0.macs = Octets(Role.onWire(Role.token))
                }
                #expect(try scene.run(isHere ? .uplink : scene.replyHook, error).verdict == World.Outcome.redirect, "\(sent.kind)")
                try Self.steer(scene, by: .stack)
            }
        }
    }

    @Test(arguments: Scene.families, places)
    func `all fragments of a connection's first packet pass to FORWARD, and leave in their order`(
        _ family: IPFamily, _ isHere: Bool
    ) async throws {
        try await Self.with(family, isHere: isHere) { scene in
            let whole = scene.fromPod.with {
                ($0.kind, $0.isWhole) = (.udp, false)
                $0.data = Octets((0..<3000).map { UInt8(truncatingIfNeeded: $0 &* 7) })
            }
            for kind in [whole, whole.with { $0.kind = .echo }] {
                let cuts: [(Int, Int?)] = [(0, 1024), (1024, 2048), (2048, nil)]
                let pieces = cuts.map { cut in kind.with { $0.fragment = .init(id: 77, from: cut.0, to: cut.1) } }
                // Tracking holds them back until it has all: nothing of the connection is recorded before the last is here.
                let forwarded = try pieces.map { try Self.forwarded(scene, $0) }
                for (piece, sent) in zip(forwarded, pieces) {
                    scene.world.mark = Self.mark
                    let expected = piece.with { if isHere { $0.source = scene.cast.egress } }
                    try scene.leaves(.stack, piece, as: expected, counting: [isHere ? "translated" : "tunnelled"])
                    var answer = expected.answered { if !isHere { $0.macs = Octets(Role.onWire(Role.token)) } }
                    answer.hops = 60
                    let given = sent.answered { $0.hops = 60 }
                    let counts: Set<String> = isHere ? ["reversed", "delivered"] : ["delivered"]
                    try Self.isHandedOn(scene, isHere ? .uplink : scene.replyHook, answer, as: given, counting: counts)
                }
                let late = pieces[1].with { $0.fragment = .init(id: 78, from: 1024, to: 2048) }
                scene.world.mark = Self.mark
                try scene.drops(.stack, late, "first_fragment")
            }
        }
    }

    @Test(arguments: Scene.families, places)
    func `a pod is told how much the tunnel takes before FORWARD, wherever its gateway is`(
        _ family: IPFamily, _ isHere: Bool
    ) async throws {
        try await Self.with(family, isHere: isHere) { scene in
            let most = Role.tunnelMTU
            _ = try Self.forwarded(scene, Self.large(scene.fromPod, most))
            let sent = Self.large(scene.fromPod, most + 1)
            try scene.answers(.podSends, sent, by: Self.answer(sent, mtu: most), counting: ["too_big_answered"])
            guard family == .ipv4 else { return }
            _ = try Self.forwarded(scene, sent.with { $0.isWhole = false })
        }
    }

    @Test(arguments: Scene.families)
    func `what is too large for the gateway's own route is told to the pod, not to the tunnel`(_ family: IPFamily) async throws {
        try await Self.with(family, isHere: true) { scene in
            let lower = "route replace \(scene.cast.server) via \(scene.cast.router) dev up0 mtu lock 1400\n"
            try Command.run(["ip", family == .ipv4 ? "-4" : "-6", "-batch", "-"], input: lower)
            try Self.leaves(scene, Self.large(scene.fromPod, 1400), isHere: true)
            let sent = Self.large(scene.fromPod, 1401)
            let forwarded = try Self.forwarded(scene, sent)
            let outcome = try scene.answers(.stack, forwarded, by: Self.answer(sent, mtu: 1400), counting: ["too_big_answered"])
            #expect(outcome.verdict == World.Outcome.redirect)
        }
    }

    @Test(arguments: places)
    func `a connection is told once, though both programs decide about its first packet and it is sent again`(_ isHere: Bool) async throws {
        try await Self.with(.ipv4, isHere: isHere) { scene in
            let heard = SightTests.Heard()
            let watch = try scene.world.datapath.watchEvents(heard.take)
            defer { watch.end() }
            for _ in 0..<2 { try Self.leaves(scene, scene.fromPod, isHere: isHere) }
            // A watch tells in order: what is dropped ends what is waited for.
            scene.world.mark = 0
            try scene.drops(.podSends, scene.fromPod.with { ($0.flags, $0.destinationPort) = (Datagram.ack, 444) }, "no_flow")
            _ = heard.wait(2)
            #expect(heard.all.map(\.kind) == [.opened, .dropped], "\(heard.all)")
        }
    }

    @Test(arguments: Scene.families)
    func `what is dropped behind FORWARD is told of its pod and policy`(_ family: IPFamily) async throws {
        try await Self.with(family, isHere: true) { scene in
            let heard = SightTests.Heard()
            let watch = try scene.world.datapath.watchEvents(heard.take)
            defer { watch.end() }
            let forwarded = try Self.forwarded(scene, scene.fromPod)
            try scene.setEntry(addresses: [])
            try scene.drops(.stack, forwarded, "no_egress_ip")
            scene.world.mark = Self.mark
            try scene.drops(.stack, forwarded.with { $0.source = scene.cast.otherPod }, "stack")
            let told = heard.wait(2)
            #expect(told.map(\.interfaceIndex) == [scene.world.podIndex, 0], "\(told)")
            #expect(told.map(\.policy) == [Role.policy, 0] && told.first?.source?.address == scene.cast.pod)
        }
    }

    /// UDP that is an IP packet of `length` octets.
    private static func large(_ packet: Datagram, _ length: Int) -> Datagram {
        packet.with {
            $0.kind = .udp
            $0.data = Octets((0..<(length - (packet.source.family == .ipv4 ? 28 : 48))).map { UInt8(truncatingIfNeeded: $0) })
        }
    }

    private static func answer(_ packet: Datagram, mtu: Int) -> Datagram {
        let family = packet.source.family
        return packet.error(.tooBig(family, mtu), from: packet.destination, quoting: family == .ipv4 ? 548 : 1232).with {
            if family == .ipv4 { $0.tos = 0xc0 }
        }
    }
}
