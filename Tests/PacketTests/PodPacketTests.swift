import CEgressABI
import EgressModel
import EgressPlan
import TestKit
import Testing

@Suite("What a pod sends", .requires(.packet))
struct PodPacketTests {
    @Test func `a SYN goes into the tunnel with the token and one hop less`() async throws {
        try await World.with { world in
            let packet = world.fromPod
            let out = try world.run(.podSends, packet)
            #expect(out.verdict == World.Outcome.redirect)
            #expect(out.frame.macs == Role.onWire(Role.token))
            #expect(out.frame.ttl == 63)
            #expect(out.frame.withoutMACs() == Frame(bytes: Frame(bytes: packet.frame).withTTL(63)).withoutMACs())
            #expect(out.counts == ["tunnelled": 1])
            #expect(out.drops.isEmpty)
            let flows = try world.flows()
            #expect(flows.count == 1)
            #expect(flows.first?.value.entry == Role.remoteEntry)
            #expect(flows.first?.value.kind == UInt8(EGRESS_FLOW_OUT.rawValue))
            try #expect(Scapy.complaints(about: [out.bytes]) == "")
        }
    }

    @Test(arguments: ["10.1.4.4", "10.96.0.10", "172.18.0.1", "169.254.1.1", "224.0.0.5", "255.255.255.255"])
    func `what is in the cluster passes untouched`(_ destination: String) async throws {
        try await World.with { world in
            var packet = world.fromPod
            packet.destination = try #require(.init(destination))
            let out = try world.run(.podSends, packet)
            #expect(out == World.Outcome(verdict: World.Outcome.pass, bytes: packet.frame, drops: [:], counts: [:]))
        }
    }

    @Test func `the longest prefix decides, an exclusion too`() async throws {
        try await World.with { world in
            try world.addRule("198.51.100.0/24", .gateway, policy: 2)
            try world.choose([(19, Role.otherNode)], policy: 2)
            try world.addRule("198.51.100.9/32", .exclude, policy: 2)
            var packet = world.fromPod
            let excluded = try world.run(.podSends, packet)
            #expect(excluded.verdict == World.Outcome.pass)
            #expect(excluded.bytes == packet.frame)
            #expect(excluded.counts == ["excluded": 1])
            packet.destination = Role.otherServer
            try #expect(world.run(.podSends, packet).verdict == World.Outcome.redirect)
            try #expect(world.flows().map(\.value.entry) == [19])
            packet.destination = Role.address(192, 0, 2, 1)
            try #expect(world.run(.podSends, packet).verdict == World.Outcome.redirect)
            let entries = try world.flows().map(\.value.entry)
            #expect(entries.sorted() == [Role.remoteEntry, 19])
        }
    }

    @Test func `what no rule claims passes`() async throws {
        try await World.with { world in
            try world.execute(
                .setPod(interfaceIndex: world.podIndex, .init(ipv4: Role.pod, ipv6: nil, set: 99, deliverIndex: world.podIndex)))
            let out = try world.run(.podSends, world.fromPod)
            #expect(out == World.Outcome(verdict: World.Outcome.pass, bytes: world.fromPod.frame, drops: [:], counts: [:]))
        }
    }

    @Test func `a rule that drops gives its own reason`() async throws {
        try await World.with { world in
            try world.addRule("198.51.100.0/24", .drop(UInt8(EGRESS_DROP_NOT_ANNOUNCED.rawValue)))
            let out = try world.run(.podSends, world.fromPod)
            #expect(out.verdict == World.Outcome.shot)
            #expect(out.drops == ["not_announced": 1])
        }
    }

    @Test func `without a healthy gateway it drops, or passes where the policy says so`() async throws {
        try await World.with { world in
            try world.execute(.setGateway(Role.otherNode, .init(place: .remote, isHealthy: false)))
            let dropped = try world.run(.podSends, world.fromPod)
            #expect(dropped.verdict == World.Outcome.shot)
            #expect(dropped.drops == ["no_gateway": 1])
            try world.choose([(Role.remoteEntry, Role.otherNode)], onNoGateway: .bypass)
            let bypassed = try world.run(.podSends, world.fromPod)
            #expect(bypassed.verdict == World.Outcome.pass)
            #expect(bypassed.bytes == world.fromPod.frame)
            #expect(bypassed.counts == ["bypassed": 1])
            try #expect(world.flows().isEmpty)
        }
    }

    @Test func `the next healthy gateway is taken`() async throws {
        try await World.with { world in
            let third = Role.address(172, 18, 0, 4)
            try world.execute(.setGateway(Role.otherNode, .init(place: .remote, isHealthy: false)))
            try world.execute(.setGateway(third, .init(place: .remote)))
            try world.choose([(Role.remoteEntry, Role.otherNode), (21, third)])
            try #expect(world.run(.podSends, world.fromPod).verdict == World.Outcome.redirect)
            try #expect(world.flows().map(\.value.entry) == [21])
        }
    }

    @Test func `a program without a record drops`() async throws {
        try await World.with { world in
            try world.execute(.removePod(interfaceIndex: world.podIndex))
            try #expect(world.run(.podSends, world.fromPod).drops == ["no_record": 1])
            var inside = world.fromPod
            inside.destination = Role.otherPod
            try #expect(world.run(.podSends, inside).verdict == World.Outcome.pass)
        }
    }

    @Test func `another source than the pod's is dropped`() async throws {
        try await World.with { world in
            var packet = world.fromPod
            packet.source = Role.otherPod
            try #expect(world.run(.podSends, packet).drops == ["spoofed": 1])
        }
    }

    @Test(arguments: [UInt8(47), 50, 132])
    func `another protocol is dropped, never let go`(_ number: UInt8) async throws {
        try await World.with { world in
            var packet = world.fromPod
            packet.payload = .other(number)
            let out = try world.run(.podSends, packet)
            #expect(out.verdict == World.Outcome.shot)
            #expect(out.drops == ["protocol": 1])
        }
    }

    @Test func `the last hop is not passed on`() async throws {
        try await World.with { world in
            var packet = world.fromPod
            packet.ttl = 1
            try #expect(world.run(.podSends, packet).drops == ["ttl": 1])
            packet.ttl = 2
            try #expect(world.run(.podSends, packet).frame.ttl == 1)
            packet.ttl = 1
            packet.payload = .tcp(flags: Packet.ack)
            try #expect(world.run(.podSends, packet).drops == ["ttl": 1])
        }
    }

    @Test func `TCP without a record is dropped unless it opens a connection`() async throws {
        try await World.with { world in
            for flags in [Packet.ack, Packet.syn | Packet.ack, Packet.fin | Packet.ack, Packet.rst, 0] {
                var packet = world.fromPod
                packet.payload = .tcp(flags: flags)
                try #expect(world.run(.podSends, packet).drops == ["no_flow": 1], "flags \(flags)")
            }
            try #expect(world.flows().isEmpty)
            try #expect(world.run(.podSends, world.fromPod).verdict == World.Outcome.redirect)
            var packet = world.fromPod
            packet.payload = .tcp(flags: Packet.ack)
            try #expect(world.run(.podSends, packet).verdict == World.Outcome.redirect)
        }
    }

    @Test func `a living connection stays with its gateway`() async throws {
        try await World.with { world in
            try world.run(.podSends, world.fromPod)
            try world.execute(.setGateway(Role.otherNode, .init(place: .remote, isHealthy: false)))
            var packet = world.fromPod
            packet.payload = .tcp(flags: Packet.ack)
            try #expect(world.run(.podSends, packet).verdict == World.Outcome.redirect)
            try world.execute(.removeGateway(Role.otherNode))
            try #expect(world.run(.podSends, packet).drops == ["no_gateway": 1])
        }
    }

    @Test func `a full table refuses the new connection and keeps the old`() async throws {
        try await World.with { world in
            try world.run(.podSends, world.fromPod)
            try world.fillFlows()
            var packet = world.fromPod
            packet.sourcePort = 40001
            try #expect(world.run(.podSends, packet).drops == ["flows_full": 1])
            packet = world.fromPod
            packet.payload = .tcp(flags: Packet.ack)
            try #expect(world.run(.podSends, packet).verdict == World.Outcome.redirect)
        }
    }

    @Test func `malformed packets are dropped, and nothing crashes`() async throws {
        try await World.with { world in
            let frame = world.fromPod.frame
            for length in 34..<frame.count {
                let out = try world.run(.podSends, Array(frame[..<length]))
                #expect(out.drops == ["malformed": 1], "length \(length)")
            }
            var lies = frame
            lies[14] = 0x44
            try #expect(world.run(.podSends, lies).drops == ["malformed": 1])
            lies = frame
            lies[14 + 20 + 12] = 0x10
            try #expect(world.run(.podSends, lies).drops == ["malformed": 1])
        }
    }
}
