import EgressModel
import EgressPlan
import TestKit
import Testing

@testable import BPFDatapath

@Suite("How long connections live", .requires(.packet))
struct LifetimeTests {
    private static let closing = Packet.Payload.tcp(flags: Packet.fin | Packet.ack)
    private static let going = Packet.Payload.tcp(flags: Packet.ack)
    private static let reset = Packet.Payload.tcp(flags: Packet.rst)

    @Test(arguments: Talk.kinds)
    func `TCP lives for 240 seconds without an answer, for 7440 with one, and for 120 after both sides closed it`(
        _ kind: Talk.Kind
    ) async throws {
        try await Talk.with(kind) { talk in
            var start = try talk.world.clock()
            try talk.send()
            try #expect(talk.lives(for: 240, since: start))
            try #expect(talk.fill() == .init())
            start = try talk.world.clock()
            try talk.send()
            try talk.answer()
            try #expect(talk.collect(7439, after: start) == 0)
            try talk.send(Self.closing)
            try #expect(talk.collect(7439, after: start) == 0, "one side closed it")
            try talk.answer(Self.closing)
            try #expect(talk.lives(for: 120, since: start))
            try #expect(talk.fill() == .init())
            try #expect(talk.use() == .init())
        }
    }

    @Test(arguments: Talk.kinds)
    func `an answered connection without packets goes after 7440 seconds`(_ kind: Talk.Kind) async throws {
        try await Talk.with(kind) { talk in
            let start = try talk.world.clock()
            try talk.send()
            try talk.answer()
            try #expect(talk.lives(for: 7440, since: start))
        }
    }

    @Test(arguments: Talk.kinds, [true, false])
    func `a reset from either side leaves 120 seconds, in which late packets are translated`(_ kind: Talk.Kind, _ isPods: Bool) async throws
    {
        try await Talk.with(kind) { talk in
            let start = try talk.world.clock()
            try talk.send()
            try talk.answer()
            if isPods { try talk.send(Self.reset) } else { try talk.answer(Self.reset) }
            try #expect(talk.send(Self.going).verdict == World.Outcome.redirect)
            try #expect(talk.answer(Self.going).verdict == World.Outcome.redirect)
            try #expect(talk.lives(for: 120, since: start))
        }
    }

    @Test(arguments: Talk.kinds)
    func `UDP lives for 120 seconds, answered for 300, and a ping for 60`(_ kind: Talk.Kind) async throws {
        try await Talk.with(kind) { talk in
            var start = try talk.world.clock()
            try talk.send(.udp())
            try #expect(talk.lives(for: 120, since: start))
            start = try talk.world.clock()
            try talk.send(.udp())
            try talk.answer(.udp())
            try #expect(talk.lives(for: 300, since: start))
            start = try talk.world.clock()
            try talk.send(.echoRequest)
            try talk.answer(.echoReply)
            try #expect(talk.lives(for: 60, since: start))
            try #expect(talk.fill() == .init())
        }
    }

    @Test(arguments: Talk.kinds, [true, false])
    func `a packet between mark and deletion saves its connection, from either side`(_ kind: Talk.Kind, _ isPods: Bool) async throws {
        try await Talk.with(kind) { talk in
            try talk.send()
            try talk.answer()
            let late = try talk.world.clock() + 7442
            try #expect(talk.world.collect(at: late) == 0)
            try #expect(talk.halves().allSatisfy { $0.hasSuffix(" 1") }, "both are marked")
            if isPods { try talk.send(Self.going) } else { try talk.answer(Self.going) }
            try #expect(talk.world.collect(at: late) == 0)
            try #expect(talk.fill() == talk.whole)
        }
    }

    @Test(arguments: Talk.kinds)
    func `a pod's SYN begins a closed or closing connection anew`(_ kind: Talk.Kind) async throws {
        try await Talk.with(kind) { talk in
            for end in [[Self.closing], [Self.closing, Self.closing], [Self.reset]] {
                try talk.send()
                try talk.answer()
                for (number, payload) in end.enumerated() {
                    if number == 0 { try talk.answer(payload) } else { try talk.send(payload) }
                }
                let start = try talk.world.clock()
                try #expect(talk.send().frame.sourcePort == 40000)
                // What the old connection's answers showed is forgotten too: this one isn't half closed from its beginning.
                try talk.answer()
                try talk.send(Self.going)
                try talk.send(Self.closing)
                try #expect(talk.collect(7439, after: start) == 0)
                try talk.answer(Self.reset)
            }
            try #expect(talk.fill() == talk.whole)
            try #expect(talk.use().entry.steered == 1)
        }
    }

    @Test(arguments: Talk.kinds.filter { $0.place == .here })
    func `when a pod goes, its connections and their translations go, both halves`(_ kind: Talk.Kind) async throws {
        try await Talk.with(kind) { talk in
            for port: UInt16 in 40000..<40010 { try talk.send(from: port) }
            try #expect(talk.fill() == .init(flows: 10, forward: 0, reverse: 10))
            try #expect(talk.use() == .init(pod: .init(steered: 10), entry: .init(steered: 10)))
            try talk.world.execute(.removePod(interfaceIndex: talk.world.podIndex))
            try talk.world.execute(.forgetFlows(interfaceIndex: talk.world.podIndex))
            try #expect(talk.fill() == .init())
            try #expect(talk.use() == .init())
        }
    }

    @Test(arguments: Talk.kinds.filter { $0.place == .elsewhere })
    func `when an entry goes, its translations go, both halves`(_ kind: Talk.Kind) async throws {
        try await Talk.with(kind) { talk in
            for port: UInt16 in 40000..<40010 { try talk.send(from: port) }
            try #expect(talk.use().entry.steered == 10)
            try talk.world.execute(.removeEntry(id: Role.localEntry))
            try talk.world.execute(.forgetTranslations(entry: Role.localEntry))
            try #expect(talk.fill() == .init())
            try #expect(talk.use() == .init())
        }
    }

    @Test(arguments: Talk.kinds.filter { $0.place == .here })
    func `connections that came in live as long as those that go out`(_ kind: Talk.Kind) async throws {
        try await Talk.with(kind) { talk in
            func call(_ payload: Packet.Payload) throws {
                let packet = Packet(source: talk.server, destination: talk.pod, sourcePort: 9000, destinationPort: 80, payload: payload)
                try talk.world.run(.podIsGiven, packet)
            }
            func reply(_ payload: Packet.Payload) throws {
                var packet = talk.packet(payload, from: 80)
                packet.destinationPort = 9000
                try #expect(talk.world.run(.podSends, packet).verdict == World.Outcome.pass)
            }
            var start = try talk.world.clock()
            try call(.tcp(flags: Packet.syn))
            try #expect(talk.use().pod == .init(others: 1))
            try #expect(talk.lives(for: 240, since: start))
            start = try talk.world.clock()
            try call(.tcp(flags: Packet.syn))
            try reply(.tcp(flags: Packet.syn | Packet.ack))
            try call(Self.going)
            try #expect(talk.lives(for: 7440, since: start))
            start = try talk.world.clock()
            try call(.tcp(flags: Packet.syn))
            try reply(.tcp(flags: Packet.syn | Packet.ack))
            try call(Self.closing)
            try reply(Self.closing)
            try #expect(talk.lives(for: 120, since: start))
            start = try talk.world.clock()
            try call(.udp())
            try #expect(talk.lives(for: 120, since: start))
            start = try talk.world.clock()
            try call(.udp())
            try reply(.udp())
            try #expect(talk.lives(for: 300, since: start))
            try #expect(talk.use().pod == .init())
        }
    }

    @Test(arguments: Talk.kinds.filter { $0.place == .here })
    func `connections open before the policy live as if answered`(_ kind: Talk.Kind) async throws {
        try await Talk.with(kind) { talk in
            for (payload, seconds): (Packet.Payload, UInt32) in [(Self.going, 7440), (.udp(), 300), (.echoRequest, 60)] {
                try talk.setPod(mode: .record)
                let start = try talk.world.clock()
                try #expect(talk.send(payload).verdict == World.Outcome.pass)
                try talk.setPod()
                try #expect(talk.send(payload).counts == ["exempt": 1])
                try #expect(talk.use().pod == .init(others: 1))
                try #expect(talk.lives(for: seconds, since: start))
            }
            try #expect(talk.use().pod == .init())
        }
    }
}
