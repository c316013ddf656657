import CEgressABI
import EgressModel
import EgressPlan
import TestKit
import Testing

@Suite("What the world sends to an egress IP", .requires(.packet))
struct UplinkTests {
    private func toEgress(_ payload: Packet.Payload, _ address: IPAddress = Role.egress, port: UInt16 = 40000) -> Packet {
        Packet(source: Role.server, destination: address, sourcePort: 443, destinationPort: port, payload: payload)
    }

    @Test func `an answer goes back through the tunnel to the pod's node`() async throws {
        try await World.with { world in
            let request = try world.run(world.requestHook, world.request)
            let out = try world.run(.uplink, toEgress(.tcp(flags: Packet.syn | Packet.ack), port: request.frame.sourcePort))
            #expect(out.verdict == World.Outcome.redirect)
            #expect(out.frame.destination == Role.remotePod)
            #expect(out.frame.destinationPort == 40000)
            #expect(out.frame.macs == Role.onWire(Role.token))
            #expect(out.frame.ttl == 63)
            #expect(out.counts == ["reversed": 1])
            try #expect(Scapy.complaints(about: [out.bytes]) == "")
            try world.execute(.removeEntry(id: Role.localEntry))
            try #expect(world.run(.uplink, toEgress(.tcp(flags: Packet.ack))).verdict == World.Outcome.redirect)
            try #expect(world.reverseHalves().map(\.value.seen) == [UInt8(EGRESS_SEEN_REPLY.rawValue)])
        }
    }

    @Test func `what nobody asked for is dropped at a dedicated address`() async throws {
        try await World.with { world in
            try world.run(world.requestHook, world.request)
            for payload in [Packet.Payload.tcp(flags: Packet.syn), .udp(), .echoReply, .icmp(type: 5), .other(47)] {
                try #expect(world.run(.uplink, toEgress(payload, port: 50000)).drops == ["unsolicited": 1], "\(payload)")
            }
            var otherPort = toEgress(.tcp(flags: Packet.ack))
            otherPort.sourcePort = 444
            try #expect(world.run(.uplink, otherPort).drops == ["unsolicited": 1])
            let ping = toEgress(.echoRequest)
            try #expect(world.run(.uplink, ping) == .init(verdict: World.Outcome.pass, bytes: ping.frame, drops: [:], counts: [:]))
        }
    }

    @Test func `at the node's own address it is the node's`() async throws {
        try await World.with { world in
            for payload in [Packet.Payload.tcp(flags: Packet.syn), .udp(), .echoReply, .echoRequest, .icmp(type: 3), .other(47)] {
                let packet = toEgress(payload, Role.sharedEgress)
                try #expect(world.run(.uplink, packet) == .init(verdict: World.Outcome.pass, bytes: packet.frame, drops: [:], counts: [:]))
            }
            var fragment = toEgress(.udp(), Role.sharedEgress)
            fragment.fragment = 0x2000
            try #expect(world.run(.uplink, fragment).verdict == World.Outcome.pass)
        }
    }

    @Test func `any other packet passes untouched`() async throws {
        try await World.with { world in
            let packet = toEgress(.tcp(flags: Packet.syn), Role.address(203, 0, 113, 11))
            try #expect(world.run(.uplink, packet) == .init(verdict: World.Outcome.pass, bytes: packet.frame, drops: [:], counts: [:]))
            let arp: [UInt8] = [UInt8](repeating: 0xff, count: 12) + [0x08, 0x06] + [UInt8](repeating: 0, count: 28)
            try #expect(world.run(.uplink, arp).verdict == World.Outcome.pass)
            let frame = packet.frame
            for length in 34..<frame.count {
                try #expect(world.run(.uplink, Array(frame[..<length])).verdict == World.Outcome.pass)
            }
        }
    }
}
