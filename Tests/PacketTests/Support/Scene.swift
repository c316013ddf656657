import EgressModel
import TestKit
import Testing

/// A ``World`` seen by one family: packets are described, expected packets too, and scapy builds both.
///
/// What a program gives back must be, octet by octet, what scapy builds from the expected description: every length and
/// checksum included. A drop must move exactly one counter, and its own.
final class Scene {
    let world: World
    let cast: Cast
    var family: IPFamily { cast.family }

    private init(_ world: World, _ cast: Cast) {
        (self.world, self.cast) = (world, cast)
    }

    static func with(_ family: IPFamily, _ body: @escaping @Sendable (Scene) throws -> Void) async throws {
        try Judge.start()
        try await World.with { world in
            try world.addIPv6()
            try body(Scene(world, Cast.of(family)))
        }
    }

    /// A SYN of this node's pod, which leaves by the other node.
    var fromPod: Datagram { Datagram(source: cast.pod, destination: cast.server) }
    /// A SYN of the other node's pod, as the tunnel brings it.
    var request: Datagram { Datagram(source: cast.remotePod, destination: cast.server, macs: Octets(Role.onWire(Role.token))) }
    var requestHook: World.Hook { world.requestHook }
    var replyHook: World.Hook { world.replyHook }

    @discardableResult
    func run(_ hook: World.Hook, _ sent: Datagram) throws -> World.Outcome { try world.run(hook, Judge.frame(sent)) }

    /// It goes on untouched, to whoever is next at the hook.
    func passes(
        _ hook: World.Hook, _ sent: Datagram, counting count: String? = nil, _ comment: Comment? = nil,
        at place: SourceLocation = #_sourceLocation
    ) throws {
        let frame = try Judge.frame(sent)
        let outcome = try world.run(hook, frame)
        let counts: [String: UInt64] = count.map { [$0: 1] } ?? [:]
        #expect(
            outcome == World.Outcome(verdict: World.Outcome.pass, bytes: frame, drops: [:], counts: counts), comment, sourceLocation: place)
    }

    /// It is dropped, and one counter moves.
    func drops(
        _ hook: World.Hook, _ sent: Datagram, _ reason: String, _ comment: Comment? = nil, at place: SourceLocation = #_sourceLocation
    ) throws {
        let outcome = try run(hook, sent)
        #expect(outcome.verdict == World.Outcome.shot, comment, sourceLocation: place)
        #expect(outcome.drops == [reason: 1], comment, sourceLocation: place)
        #expect(outcome.counts.isEmpty, comment, sourceLocation: place)
    }

    /// It is dropped, and the pod that opened the connection is told by a reset that its stack takes for the far end's.
    func resets(
        _ hook: World.Hook, _ sent: Datagram, _ comment: Comment? = nil, at place: SourceLocation = #_sourceLocation
    ) throws {
        let outcome = try run(hook, sent)
        #expect(outcome.verdict == World.Outcome.redirect, comment, sourceLocation: place)
        #expect(outcome.drops == ["no_flow": 1], comment, sourceLocation: place)
        #expect(outcome.counts == ["reset": 1], comment, sourceLocation: place)
        guard outcome.verdict == World.Outcome.redirect else { return }
        let reading = try Judge.read(outcome.bytes)
        #expect(reading.complaints == [], comment, sourceLocation: place)
        #expect(outcome.bytes.count == 14 + cast.headers, comment, sourceLocation: place)
        #expect(outcome.frame.source == sent.destination && outcome.frame.destination == sent.source, comment, sourceLocation: place)
        #expect(reading.sourcePort == sent.destinationPort && reading.destinationPort == sent.sourcePort, comment, sourceLocation: place)
        // What the judge builds has the sequence number 1 and acknowledges 2.
        let tcp = Array(outcome.bytes.suffix(20))
        let length = UInt16(sent.data.bytes.count + (sent.flags & Datagram.fin == 0 ? 0 : 1))
        let numbers = sent.flags & Datagram.ack == 0 ? [0, 0, 0, 0, 0, 0] + octets(1 + length) : [0, 0, 0, 2, 0, 0, 0, 0]
        #expect(Array(tcp[4..<12]) == numbers, comment, sourceLocation: place)
        #expect(tcp[13] == (sent.flags & Datagram.ack == 0 ? Datagram.rst | Datagram.ack : Datagram.rst), comment, sourceLocation: place)
        // A device that is to finish the checksum finds the same again.
        #expect(octets(checksum(tcp)) == Array(tcp[16..<18]), comment, sourceLocation: place)
    }

    /// It leaves as `expected`, by whatever MAC addresses.
    @discardableResult
    func leaves(
        _ hook: World.Hook, _ sent: Datagram, as expected: Datagram, counting counts: Set<String>, _ comment: Comment? = nil,
        at place: SourceLocation = #_sourceLocation
    ) throws -> World.Outcome {
        let frames = try Judge.frames([sent, expected])
        let outcome = try world.run(hook, frames[0])
        #expect(outcome.verdict == World.Outcome.redirect, "\(outcome.drops)", sourceLocation: place)
        #expect(outcome.counts == Dictionary(uniqueKeysWithValues: counts.map { ($0, 1) }), comment, sourceLocation: place)
        #expect(outcome.drops.isEmpty, comment, sourceLocation: place)
        #expect(
            Octets(outcome.frame.withoutMACs()).hexadecimal == Octets(Frame(bytes: frames[1]).withoutMACs()).hexadecimal, comment,
            sourceLocation: place)
        return outcome
    }

    /// It leaves through the tunnel: with the token, one hop less, and changed as `change` says.
    func isTunnelled(
        _ sent: Datagram, _ comment: Comment? = nil, at place: SourceLocation = #_sourceLocation,
        _ change: (inout Datagram) -> Void = { _ in }
    ) throws {
        let expected = sent.with { $0.hops -= 1 }.with(change)
        let outcome = try leaves(.podSends, sent, as: expected, counting: ["tunnelled"], comment, at: place)
        #expect(outcome.frame.macs == Role.onWire(Role.token), comment, sourceLocation: place)
    }

    /// It leaves by an egress IP; returns the description of what went out. Which port it has is the gateway's choice,
    /// unless `port` says.
    @discardableResult
    func isTranslated(
        _ sent: Datagram, by hook: World.Hook? = nil, to address: IPAddress? = nil, port: UInt16? = nil, _ comment: Comment? = nil,
        at place: SourceLocation = #_sourceLocation, _ change: (inout Datagram) -> Void = { _ in }
    ) throws -> Datagram {
        let outcome = try run(hook ?? requestHook, sent)
        #expect(outcome.verdict == World.Outcome.redirect, "\(outcome.drops)", sourceLocation: place)
        #expect(outcome.counts == ["translated": 1], comment, sourceLocation: place)
        guard outcome.verdict == World.Outcome.redirect else { throw TestKitError("\(sent) wasn't translated: \(outcome.drops)") }
        let reading = try Judge.read(outcome.bytes)
        #expect(reading.complaints == [], comment, sourceLocation: place)
        let expected = sent.with {
            $0.hops -= 1
            $0.source = address ?? cast.egress
            $0.sourcePort = port ?? reading.sourcePort
        }.with(change)
        let frame = try Judge.frame(expected)
        #expect(
            Octets(outcome.frame.withoutMACs()).hexadecimal == Octets(Frame(bytes: frame).withoutMACs()).hexadecimal, comment,
            sourceLocation: place)
        return expected
    }

    /// An answer to what went out as `out` comes back as one to `sent`; `isHere`: the pod is on this node.
    func isReversed(
        _ answer: Datagram, to sent: Datagram, isHere: Bool = false, _ comment: Comment? = nil,
        at place: SourceLocation = #_sourceLocation, _ change: (inout Datagram) -> Void = { _ in }
    ) throws {
        let expected = answer.with {
            $0.hops -= 1
            $0.destination = sent.source
            if sent.kind == .echo { $0.sourcePort = sent.sourcePort } else { $0.destinationPort = sent.sourcePort }
        }.with(change)
        let counts: Set<String> = isHere ? ["reversed", "delivered"] : ["reversed"]
        let outcome = try leaves(.uplink, answer, as: expected, counting: counts, comment, at: place)
        if !isHere { #expect(outcome.frame.macs == Role.onWire(Role.token), comment, sourceLocation: place) }
    }
}
