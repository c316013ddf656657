import CEgressABI
import EgressPlan
import TestKit
import Testing

@Suite("Collecting connections that timed out", .requires(.packet))
struct CollectorTests {
    private func answer(_ payload: Packet.Payload) -> Packet {
        Packet(source: Role.server, destination: Role.egress, sourcePort: 443, destinationPort: 40000, payload: payload)
    }

    /// Two rounds, as the helper does them.
    private func collect(_ world: World, _ seconds: UInt32) throws -> Int {
        let now = try world.clock() + seconds
        return try world.collect(at: now) + world.collect(at: now)
    }

    @Test func `a SYN alone goes after 240 seconds, in two rounds`() async throws {
        try await World.with { world in
            try world.run(world.requestHook, world.request)
            let now = try world.clock()
            try #expect(world.collect(at: now + 239) == 0)
            try #expect(world.forwardHalves().map(\.value.flags) == [0])
            try #expect(world.collect(at: now + 242) == 0)
            try #expect(world.forwardHalves().map(\.value.flags) == [UInt8(EGRESS_NAT_DYING.rawValue)])
            try #expect(world.collect(at: now + 242) == 1)
            try #expect(world.forwardHalves().isEmpty)
            try #expect(world.reverseHalves().isEmpty)
        }
    }

    @Test func `a packet between the rounds saves its connection`() async throws {
        try await World.with { world in
            try world.run(world.requestHook, world.request)
            let now = try world.clock()
            try world.collect(at: now + 242)
            var packet = world.request
            packet.payload = .tcp(flags: Packet.ack)
            try world.run(world.requestHook, packet)
            try #expect(world.forwardHalves().map(\.value.flags) == [0])
            try #expect(world.collect(at: now + 242) == 0)
            try #expect(world.forwardHalves().count == 1)
        }
    }

    @Test func `an answer between the rounds saves it too`() async throws {
        try await World.with { world in
            try world.run(world.requestHook, world.request)
            let now = try world.clock()
            try world.collect(at: now + 242)
            try world.run(.uplink, answer(.tcp(flags: Packet.syn | Packet.ack)))
            try #expect(world.collect(at: now + 242) == 0)
            try #expect(world.forwardHalves().count == 1)
        }
    }

    @Test func `an answered connection lives for 7440 seconds, a closed one for 120`() async throws {
        try await World.with { world in
            try world.run(world.requestHook, world.request)
            try world.run(.uplink, answer(.tcp(flags: Packet.syn | Packet.ack)))
            try #expect(collect(world, 7430) == 0)
            var packet = world.request
            packet.payload = .tcp(flags: Packet.fin | Packet.ack)
            try world.run(world.requestHook, packet)
            try #expect(collect(world, 7430) == 0)
            try world.run(.uplink, answer(.tcp(flags: Packet.fin | Packet.ack)))
            try #expect(collect(world, 110) == 0)
            try #expect(collect(world, 125) == 1)
        }
    }

    @Test func `UDP lives for 120 seconds, answered for 300, and a ping for 60`() async throws {
        try await World.with { world in
            var packet = world.request
            packet.payload = .udp()
            try world.run(world.requestHook, packet)
            packet.payload = .echoRequest
            try world.run(world.requestHook, packet)
            try #expect(collect(world, 55) == 0)
            try #expect(collect(world, 65) == 1)
            try world.run(.uplink, answer(.udp()))
            try #expect(collect(world, 290) == 0)
            try #expect(collect(world, 305) == 1)
        }
    }

    @Test func `a reverse half without a forward one goes`() async throws {
        try await World.with { world in
            try world.run(world.requestHook, world.request)
            try world.loseForwardHalves()
            try #expect(collect(world, 50) == 0)
            try #expect(collect(world, 65) == 1)
            try #expect(world.reverseHalves().isEmpty)
        }
    }

    @Test func `connections of the pods go likewise`() async throws {
        try await World.with { world in
            try world.run(.podSends, world.fromPod)
            try #expect(collect(world, 235) == 0)
            try #expect(collect(world, 245) == 1)
            try #expect(world.flows().isEmpty)
        }
    }

    @Test func `forgetting a pod's connections removes what its choices no longer allow`() async throws {
        try await World.with { world in
            try world.run(.podSends, world.fromPod)
            let call = Packet(source: Role.server, destination: Role.pod, sourcePort: 9, destinationPort: 80)
            try world.run(.podIsGiven, call)
            try world.execute(.forgetFlows(interfaceIndex: world.podIndex))
            try #expect(world.flows().count == 2)
            try world.choose([(21, Role.otherNode)])
            try world.execute(.forgetFlows(interfaceIndex: world.podIndex))
            try #expect(world.flows().count == 2)
            try #expect(
                world.flows().filter { $0.value.half.flags == UInt8(EGRESS_FLOW_LOST.rawValue) }.map(\.value.kind) == [
                    UInt8(EGRESS_FLOW_OUT.rawValue)
                ])
            try world.execute(.removePod(interfaceIndex: world.podIndex))
            try world.execute(.forgetFlows(interfaceIndex: world.podIndex))
            try #expect(world.flows().isEmpty)
        }
    }
}
