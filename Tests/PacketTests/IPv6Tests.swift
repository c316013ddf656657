import CEgressABI
import EgressModel
import EgressPlan
import TestKit
import Testing

@testable import BPFDatapath

@Suite("IPv6 of a pod", .requires(.packet))
struct IPv6Tests {
    private func frame(to destination: String, next: UInt8 = 17, payload: [UInt8] = [0x12, 0x34, 0, 53, 0, 8, 0, 0]) throws -> [UInt8] {
        let source = try #require(IPAddress("fd00:1::5"))
        let destination = try #require(IPAddress(destination))
        let header: [UInt8] = [0x60, 0, 0, 0] + octets(UInt16(payload.count)) + [next, 64]
        return [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x86, 0xdd] + header + source.octets + destination.octets + payload
    }

    @Test(arguments: ["fe80::1", "ff02::1:2", "fd00:1::7"])
    func `what stays on the link or in the cluster passes`(_ destination: String) async throws {
        try await World.with { world in
            let frame = try frame(to: destination)
            try #expect(world.run(.podSends, frame) == .init(verdict: World.Outcome.pass, bytes: frame, drops: [:], counts: [:]))
        }
    }

    @Test(arguments: 133...137)
    func `neighbour discovery passes`(_ type: Int) async throws {
        try await World.with { world in
            let frame = try frame(to: "2001:db8::1", next: 58, payload: [UInt8(type), 0, 0, 0, 0, 0, 0, 0])
            try #expect(world.run(.podSends, frame).verdict == World.Outcome.pass)
        }
    }

    private static let egress = IPAddress("2001:db8:e::10")

    /// The pod has an IPv6 address too, and leaves by the other node; this one has an entry with an IPv6 address.
    private func program(_ world: World, gateway: IPAddress = Role.otherNode, entry: UInt32 = Role.remoteEntry) throws {
        let pod = try #require(IPAddress("fd00:1::5"))
        try world.execute(
            .setPod(interfaceIndex: world.podIndex, .init(ipv4: Role.pod, ipv6: pod, set: Role.set, deliverIndex: world.podIndex)))
        try world.execute(
            .setChoice(
                ChoiceKey(interfaceIndex: world.podIndex, policy: Role.policy, family: .ipv6),
                GatewayChoice(onNoGateway: .drop, ranked: [.init(entry: entry, gateway: gateway)])))
        try world.execute(
            .setEntry(
                id: Role.localEntry,
                EntryRecord(
                    egressIPv4: [], egressIPv6: [#require(Self.egress)], set: Role.set, interfaceIndex: nil, policy: Role.policy,
                    keptPorts: 1024...65535, portSlice: 32768...65535, isShared: false)))
        try world.execute(.setEgressAddress(#require(Self.egress), EgressAddressRecord(isShared: false)))
    }

    @Test func `what a policy claims is steered, what it excludes or doesn't claim passes`() async throws {
        try await World.with { world in
            try #expect(world.run(.podSends, frame(to: "2001:db8::1")).drops == ["spoofed": 1])
            try program(world)
            try #expect(world.run(.podSends, frame(to: "2001:db8::1")).counts == ["tunnelled": 1])
            try #expect(world.run(.podSends, frame(to: "2001:db8::1", next: 6, payload: Self.ack)).drops == ["no_flow": 1])
            try #expect(
                world.run(.podSends, frame(to: "2001:db8::1", next: 58, payload: [128, 0, 0, 0, 0, 7, 0, 0])).counts == ["tunnelled": 1])
            try world.addRule("2001:db8:5::/64", .exclude)
            try #expect(world.run(.podSends, frame(to: "2001:db8:5::1")).counts == ["excluded": 1])
            try world.execute(
                .setPod(
                    interfaceIndex: world.podIndex,
                    .init(ipv4: Role.pod, ipv6: IPAddress("fd00:1::5"), set: 99, deliverIndex: world.podIndex)))
            try #expect(world.run(.podSends, frame(to: "2001:db8:6::1")).verdict == World.Outcome.pass)
            try world.execute(.removePod(interfaceIndex: world.podIndex))
            try #expect(world.run(.podSends, frame(to: "2001:db8:6::1")).drops == ["no_record": 1])
        }
    }

    private static let ack: [UInt8] = [0x9c, 0x40, 0x01, 0xbb, 0, 0, 0, 1, 0, 0, 0, 1, 0x50, 0x10, 0, 0, 0, 0, 0, 0]

    @Test func `a local gateway translates, and its flow is the translation`() async throws {
        try await World.with { world in
            try program(world, gateway: Role.thisNode, entry: Role.localEntry)
            let out = try world.run(.podSends, frame(to: "2001:db8::1"))
            // Without an IPv6 route in this namespace: translated, and dropped by its own reason.
            #expect(out.drops == ["no_route": 1])
            let flows = try world.datapath.withLoaded { try $0.tables.ipv6.flows.all() }
            #expect(try flows.map { IPv6Datapath.address($0.value.half.egress) } == [#require(Self.egress)])
            #expect(try world.datapath.withLoaded { try $0.tables.ipv6.reverse.keys().count } == 1)
            #expect(try world.datapath.withLoaded { try $0.tables.ipv6.forward.keys().count } == 0)
        }
    }

    @Test func `ARP passes, a tagged frame doesn't`() async throws {
        try await World.with { world in
            let arp: [UInt8] = [UInt8](repeating: 0xff, count: 12) + [0x08, 0x06] + [UInt8](repeating: 0, count: 28)
            try #expect(world.run(.podSends, arp).verdict == World.Outcome.pass)
            var tagged = world.fromPod.frame
            tagged.insert(contentsOf: [0x81, 0x00, 0x00, 0x05], at: 12)
            try #expect(world.run(.podSends, tagged).drops == ["protocol": 1])
        }
    }
}
