import CEgressABI
import TestKit
import Testing

@Suite("Connections that come in", .requires(.packet))
struct InboundTests {
    private func call(_ payload: Packet.Payload) -> Packet {
        Packet(source: Role.server, destination: Role.pod, sourcePort: 5555, destinationPort: 80, payload: payload)
    }

    private func answer(_ payload: Packet.Payload) -> Packet {
        Packet(source: Role.pod, destination: Role.server, sourcePort: 80, destinationPort: 5555, payload: payload)
    }

    @Test func `the answer to a connection that came in leaves the ordinary way`() async throws {
        try await World.with { world in
            let syn = call(.tcp(flags: Packet.syn))
            let given = try world.run(.podIsGiven, syn)
            #expect(given == World.Outcome(verdict: World.Outcome.pass, bytes: syn.frame, drops: [:], counts: [:]))
            for flags in [Packet.syn | Packet.ack, Packet.ack, Packet.fin | Packet.ack] {
                let packet = answer(.tcp(flags: flags))
                let out = try world.run(.podSends, packet)
                #expect(out == World.Outcome(verdict: World.Outcome.pass, bytes: packet.frame, drops: [:], counts: ["inbound": 1]))
            }
        }
    }

    @Test func `a SYN to the same peer leaves by the gateway`() async throws {
        try await World.with { world in
            try world.run(.podIsGiven, call(.tcp(flags: Packet.syn)))
            try #expect(world.run(.podSends, answer(.tcp(flags: Packet.syn))).verdict == World.Outcome.redirect)
            try #expect(world.flows().map(\.value.kind) == [UInt8(EGRESS_FLOW_OUT.rawValue)])
        }
    }

    @Test func `a UDP answer to a recorded request leaves the ordinary way`() async throws {
        try await World.with { world in
            try world.run(.podIsGiven, call(.udp()))
            try #expect(world.run(.podSends, answer(.udp())).counts == ["inbound": 1])
            var other = answer(.udp())
            other.destinationPort = 5556
            try #expect(world.run(.podSends, other).verdict == World.Outcome.redirect)
        }
    }

    @Test func `a ping is answered the ordinary way, and the pod's own leaves by the gateway`() async throws {
        try await World.with { world in
            var ping = call(.echoRequest)
            ping.sourcePort = 7
            var reply = answer(.echoReply)
            reply.sourcePort = 7
            try #expect(world.run(.podSends, reply).drops == ["protocol": 1])
            try world.run(.podIsGiven, ping)
            try #expect(world.run(.podSends, reply).counts == ["inbound": 1])
            var own = answer(.echoRequest)
            own.sourcePort = 7
            try #expect(world.run(.podSends, own).verdict == World.Outcome.redirect)
        }
    }

    @Test func `what continues a connection makes no record`() async throws {
        try await World.with { world in
            try world.run(.podIsGiven, call(.tcp(flags: Packet.ack)))
            try world.run(.podIsGiven, call(.tcp(flags: Packet.syn | Packet.ack)))
            try world.run(.podIsGiven, call(.echoReply))
            var inside = call(.tcp(flags: Packet.syn))
            inside.source = Role.otherPod
            try world.run(.podIsGiven, inside)
            try #expect(world.flows().isEmpty)
        }
    }

    @Test func `an answer keeps the pod's own record`() async throws {
        try await World.with { world in
            var packet = world.fromPod
            packet.payload = .udp()
            try world.run(.podSends, packet)
            var back = Packet(source: Role.server, destination: Role.pod, sourcePort: 443, destinationPort: 40000, payload: .udp())
            back.ttl = 10
            try world.run(.podIsGiven, back)
            let flows = try world.flows()
            #expect(flows.map(\.value.kind) == [UInt8(EGRESS_FLOW_OUT.rawValue)])
            #expect(flows.map(\.value.seen_in) == [UInt8(EGRESS_SEEN_REPLY.rawValue)])
        }
    }

    @Test func `a full table lets the packet in and counts it`() async throws {
        try await World.with { world in
            try world.fillFlows()
            let out = try world.run(.podIsGiven, call(.tcp(flags: Packet.syn)))
            #expect(out.verdict == World.Outcome.pass)
            #expect(out.counts == ["unrecorded": 1])
        }
    }
}
