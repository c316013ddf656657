import CEgressABI
import EgressModel
import EgressPlan
import TestKit
import Testing

@Suite("Steering by the stack", .requires(.packet))
struct StackTests {
    private static let mark = SteeringMark.standard

    private static func steer(_ world: World, by steering: Steering) throws {
        try world.execute(
            .setPod(
                interfaceIndex: world.podIndex,
                PodRecord(ipv4: Role.pod, ipv6: nil, set: Role.set, deliverIndex: world.podIndex, steering: steering)))
    }

    /// The packet as forwarding gives it to the tunnel device.
    private static func forwarded(_ frame: [UInt8]) -> [UInt8] { Frame(bytes: Frame(bytes: frame).withTTL(63)).bytes }

    private static let answer = Packet(
        source: Role.server, destination: Role.pod, sourcePort: 443, destinationPort: 40000, payload: .tcp(flags: Packet.syn | Packet.ack))

    @Test func `a pod's packet is marked and passes as it is; its connection is recorded`() async throws {
        try await World.with { world in
            try Self.steer(world, by: .stack)
            world.mark = 0x40
            let packet = world.fromPod
            let out = try world.run(.podSends, packet)
            #expect(out.verdict == World.Outcome.pass)
            #expect(out.frame.ttl == 64)
            #expect(out.counts == ["stacked": 1] && out.drops.isEmpty)
            #expect(world.mark == Self.mark | 0x40, "nobody else's bits change")
            #expect(try world.flows().map(\.value.entry) == [Role.remoteEntry])
            #expect(try world.flows().map(\.value.half.flags) == [0], "answers don't go by the stack before a packet did")
        }
    }

    @Test func `what was forwarded goes into the tunnel with one hop less, without the mark`() async throws {
        try await World.with { world in
            try Self.steer(world, by: .stack)
            let packet = world.fromPod
            try world.run(.podSends, packet)
            world.mark = Self.mark | 0x50000
            let out = try world.run(.stack, Self.forwarded(packet.frame))
            #expect(out.verdict == World.Outcome.redirect)
            #expect(out.frame.macs == Role.onWire(Role.token))
            #expect(out.frame.ttl == 63)
            #expect(out.counts == ["tunnelled": 1] && out.drops.isEmpty)
            #expect(world.mark == 0x50000)
            #expect(try world.flows().map(\.value.half.flags) == [UInt8(EGRESS_FLOW_STACK.rawValue)])
            try #expect(Scapy.complaints(about: [out.bytes]) == "")
        }
    }

    @Test func `a connection of an ordinary packet asks each time, and passes FORWARD by never`() async throws {
        try await World.with { world in
            try world.run(.podSends, world.fromPod)
            var packet = world.fromPod
            packet.payload = .tcp(flags: Packet.ack)
            #expect(try world.run(.podSends, packet).verdict == World.Outcome.redirect)
            try Self.steer(world, by: .stack)
            for _ in 0..<3 {
                world.mark = 0
                #expect(try world.run(.podSends, packet).counts == ["stacked": 1], "also when FORWARD dropped the one before")
                #expect(world.mark == Self.mark)
            }
            try Self.steer(world, by: .redirect)
            world.mark = 0
            #expect(try world.run(.podSends, packet).counts == ["tunnelled": 1])
            #expect(world.mark == 0)
        }
    }

    @Test func `an answer goes by the way of the pod's last packet`() async throws {
        try await World.with { world in
            try Self.steer(world, by: .stack)
            try world.run(.podSends, world.fromPod)
            world.mark = Self.mark
            try world.run(.stack, Self.forwarded(world.fromPod.frame))
            var answer = Self.answer
            answer.macs = Role.onWire(Role.token)
            let stacked = try world.run(world.replyHook, answer)
            #expect(stacked.verdict == World.Outcome.pass)
            #expect(stacked.frame.ttl == 64, "forwarding takes the hop")
            #expect(stacked.counts == ["delivered": 1])

            try Self.steer(world, by: .redirect)
            #expect(try world.run(world.replyHook, answer).verdict == World.Outcome.pass, "the pod sent nothing since")
            var packet = world.fromPod
            packet.payload = .tcp(flags: Packet.ack)
            try world.run(.podSends, packet)
            let redirected = try world.run(world.replyHook, answer)
            #expect(redirected.verdict == World.Outcome.redirect)
            #expect(redirected.frame.ttl == 63)
        }
    }

    @Test func `a gateway here translates what was forwarded, and answers pass to the stack`() async throws {
        try await World.with { world in
            try Self.steer(world, by: .stack)
            try world.choose([(Role.localEntry, Role.thisNode)])
            try world.run(.podSends, world.fromPod)
            #expect(try world.flows().isEmpty && world.reverseHalves().isEmpty, "nothing is claimed before FORWARD let it pass")
            world.mark = Self.mark
            let out = try world.run(.stack, Self.forwarded(world.fromPod.frame))
            #expect(out.verdict == World.Outcome.redirect)
            #expect(out.frame.ttl == 63, "one hop, not two")
            #expect(out.counts == ["translated": 1] && out.drops.isEmpty)
            #expect(try world.flows().map(\.value.ifindex) == [UInt32(world.podIndex)])
            #expect(try world.reverseHalves().map(\.value.ifindex) == [UInt32(world.podIndex)])
            let sent = out.frame
            #expect(sent.source == Role.egress)
            var answer = Self.answer
            answer.destination = Role.egress
            let back = try world.run(.uplink, answer)
            #expect(back.verdict == World.Outcome.pass)
            #expect(back.frame.destination == Role.pod)
            #expect(back.frame.ttl == 64)
            try #expect(Scapy.complaints(about: [out.bytes, back.bytes]) == "")
        }
    }

    @Test func `what bears the mark and is no pod's packet is dropped; what doesn't is not ours`() async throws {
        try await World.with { world in
            try Self.steer(world, by: .stack)
            var stranger = world.fromPod
            stranger.source = Role.otherPod
            world.mark = Self.mark
            #expect(try world.run(.stack, stranger).drops == ["stack": 1])
            world.mark = 0
            #expect(try world.run(.stack, stranger).verdict == World.Outcome.pass)
            var continuing = world.fromPod
            continuing.payload = .tcp(flags: Packet.ack)
            world.mark = Self.mark
            #expect(try world.run(.stack, continuing).drops == ["no_flow": 1])
            var inside = world.fromPod
            inside.destination = Role.address(10, 1, 4, 4)
            world.mark = Self.mark
            #expect(try world.run(.stack, inside).drops == ["stack": 1])
        }
    }

    @Test func `without a mark in the settings nothing goes by the stack, and nothing gets past it`() async throws {
        try await World.with { world in
            try Self.steer(world, by: .stack)
            try world.execute(
                .setSettings(DatapathSettings(tunnelIndex: world.tunnelIndex, nodeAddress: Role.thisNode, tunnelMTU: Role.tunnelMTU)))
            #expect(try world.run(.podSends, world.fromPod).drops == ["stack": 1])
        }
    }
}
