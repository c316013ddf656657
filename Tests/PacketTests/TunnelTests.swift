import CEgressABI
import EgressModel
import EgressPlan
import TestKit
import Testing

@Suite("The tunnel is not a door", .requires(.packet))
struct TunnelTests {
    @Test func `without a token of the cluster nothing enters`() async throws {
        try await World.with { world in
            var packet = world.request
            packet.macs = Role.onWire([UInt8](repeating: 9, count: 12))
            try #expect(world.run(world.requestHook, packet).drops == ["token": 1])
            packet.macs = Role.onWire(Role.token)
            packet.macs[11] ^= 1
            try #expect(world.run(world.requestHook, packet).drops == ["token": 1])
            packet.macs = Role.onWire(Role.olderToken)
            try #expect(world.run(world.requestHook, packet).verdict == World.Outcome.redirect)
            try world.execute(.setSettings(.init(tunnelIndex: world.tunnelIndex, nodeAddress: Role.thisNode, tunnelMTU: 1450, tokens: [])))
            packet.macs = Role.onWire([UInt8](repeating: 0, count: 12))
            try #expect(world.run(world.requestHook, packet).drops == ["token": 1])
            try #expect(world.run(.podSends, world.fromPod).drops == ["tunnel": 1])
        }
    }

    @Test func `each thing that isn't right has its reason`() async throws {
        try await World.with { world in
            let stranger = Role.address(172, 18, 0, 99)
            try #expect(world.run(.tunnel(vni: Role.localEntry, from: stranger), world.request).drops == ["outer_source": 1])
            try #expect(world.run(.tunnel(vni: 99, from: Role.otherNode), world.request).drops == ["no_entry": 1])
            try #expect(world.run(.tunnel(vni: 0, from: Role.otherNode), world.request).drops == ["no_entry": 1])
            let probe = EGRESS_VNI_PROBE | Role.localEntry
            try #expect(world.run(.tunnel(vni: probe, from: Role.otherNode), world.request).drops == ["probe": 1])
            var packet = world.request
            packet.source = Role.address(10, 1, 2, 9)
            try #expect(world.run(world.requestHook, packet).drops == ["inner_source": 1])
            packet = world.request
            packet.destination = Role.otherPod
            try #expect(world.run(world.requestHook, packet).drops == ["destination": 1])
            packet = world.request
            packet.payload = .other(47)
            try #expect(world.run(world.requestHook, packet).drops == ["protocol": 1])
            packet.payload = .icmp(type: 5)
            try #expect(world.run(world.requestHook, packet).drops == ["protocol": 1])
            packet = world.request
            packet.ttl = 1
            try #expect(world.run(world.requestHook, packet).drops == ["ttl": 1])
            try #expect(world.reverseHalves().isEmpty)
        }
    }

    @Test func `only the entry's own destinations are served`() async throws {
        try await World.with { world in
            try world.addRule("198.51.100.0/24", .gateway, set: 50)
            try world.addRule("198.51.100.10/32", .exclude, set: 50)
            try world.execute(
                .setEntry(
                    id: 6,
                    EntryRecord(
                        egressIPv4: [Role.egress], set: 50, interfaceIndex: nil, policy: 1, keptPorts: 1024...65535,
                        portSlice: 32768...65535,
                        isShared: false)))
            let hook = World.Hook.tunnel(vni: 6, from: Role.otherNode)
            var packet = world.request
            try #expect(world.run(hook, packet).verdict == World.Outcome.redirect)
            packet.destination = Role.otherServer
            try #expect(world.run(hook, packet).drops == ["destination": 1])
            packet.destination = Role.address(192, 0, 2, 1)
            try #expect(world.run(hook, packet).drops == ["destination": 1])
        }
    }

    @Test func `a reply reaches the pod only onto a connection that it opened`() async throws {
        try await World.with { world in
            var reply = Packet(
                source: Role.server, destination: Role.pod, sourcePort: 443, destinationPort: 40000,
                payload: .tcp(flags: Packet.syn | Packet.ack), macs: Role.onWire(Role.token))
            try #expect(world.run(world.replyHook, reply).drops == ["reply_unknown": 1])
            try world.run(.podSends, world.fromPod)
            let out = try world.run(world.replyHook, reply)
            #expect(out.verdict == World.Outcome.redirect)
            #expect(out.frame.ttl == 63)
            #expect(out.counts == ["delivered": 1])
            try #expect(Scapy.complaints(about: [out.bytes]) == "")
            try #expect(world.flows().map(\.value.seen_in) == [UInt8(EGRESS_SEEN_REPLY.rawValue)])

            let otherEntry = World.Hook.tunnel(vni: EGRESS_VNI_REPLY | 18, from: Role.otherNode)
            try #expect(world.run(otherEntry, reply).drops == ["reply_unknown": 1])
            try world.execute(.setNode(Role.address(172, 18, 0, 4), NodeRecord()))
            let otherGateway = World.Hook.tunnel(vni: EGRESS_VNI_REPLY | Role.remoteEntry, from: Role.address(172, 18, 0, 4))
            try #expect(world.run(otherGateway, reply).drops == ["reply_unknown": 1])
            reply.destination = Role.otherPod
            try #expect(world.run(world.replyHook, reply).drops == ["no_pod": 1])
            reply.destination = Role.pod
            reply.ttl = 1
            try #expect(world.run(world.replyHook, reply).drops == ["ttl": 1])
        }
    }
}
