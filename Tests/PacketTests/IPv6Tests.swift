import EgressModel
import EgressPlan
import TestKit
import Testing

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

    @Test func `what a policy claims is dropped, what it excludes or doesn't claim passes`() async throws {
        try await World.with { world in
            try #expect(world.run(.podSends, frame(to: "2001:db8::1")).drops == ["family": 1])
            try #expect(
                world.run(.podSends, frame(to: "2001:db8::1", next: 58, payload: [128, 0, 0, 0, 0, 0, 0, 0])).drops == ["family": 1])
            try world.addRule("2001:db8::/64", .exclude)
            try #expect(world.run(.podSends, frame(to: "2001:db8::1")).counts == ["excluded": 1])
            try world.execute(
                .setPod(interfaceIndex: world.podIndex, .init(ipv4: Role.pod, ipv6: nil, set: 99, deliverIndex: world.podIndex)))
            try #expect(world.run(.podSends, frame(to: "2001:db8:5::1")).verdict == World.Outcome.pass)
            try world.execute(.removePod(interfaceIndex: world.podIndex))
            try #expect(world.run(.podSends, frame(to: "2001:db8:5::1")).drops == ["no_record": 1])
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
