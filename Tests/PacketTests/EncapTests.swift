import CEgressABI
import CEgressShims
import EgressModel
import EgressPlan
import Glibc
import TestKit
import Testing

@testable import BPFDatapath

/// Tunnel packets of established connections are made by the program and go straight to the underlay.
@Suite(.requires(.packet)) struct EncapTests {
    private static let neighbour = "02:00:5e:00:00:03"

    /// A connection that is open, with the MAC address of the other node known or not.
    private static func open(_ world: World, knowsNeighbour: Bool = true) throws {
        if knowsNeighbour {
            try Command.run(["ip", "neigh", "replace", "\(Role.otherNode)", "lladdr", neighbour, "dev", "up0"])
        }
        try world.run(.podSends, world.fromPod)
        try world.run(.podSends, goesOn(world))
    }

    private static func goesOn(_ world: World, octets: Int = 12) -> Packet {
        var packet = world.fromPod
        packet.payload = .tcp(flags: Packet.ack)
        packet.data = [UInt8](repeating: 0x61, count: octets)
        return packet
    }

    @Test func `a connection's third packet is what the device would have made`() async throws {
        try await World.with { world in
            try Self.open(world)
            let sent = Self.goesOn(world)
            let outcome = try world.run(.podSends, sent)
            #expect(outcome.verdict == World.Outcome.redirect)
            #expect(outcome.counts == ["tunnelled": 1])
            let outer = outcome.frame
            #expect(outer.bytes.count == sent.frame.count + 50)
            #expect(Array(outer.macs.prefix(6)) == [2, 0, 0x5e, 0, 0, 3])
            #expect((outer.source, outer.destination) == (Role.thisNode, Role.otherNode))
            #expect((outer.protocolNumber, outer.destinationPort, outer.udpChecksum) == (17, UInt16(EGRESS_TUNNEL_PORT), 0))
            #expect((32768..<60999).contains(outer.sourcePort))
            #expect(Array(outer.bytes[42..<50]) == [8, 0, 0, 0, 0, 0, UInt8(Role.remoteEntry), 0])
            let inner = Frame(bytes: Array(outer.bytes[50...]))
            #expect(inner.macs == Role.onWire(Role.token))
            #expect(inner.ttl == sent.ttl - 1)
            #expect(inner.withTTL(sent.ttl).dropFirst(12) == sent.frame.dropFirst(12))
            #expect(try Scapy.complaints(about: [outer.bytes, inner.bytes]) == "")
        }
    }

    @Test func `packets of one connection leave with one source port`() async throws {
        try await World.with { world in
            try Self.open(world)
            let ports = try (1...8).map { try world.run(.podSends, Self.goesOn(world, octets: $0 * 40)).frame.sourcePort }
            #expect(Set(ports).count == 1)
        }
    }

    @Test func `the device makes what it alone knows the way of, and what is too large is answered`() async throws {
        try await World.with { world in
            try Self.open(world)
            // 40 octets of headers: the largest that fits, and one more.
            try #expect(world.run(.podSends, Self.goesOn(world, octets: Role.tunnelMTU - 40)).bytes.count == Role.tunnelMTU + 64)
            try #expect(world.run(.podSends, Self.goesOn(world, octets: Role.tunnelMTU - 39)).counts["too_big_answered"] == 1)
        }
        try await World.with { world in
            try Self.open(world, knowsNeighbour: false)
            let sent = Self.goesOn(world)
            let outcome = try world.run(.podSends, sent)
            #expect((outcome.verdict, outcome.bytes.count) == (World.Outcome.redirect, sent.frame.count))
        }
    }

    @Test func `another token is written at once`() async throws {
        try await World.with { world in
            try Self.open(world)
            let token = try #require(TunnelToken(octets: Role.olderToken))
            try world.execute(
                .setSettings(
                    DatapathSettings(
                        tunnelIndex: world.tunnelIndex, nodeAddress: Role.thisNode, tunnelMTU: Role.tunnelMTU, tokens: [token])))
            try world.run(.podSends, Self.goesOn(world))
            let outer = try world.run(.podSends, Self.goesOn(world)).bytes
            #expect(Array(outer[50..<62]) == Role.onWire(Role.olderToken))
        }
    }

    /// The stack encrypts, and sees only what the device makes.
    @Test func `where IPsec has a policy the device makes every packet`() async throws {
        try await World.with { world in
            try Self.open(world)
            let length = Self.goesOn(world).frame.count
            try #expect(world.run(.podSends, Self.goesOn(world)).bytes.count == length + 50)
            #expect(egress_ipsec_policies() == 0)
            let policy = ["dir", "out", "src", "\(Role.thisNode)/32", "dst", "\(Role.otherNode)/32"]
            try Command.run(["ip", "xfrm", "policy", "add"] + policy + ["tmpl", "proto", "esp", "mode", "transport"])
            #expect(egress_ipsec_policies() == 1)
            _ = try world.datapath.collectGarbage()
            for _ in 1...3 { try #expect(world.run(.podSends, Self.goesOn(world)).bytes.count == length) }
            try Command.run(["ip", "xfrm", "policy", "delete"] + policy)
            _ = try world.datapath.collectGarbage()
            try world.run(.podSends, Self.goesOn(world))
            try #expect(world.run(.podSends, Self.goesOn(world)).bytes.count == length + 50)
        }
    }
}
