import CEgressABI
import EgressModel
import EgressPlan
import TestKit
import Testing

@Suite("A gateway's translations", .requires(.packet))
struct GatewayTests {
    @Test func `a new connection leaves by the egress IP and keeps its port`() async throws {
        try await World.with { world in
            let out = try world.run(world.requestHook, world.request)
            #expect(out.verdict == World.Outcome.redirect)
            #expect(out.frame.source == Role.egress)
            #expect(out.frame.sourcePort == 40000)
            #expect(out.frame.destination == Role.server)
            #expect(out.frame.ttl == 63)
            #expect(out.counts == ["translated": 1])
            try #expect(Scapy.complaints(about: [out.bytes]) == "")
            let forward = try #require(try world.forwardHalves().first)
            let reverse = try #require(try world.reverseHalves().first)
            #expect(forward.value.egress_port == reverse.key.egress_port)
            #expect(reverse.value.source.word == forward.key.source.word)
            #expect(IPAddress(ipv4: UInt32(bigEndian: reverse.value.node)) == Role.otherNode)
            try #expect(world.connectionsMade(withTries: 0) == 1)
        }
    }

    @Test func `the same connection goes on with the same translation, by the router's MAC address`() async throws {
        try await World.with { world in
            try world.run(world.requestHook, world.request)
            var packet = world.request
            packet.payload = .tcp(flags: Packet.ack)
            // The second packet of a second takes the address from the FIB; the first asks the neighbour table.
            let outs = try (0..<3).map { _ in try world.run(world.requestHook, packet) }
            #expect(outs.allSatisfy { $0.verdict == World.Outcome.redirect && $0.frame.sourcePort == 40000 })
            #expect(outs.contains { Array($0.frame.macs.prefix(6)) == [0x02, 0, 0x5e, 0, 0, 1] })
            try #expect(world.forwardHalves().count == 1)
            try #expect(world.reverseHalves().count == 1)
        }
    }

    @Test func `two pods with one port get two, but share one to different servers`() async throws {
        try await World.with { world in
            let first = try world.run(world.requestHook, world.request).frame
            var packet = world.request
            packet.source = Role.address(10, 1, 1, 10)
            let second = try world.run(world.requestHook, packet).frame
            #expect(first.sourcePort == 40000)
            #expect(second.sourcePort != 40000)
            #expect(second.sourcePort >= 32768)
            packet.destination = Role.otherServer
            try #expect(world.run(world.requestHook, packet).frame.sourcePort == 40000)
        }
    }

    @Test func `a slice of eight ports serves eight connections to one server and refuses the ninth`() async throws {
        try await World.with { world in
            try world.setEntry(kept: 50000...50007, slice: 50000...50007)
            var ports: Set<UInt16> = []
            for number in 0..<8 {
                var packet = world.request
                packet.sourcePort = 1000 + UInt16(number)
                let out = try world.run(world.requestHook, packet)
                #expect(out.verdict == World.Outcome.redirect)
                ports.insert(out.frame.sourcePort)
            }
            #expect(ports == Set(50000...50007))
            var ninth = world.request
            ninth.sourcePort = 1008
            try #expect(world.run(world.requestHook, ninth).drops == ["no_port": 1])
            for number in 0..<8 {
                var packet = world.request
                packet.sourcePort = 1000 + UInt16(number)
                packet.payload = .tcp(flags: Packet.ack)
                let out = try world.run(world.requestHook, packet)
                #expect(out.verdict == World.Outcome.redirect)
                let back = Packet(
                    source: Role.server, destination: Role.egress, sourcePort: 443, destinationPort: out.frame.sourcePort,
                    payload: .tcp(flags: Packet.ack))
                try #expect(world.run(.uplink, back).frame.destinationPort == packet.sourcePort)
            }
            ninth.destination = Role.otherServer
            try #expect(world.run(world.requestHook, ninth).verdict == World.Outcome.redirect)
        }
    }

    @Test func `every port of a larger slice is found`() async throws {
        try await World.with { world in
            try world.setEntry(kept: 60000...60255, slice: 60000...60255)
            var ports: Set<UInt16> = []
            for number in 0..<256 {
                var packet = world.request
                packet.sourcePort = 2000 + UInt16(number)
                ports.insert(try world.run(world.requestHook, packet).frame.sourcePort)
            }
            #expect(ports == Set(60000...60255))
        }
    }

    @Test func `a full table refuses the new connection, keeps the old, and serves again after one is gone`() async throws {
        try await World.with { world in
            try world.run(world.requestHook, world.request)
            try world.fillReverseHalves(room: 0)
            var packet = world.request
            packet.sourcePort = 40001
            try #expect(world.run(world.requestHook, packet).drops == ["nat_full": 1])
            try #expect(world.forwardHalves().count == 1)
            var old = world.request
            old.payload = .tcp(flags: Packet.ack)
            try #expect(world.run(world.requestHook, old).verdict == World.Outcome.redirect)
            try world.removeFilling(0)
            try #expect(world.run(world.requestHook, packet).verdict == World.Outcome.redirect)
        }
    }

    @Test func `TCP that no translation knows is dropped unless it opens a connection`() async throws {
        try await World.with { world in
            for flags in [Packet.ack, Packet.syn | Packet.ack, Packet.rst, Packet.fin | Packet.ack] {
                var packet = world.request
                packet.payload = .tcp(flags: flags)
                try #expect(world.run(world.requestHook, packet).drops == ["no_flow": 1])
            }
            try #expect(world.reverseHalves().isEmpty)
        }
    }

    @Test func `after its address changed an entry serves new connections by the new one, and old ones no more`() async throws {
        try await World.with { world in
            let new = Role.address(203, 0, 113, 77)
            try world.run(world.requestHook, world.request)
            try world.setEntry(addresses: [new])
            var old = world.request
            old.payload = .tcp(flags: Packet.ack)
            try #expect(world.run(world.requestHook, old).drops == ["no_flow": 1])
            let out = try world.run(world.requestHook, world.request)
            #expect(out.frame.source == new)
            try #expect(world.forwardHalves().count == 1)
            try #expect(world.reverseHalves().count == 1)
        }
    }

    @Test func `forgetting an entry's translations removes those of another address`() async throws {
        try await World.with { world in
            try world.run(world.requestHook, world.request)
            try world.execute(.forgetTranslations(entry: Role.localEntry))
            try #expect(world.forwardHalves().count == 1)
            try world.execute(.removeEntry(id: Role.localEntry))
            try #expect(world.run(world.requestHook, world.request).drops == ["no_entry": 1])
            try world.execute(.forgetTranslations(entry: Role.localEntry))
            try #expect(world.forwardHalves().isEmpty)
            try #expect(world.reverseHalves().isEmpty)
        }
    }

    @Test func `the way back follows the node that sent last`() async throws {
        try await World.with { world in
            let third = Role.address(172, 18, 0, 4)
            try world.execute(.setNode(third, NodeRecord()))
            var packet = world.request
            packet.payload = .udp()
            try world.run(world.requestHook, packet)
            try world.run(.tunnel(vni: Role.localEntry, from: third), packet)
            try #expect(world.reverseHalves().map(\.value.node) == [third.ipv4Bits?.bigEndian])
        }
    }

    @Test func `identifiers of pings are kept when free, and told apart when not`() async throws {
        try await World.with { world in
            for identifier: UInt16 in [5000, 65000] {
                var ping = world.request
                ping.payload = .echoRequest
                ping.sourcePort = identifier
                let out = try world.run(world.requestHook, ping)
                #expect(out.frame.sourcePort == identifier)
                ping.source = Role.address(10, 1, 1, 10)
                let second = try world.run(world.requestHook, ping)
                #expect(second.frame.sourcePort != identifier)
                let reply = Packet(source: Role.server, destination: Role.egress, sourcePort: second.frame.sourcePort, payload: .echoReply)
                let back = try world.run(.uplink, reply)
                #expect(back.frame.destination == ping.source)
                #expect(back.frame.sourcePort == identifier)
                try #expect(Scapy.complaints(about: [out.bytes, second.bytes, back.bytes]) == "")
            }
        }
    }

    @Test func `a pod of the gateway itself leaves by the egress IP`() async throws {
        try await World.with { world in
            try world.choose([(Role.localEntry, Role.thisNode)])
            let out = try world.run(.podSends, world.fromPod)
            #expect(out.verdict == World.Outcome.redirect)
            #expect(out.frame.source == Role.egress)
            #expect(out.frame.ttl == 63)
            #expect(out.counts == ["translated": 1])
            let back = try world.run(
                .uplink,
                Packet(
                    source: Role.server, destination: Role.egress, sourcePort: 443, destinationPort: out.frame.sourcePort,
                    payload: .tcp(flags: Packet.syn | Packet.ack)))
            #expect(back.verdict == World.Outcome.redirect)
            #expect(back.frame.destination == Role.pod)
            #expect(back.counts == ["reversed": 1, "delivered": 1])
            try #expect(Scapy.complaints(about: [out.bytes, back.bytes]) == "")
            try #expect(world.flows().map(\.value.seen_in) == [UInt8(EGRESS_SEEN_REPLY.rawValue)])
            try world.execute(.removePod(interfaceIndex: world.podIndex))
            let gone = Packet(
                source: Role.server, destination: Role.egress, sourcePort: 443, destinationPort: out.frame.sourcePort,
                payload: .tcp(flags: Packet.ack))
            try #expect(world.run(.uplink, gone).drops == ["no_pod": 1])
        }
    }

    @Test func `no route is a drop, and a named interface is the only way`() async throws {
        try await World.with { world in
            var packet = world.request
            packet.destination = Role.address(192, 0, 2, 200)
            try #expect(world.run(world.requestHook, packet).drops == ["no_route": 1])
            try world.setEntry(interface: world.uplinkIndex)
            packet.destination = Role.server
            try #expect(world.run(world.requestHook, packet).verdict == World.Outcome.redirect)
            try world.setEntry(interface: world.podIndex)
            packet.sourcePort = 40001
            try #expect(world.run(world.requestHook, packet).drops == ["no_route": 1])
        }
    }
}
