import CEgressABI
import EgressModel
import EgressPlan
import TestKit
import Testing

@testable import BPFDatapath

@Suite("Connections open before a policy claims their pod", .requires(.packet))
struct OpenConnectionTests {
    private static func packet(_ port: UInt16, _ payload: Packet.Payload, to destination: IPAddress = Role.server) -> Packet {
        Packet(source: Role.pod, destination: destination, sourcePort: port, destinationPort: 443, payload: payload)
    }

    private static let middle = Packet.Payload.tcp(flags: Packet.ack)

    private static func open(
        _ transport: LiveConnection.Transport, _ port: UInt16, isOpenedByPod: Bool = true, isAnswered: Bool = true
    ) -> LiveConnection {
        LiveConnection(
            transport: transport, pod: Role.pod, podPort: port, remote: Role.server, remotePort: 443, isOpenedByPod: isOpenedByPod,
            isAnswered: isAnswered, stage: transport == .tcp ? .established : nil)
    }

    private static func enforce(_ world: World, _ mode: PodRecord.Mode) throws {
        let record = PodRecord(ipv4: Role.pod, ipv6: nil, set: Role.set, deliverIndex: world.podIndex, mode: mode)
        try world.execute(.setPod(interfaceIndex: world.podIndex, record))
    }

    /// Two rounds, as the helper does them.
    private static func collect(_ world: World, _ seconds: UInt32) throws -> Int {
        let now = try world.clock() + seconds
        return try world.collect(at: now) + world.collect(at: now)
    }

    @Test func `while a pod is recorded everything goes its way, and what its rules claim is noted`() async throws {
        try await World.with { world in
            try Self.enforce(world, .record)
            for payload in [Packet.Payload.tcp(flags: Packet.syn), Self.middle] {
                let packet = Self.packet(40000, payload)
                #expect(
                    try world.run(.podSends, packet)
                        == World.Outcome(verdict: World.Outcome.pass, bytes: packet.frame, drops: [:], counts: ["recorded": 1]))
            }
            try world.run(.podSends, Self.packet(40001, .udp()))
            try #expect(world.run(.podSends, Self.packet(40002, Self.middle, to: Role.address(10, 1, 2, 3))).verdict == World.Outcome.pass)
            let noted = try world.datapath.exemptConnections(of: world.podIndex)
            #expect(Set(noted.map(\.podPort)) == [40000, 40001])
            #expect(try world.datapath.exemptConnections(of: world.podIndex + 1) == [])

            try Self.enforce(world, .enforce)
            try #expect(world.run(.podSends, Self.packet(40000, Self.middle)).counts == ["exempt": 1])
            try #expect(world.run(.podSends, Self.packet(40001, .udp())).counts == ["exempt": 1])
            try #expect(world.run(.podSends, Self.packet(40003, Self.middle)).drops == ["no_flow": 1])
            try #expect(world.run(.podSends, Self.packet(40003, .tcp(flags: Packet.syn))).verdict == World.Outcome.redirect)
        }
    }

    @Test func `an exempt connection goes on, another from its port begins anew by the gateway`() async throws {
        try await World.with { world in
            let called = Self.open(.tcp, 80, isOpenedByPod: false)
            try world.execute(.setExempt(interfaceIndex: world.podIndex, [Self.open(.tcp, 40000), Self.open(.udp, 40001), called]))
            for (port, payload) in [(40000, Self.middle), (40001, .udp())] as [(UInt16, Packet.Payload)] {
                let packet = Self.packet(port, payload)
                #expect(
                    try world.run(.podSends, packet)
                        == World.Outcome(verdict: World.Outcome.pass, bytes: packet.frame, drops: [:], counts: ["exempt": 1]))
            }
            try #expect(world.run(.podSends, Self.packet(80, Self.middle)).counts == ["inbound": 1], "the other end opened it")
            try #expect(world.run(.podSends, Self.packet(40002, .udp())).verdict == World.Outcome.redirect)
            try #expect(world.run(.podSends, Self.packet(40000, .tcp(flags: Packet.syn))).verdict == World.Outcome.redirect)
            #expect(try world.datapath.exemptConnections(of: nil) == [Self.open(.udp, 40001)], "the port is another connection's")
        }
    }

    @Test func `an idle one is forgotten, after 300 seconds of UDP, 7440 of TCP and 120 when it was closed`() async throws {
        try await World.with { world in
            let connections = [
                Self.open(.udp, 40000), Self.open(.udp, 40001, isAnswered: false), Self.open(.tcp, 40000), Self.open(.tcp, 40001),
            ]
            try world.execute(.setExempt(interfaceIndex: world.podIndex, connections))
            try #expect(Self.collect(world, 295) == 0)
            try #expect(Self.collect(world, 305) == 2)
            try #expect(world.run(.podSends, Self.packet(40000, .udp())).verdict == World.Outcome.redirect, "its exemption is over")
            for (hook, packet) in [
                (World.Hook.podSends, Self.packet(40001, .tcp(flags: Packet.fin | Packet.ack))),
                (
                    .podIsGiven,
                    Packet(
                        source: Role.server, destination: Role.pod, sourcePort: 443, destinationPort: 40001,
                        payload: .tcp(flags: Packet.fin | Packet.ack))
                ),
            ] { try world.run(hook, packet) }
            _ = try Self.collect(world, 130)
            #expect(try world.datapath.exemptConnections(of: nil).map(\.podPort) == [40000], "the other is closed on both sides")
            try #expect(world.run(.podSends, Self.packet(40000, Self.middle)).counts == ["exempt": 1])
            _ = try Self.collect(world, 7430)
            try #expect(world.run(.podSends, Self.packet(40000, Self.middle)).counts == ["exempt": 1])
            _ = try Self.collect(world, 7450)
            try #expect(world.run(.podSends, Self.packet(40000, Self.middle)).drops == ["no_flow": 1])
        }
    }

    @Test func `an answer that came first is no call when the pod is known to have opened the connection`() async throws {
        try await World.with { world in
            try Self.enforce(world, .record)
            try world.run(
                .podIsGiven, Packet(source: Role.server, destination: Role.pod, sourcePort: 443, destinationPort: 40000, payload: .udp()))
            #expect(try world.datapath.exemptConnections(of: nil) == [])
            try world.execute(.setExempt(interfaceIndex: world.podIndex, [Self.open(.udp, 40000)]))
            #expect(try world.datapath.exemptConnections(of: nil) == [Self.open(.udp, 40000)])
        }
    }

    @Test func `a packet between the collector's rounds keeps one`() async throws {
        try await World.with { world in
            try world.execute(.setExempt(interfaceIndex: world.podIndex, [Self.open(.udp, 40000)]))
            let now = try world.clock() + 305
            try #expect(world.collect(at: now) == 0)
            try #expect(world.run(.podSends, Self.packet(40000, .udp())).counts == ["exempt": 1])
            try #expect(world.collect(at: now) == 0)
            try #expect(world.run(.podSends, Self.packet(40000, .udp())).counts == ["exempt": 1])
        }
    }

    @Test func `both families are written, read and forgotten, one pod's at a time; what packets noted is not replaced`() async throws {
        try await World.with { world in
            let (pod6, remote6) = (try #require(IPAddress("fd00:1::5")), try #require(IPAddress("2001:db8::9")))
            var ipv6 = Self.open(.tcp, 40000)
            (ipv6.pod, ipv6.remote, ipv6.destination) = (pod6, remote6, remote6)
            ipv6.stage = nil
            var ipv4 = Self.open(.udp, 40001)
            ipv4.stage = nil
            try world.run(.podSends, Self.packet(40005, .udp()))
            try world.execute(.setExempt(interfaceIndex: world.podIndex, [ipv4, ipv6, Self.open(.udp, 40005)]))
            try world.execute(.setExempt(interfaceIndex: 99, [Self.open(.udp, 40007)]))
            #expect(Set(try world.datapath.exemptConnections(of: world.podIndex)) == [ipv4, ipv6])
            #expect(try world.datapath.exemptConnections(of: nil).count == 3)
            try world.execute(.forgetExempt(interfaceIndex: world.podIndex))
            #expect(try world.datapath.exemptConnections(of: nil).map(\.podPort) == [40007])
            try #expect(world.run(.podSends, Self.packet(40005, .udp())).verdict == World.Outcome.redirect)
        }
    }
}
