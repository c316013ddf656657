import CEgressABI
import EgressModel
import EgressPlan
import TestKit
import Testing

@testable import BPFDatapath

@Suite("An egress IP that the node uses too", .requires(.packet))
struct SharedAddressTests {
    private static let going = Packet.Payload.tcp(flags: Packet.ack)
    private static let closing = Packet.Payload.tcp(flags: Packet.fin | Packet.ack)

    private static func with(_ kind: Talk.Kind, _ body: @escaping @Sendable (Talk) throws -> Void) async throws {
        try await Talk.with(kind) { talk in
            try talk.setEntry(addresses: [talk.shared], kept: SourcePorts.shared, slice: SourcePorts.shared)
            try talk.world.execute(.setEgressAddress(talk.shared, EgressAddressRecord(isShared: true)))
            try body(talk)
        }
    }

    /// The node's packet at its uplink; what counters moved.
    private static func nodeSends(
        _ talk: Talk, _ payload: Packet.Payload = .tcp(flags: Packet.syn), from port: UInt16, to server: IPAddress? = nil,
        source: IPAddress? = nil, mark: UInt32 = 0, cameFrom: Int = 0
    ) throws -> (verdict: UInt32, mark: UInt32, counts: [String: UInt64]) {
        let run = TestRun(
            program: try talk.world.program("egress_uplink_out"), interface: talk.world.uplinkIndex, cameFrom: cameFrom, mark: mark)
        let frame = Packet(
            source: source ?? talk.shared, destination: server ?? talk.server, sourcePort: port, payload: payload
        ).frame
        var result: TestRun.Result?
        let counts = try talk.world.counting { result = try run.run(frame) }
        let found = try #require(result)
        #expect(found.bytes == frame)
        return (found.verdict, found.mark, counts)
    }

    private static func answer(_ talk: Talk, _ payload: Packet.Payload, to port: UInt16) throws -> World.Outcome {
        var packet = Packet(source: talk.server, destination: talk.shared, sourcePort: 443, destinationPort: port, payload: payload)
        if case .echoReply = payload { packet.sourcePort = port }
        return try talk.world.run(.uplink, packet)
    }

    @Test(arguments: Talk.kinds)
    func `a port that the node's connection has is given to no translation to the same server`(_ kind: Talk.Kind) async throws {
        try await Self.with(kind) { talk in
            let out = try Self.nodeSends(talk, from: 20000)
            #expect(out.verdict == World.Outcome.pass)
            #expect(out.counts == ["foreign": 1])
            try #expect(talk.use().claims == .init(steered: 1))
            let ours = try talk.send(from: 20000)
            #expect(ours.verdict == World.Outcome.redirect)
            #expect(ours.frame.source == talk.shared)
            #expect(ours.frame.sourcePort != 20000)
            #expect(SourcePorts.shared.contains(ours.frame.sourcePort))
            try #expect(talk.send(from: 20000, to: talk.otherServer).frame.sourcePort == 20000, "to another server it is free")
            // Answers to the node are the node's, untouched.
            let back = try Self.answer(talk, .tcp(flags: Packet.syn | Packet.ack), to: 20000)
            #expect(back.verdict == World.Outcome.pass)
            #expect(back.counts.isEmpty)
            try #expect(Self.answer(talk, .tcp(flags: Packet.syn | Packet.ack), to: ours.frame.sourcePort).frame.destination == talk.pod)
            try #expect(Self.nodeSends(talk, Self.going, from: 20000).counts.isEmpty)
        }
    }

    @Test(arguments: Talk.kinds)
    func `the node's newcomer on a port of ours is dropped, and ours goes on`(_ kind: Talk.Kind) async throws {
        try await Self.with(kind) { talk in
            try #expect(talk.send(from: 20000).frame.sourcePort == 20000)
            let out = try Self.nodeSends(talk, from: 20000)
            #expect(out.verdict == World.Outcome.shot)
            #expect(out.counts == ["port_taken": 1])
            try #expect(Self.answer(talk, .tcp(flags: Packet.syn | Packet.ack), to: 20000).frame.destination == talk.pod)
            try #expect(talk.send(Self.going, from: 20000).frame.sourcePort == 20000)
            try #expect(Self.nodeSends(talk, from: 20000, to: talk.otherServer).verdict == World.Outcome.pass)
        }
    }

    @Test(arguments: Talk.kinds)
    func `ours is known by its mark and by having come in, and loses the mark`(_ kind: Talk.Kind) async throws {
        try await Self.with(kind) { talk in
            let run = TestRun(
                program: kind.place == .here ? try talk.world.program("egress_pod") : try talk.world.tunnelEntrance(talk.hook),
                interface: kind.place == .here ? talk.world.podIndex : talk.world.tunnelIndex, cameFrom: talk.world.podIndex)
            // Three times: the way that is kept has it too.
            for payload in [Packet.Payload.tcp(flags: Packet.syn), Self.going, Self.going] {
                let out = try run.run(talk.packet(payload, from: 20000).frame)
                #expect(out.verdict == World.Outcome.redirect)
                #expect(out.mark == EGRESS_MARK_OURS)
            }
            let ours = try Self.nodeSends(talk, from: 20000, mark: EGRESS_MARK_OURS, cameFrom: talk.world.podIndex)
            #expect(ours.verdict == World.Outcome.pass)
            #expect(ours.mark == 0)
            #expect(ours.counts.isEmpty)
            // A socket of the node's network may set a mark; a forwarded packet has none of its pod's.
            try #expect(Self.nodeSends(talk, from: 20000, mark: EGRESS_MARK_OURS).counts == ["port_taken": 1])
            try #expect(Self.nodeSends(talk, from: 20000, cameFrom: talk.world.podIndex).counts == ["port_taken": 1])
        }
    }

    @Test(arguments: Talk.kinds.filter { $0.place == .here })
    func `what can't meet a translation claims nothing`(_ kind: Talk.Kind) async throws {
        try await Self.with(kind) { talk in
            for port in [SourcePorts.shared.lowerBound - 1, SourcePorts.shared.upperBound + 1] {
                let out = try Self.nodeSends(talk, from: port)
                #expect(out.verdict == World.Outcome.pass)
                #expect(out.counts.isEmpty)
            }
            try #expect(Self.nodeSends(talk, .echoReply, from: 20000).counts.isEmpty)
            try #expect(Self.nodeSends(talk, from: 20000, source: talk.otherServer).counts.isEmpty)
            try #expect(Self.nodeSends(talk, from: 20000, source: talk.egress).counts.isEmpty, "ours alone")
            try #expect(talk.fill().reverse == 0)
        }
    }

    @Test(arguments: Talk.kinds)
    func `ports in use are counted by remote, ours and others'`(_ kind: Talk.Kind) async throws {
        try await Self.with(kind) { talk in
            for port: UInt16 in 20000..<20005 { try talk.send(from: port) }
            try talk.send(from: 20000, to: talk.otherServer)
            for port: UInt16 in 21000..<21003 { _ = try Self.nodeSends(talk, from: port) }
            let tcp = PortRemote(egressIP: talk.shared, transport: 6, remote: talk.server, port: 443)
            var other = tcp
            other.remote = talk.otherServer
            try #expect(talk.ports() == [tcp: .init(translations: 5, claims: 3), other: .init(translations: 1)])
            let entry = try #require(talk.world.datapath.actualState().entries[Role.localEntry])
            #expect(entry.portsPerRemote == 8192)
        }
    }

    @Test(arguments: Talk.kinds.filter { $0.place == .here })
    func `claims live as long as connections`(_ kind: Talk.Kind) async throws {
        try await Self.with(kind) { talk in
            func lives(_ seconds: UInt32, _ sent: [Packet.Payload], _ answers: [Packet.Payload]) throws {
                let start = try talk.world.clock()
                for payload in sent { try #expect(Self.nodeSends(talk, payload, from: 20000).verdict == World.Outcome.pass) }
                for payload in answers { try #expect(Self.answer(talk, payload, to: 20000).verdict == World.Outcome.pass) }
                try #expect(talk.lives(for: seconds, since: start), "\(seconds)")
                try #expect(talk.use().claims == .init())
            }
            let syn = Packet.Payload.tcp(flags: Packet.syn)
            let accepted = Packet.Payload.tcp(flags: Packet.syn | Packet.ack)
            try lives(240, [syn], [])
            try lives(7440, [syn], [accepted])
            try lives(7440, [Self.going], [Self.going])
            try lives(7440, [syn, Self.closing], [accepted])
            try lives(120, [syn, Self.closing], [Self.closing])
            try lives(120, [syn, .tcp(flags: Packet.rst)], [])
            try lives(120, [.udp()], [])
            try lives(300, [.udp()], [.udp()])
            try lives(60, [.echoRequest], [.echoReply])
        }
    }

    @Test(arguments: Talk.kinds.filter { $0.place == .here })
    func `claims have a limit, beyond which connections go unclaimed, and none is taken for a translation`(_ kind: Talk.Kind) async throws {
        try await Self.with(kind) { talk in
            try talk.setLimits(ConnectionLimits(connectionsPerPod: 0, translationsPerEntry: kind.family == .ipv4 ? 8 : 16))
            try talk.setEntry(addresses: [talk.shared], kept: 20000...20007, slice: 20000...20007)
            for port: UInt16 in 20000..<20008 { try #expect(Self.nodeSends(talk, from: port).counts == ["foreign": 1]) }
            let beyond = try Self.nodeSends(talk, from: 20008)
            #expect(beyond.verdict == World.Outcome.pass)
            #expect(beyond.counts == ["unclaimed": 1])
            for port: UInt16 in 20000..<20008 {
                try #expect(Self.answer(talk, .tcp(flags: Packet.rst), to: port).verdict == World.Outcome.pass)
            }
            try talk.age(by: 10)
            try #expect(talk.send(from: 20000).drops == ["no_port": 1], "conntrack may keep it for its own")
        }
    }
}
