import EgressModel
import TestKit
import TestRandom
import Testing

@Suite("There and back", .requires(.packet))
struct RoundTripTests {
    private func packet(_ random: inout SeededRandom, _ request: Packet) -> Packet {
        var packet = request
        packet.sourcePort = .random(in: 1...65535, using: &random)
        packet.destinationPort = .random(in: 1...65535, using: &random)
        packet.destination = IPAddress(ipv4: 0xC633_6400 | .random(in: 1...254, using: &random))
        packet.data = (0..<Int.random(in: 0...64, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
        packet.ttl = .random(in: 3...255, using: &random)
        packet.ipOptions = Bool.random(using: &random) ? [] : [1, 1, 1, 1]
        let kinds: [Packet.Payload] = [.tcp(flags: Packet.syn), .udp(), .udp(hasChecksum: false), .echoRequest]
        packet.payload = kinds.randomElement(using: &random) ?? .udp()
        return packet
    }

    /// The far end's answer with the same content: what came out, turned round.
    private func answer(to sent: Frame, _ original: Packet) -> Packet {
        var answer = original
        answer.source = sent.destination
        answer.destination = sent.source
        answer.sourcePort = original.protocolNumber == 1 ? sent.sourcePort : sent.destinationPort
        answer.destinationPort = sent.sourcePort
        if case .echoRequest = original.payload { answer.payload = .echoReply }
        return answer
    }

    @Test func `what comes back is what was sent, whatever it was`() async throws {
        try await World.with { world in
            try world.setEntry(kept: 60000...65535, slice: 60000...60511)
            var seen: [[UInt8]] = []
            for seed in UInt64(1)...500 {
                var random = SeededRandom(seed: seed)
                let sent = packet(&random, world.request)
                let out = try world.run(world.requestHook, sent)
                #expect(out.verdict == World.Outcome.redirect, "seed \(seed)")
                if case .udp(let hasChecksum) = sent.payload { #expect((out.frame.udpChecksum != 0) == hasChecksum, "seed \(seed)") }
                let reply = answer(to: out.frame, sent)
                let back = try world.run(.uplink, reply)
                var expected = reply
                expected.destination = sent.source
                expected.sourcePort = sent.protocolNumber == 1 ? sent.sourcePort : sent.destinationPort
                expected.destinationPort = sent.sourcePort
                #expect(
                    back.frame.withoutMACs() == Frame(bytes: Frame(bytes: expected.frame).withTTL(sent.ttl - 1)).withoutMACs(),
                    "seed \(seed)")
                seen += [out.bytes, back.bytes]
            }
            try #expect(Scapy.complaints(about: seen) == "")
        }
    }
}
