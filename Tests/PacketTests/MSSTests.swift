import TestKit
import Testing

@Suite("The MSS option", .requires(.packet))
struct MSSTests {
    private static let highest = [UInt8(2), 4, 0x05, 0xb4]
    private static let clamped = [UInt8(2), 4, 0x05, 0x82]

    private static let cases: [(options: [UInt8], expected: [UInt8])] = [
        (highest, clamped),
        ([2, 4, 0x04, 0xb0], [2, 4, 0x04, 0xb0]),
        ([1, 1, 1, 1], [1, 1, 1, 1]),
        ([1] + highest + [1, 1, 0], [1] + clamped + [1, 1, 0]),
        ([3, 3, 7] + highest + [0], [3, 3, 7] + clamped + [0]),
        ([0] + highest + [1, 1, 1], [0] + highest + [1, 1, 1]),
        ([2, 3, 5, 0xb4], [2, 3, 5, 0xb4]),
        ([9, 0] + highest + [1, 1], [9, 0] + highest + [1, 1]),
        ([9, 40] + highest + [1, 1], [9, 40] + highest + [1, 1]),
    ]

    @Test func `is lowered to what the tunnel carries, and nothing else is touched`() async throws {
        try await World.with { world in
            var seen: [[UInt8]] = []
            for (options, expected) in Self.cases {
                for ipOptions in [[], [UInt8](repeating: 1, count: 4)] {
                    var packet = world.fromPod
                    packet.payload = .tcp(flags: Packet.syn, options: options)
                    packet.ipOptions = ipOptions
                    let out = try world.run(.podSends, packet)
                    #expect(out.verdict == World.Outcome.redirect)
                    #expect(out.frame.tcpOptions == expected)
                    seen.append(out.bytes)
                }
            }
            try #expect(Scapy.complaints(about: seen) == "")
        }
    }

    @Test func `scapy complains about a wrong checksum`() async throws {
        var frame = Packet(source: Role.pod, destination: Role.server).frame
        try #expect(Scapy.complaints(about: [frame]) == "")
        frame[frame.count - 1] ^= 1
        try #expect(Scapy.complaints(about: [frame]).contains("L4 checksum"))
    }

    @Test func `data that looks like an option stays`() async throws {
        try await World.with { world in
            try world.run(.podSends, world.fromPod)
            var packet = world.fromPod
            packet.payload = .tcp(flags: Packet.ack, options: Self.highest)
            try #expect(world.run(.podSends, packet).frame.tcpOptions == Self.highest)
        }
    }

    @Test func `is lowered in the answer too`() async throws {
        try await World.with { world in
            let out = try world.run(world.requestHook, world.request)
            var answer = Packet(source: Role.server, destination: Role.egress, sourcePort: 443, destinationPort: out.frame.sourcePort)
            answer.payload = .tcp(flags: Packet.syn | Packet.ack, options: Self.highest)
            let back = try world.run(.uplink, answer)
            #expect(back.frame.tcpOptions == Self.clamped)
            try #expect(Scapy.complaints(about: [back.bytes]) == "")
        }
    }
}
