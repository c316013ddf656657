import EgressModel
import EgressPlan
import TestKit
import Testing

@testable import BPFDatapath

@Suite("Ports of connections that are over", .requires(.packet))
struct ReclaimTests {
    private static let closing = Packet.Payload.tcp(flags: Packet.fin | Packet.ack)
    private static let reset = Packet.Payload.tcp(flags: Packet.rst)

    /// Eight ports, each in use to one server.
    private static func fill(_ talk: Talk) throws {
        try talk.setEntry(kept: 50000...50007, slice: 50000...50007)
        for number: UInt16 in 0..<8 { try #expect(talk.send(from: 50000 + number).frame.sourcePort == 50000 + number) }
        for number: UInt16 in 0..<8 { try #expect(talk.answer(to: 50000 + number).verdict == World.Outcome.redirect) }
    }

    @Test(arguments: Talk.kinds)
    func `a port is another's once both sides closed its connection and it rested`(_ kind: Talk.Kind) async throws {
        try await Talk.with(kind) { talk in
            try Self.fill(talk)
            try #expect(talk.send(from: 900).drops == ["no_port": 1])
            try talk.send(Self.closing, from: 50003)
            try talk.age(by: 10)
            try #expect(talk.send(from: 900).drops == ["no_port": 1], "one side closed it")
            try talk.answer(Self.closing, to: 50003)
            try #expect(talk.send(from: 900).drops == ["no_port": 1], "it closed this moment")
            try talk.age(by: 10)
            let out = try talk.send(from: 900)
            #expect(out.frame.sourcePort == 50003)
            #expect(out.counts == ["translated": 1, "reclaimed": 1])
            try #expect(talk.answer(to: 50003).frame.destinationPort == 900)
            // The old owner's is gone whole, and nothing of the others.
            try #expect(talk.send(.tcp(flags: Packet.ack), from: 50003).drops == ["no_flow": 1])
            try #expect(talk.fill().reverse == 8)
            try #expect(talk.use().entry.steered == 8)
            for number: UInt16 in [0, 1, 2, 4, 5, 6, 7] {
                try #expect(talk.send(.tcp(flags: Packet.ack), from: 50000 + number).frame.sourcePort == 50000 + number)
            }
            try #expect(talk.send(from: 901).drops == ["no_port": 1], "living ones are never taken")
        }
    }

    @Test(arguments: Talk.kinds)
    func `a port is another's once its connection was reset and rested`(_ kind: Talk.Kind) async throws {
        try await Talk.with(kind) { talk in
            try Self.fill(talk)
            try talk.answer(Self.reset, to: 50006)
            try talk.age(by: 10)
            // A packet after the reset: somebody made that up, and the connection goes on.
            try talk.send(.tcp(flags: Packet.ack), from: 50006)
            try #expect(talk.send(from: 900).drops == ["no_port": 1])
            try talk.age(by: 10)
            try #expect(talk.send(from: 900).frame.sourcePort == 50006)
        }
    }

    @Test(arguments: Talk.kinds)
    func `a closed connection that its pod began anew keeps its port`(_ kind: Talk.Kind) async throws {
        try await Talk.with(kind) { talk in
            try Self.fill(talk)
            try talk.answer(Self.reset, to: 50006)
            try talk.send(from: 50006)
            try talk.age(by: 10)
            try #expect(talk.send(from: 900).drops == ["no_port": 1])
        }
    }

    @Test(arguments: Talk.kinds)
    func `a free port comes before that of a closed connection`(_ kind: Talk.Kind) async throws {
        try await Talk.with(kind) { talk in
            try talk.setEntry(kept: 50000...50007, slice: 50000...50007)
            for number: UInt16 in 0..<7 { try talk.send(from: 50000 + number) }
            for number: UInt16 in 0..<7 { try talk.answer(Self.reset, to: 50000 + number) }
            try talk.age(by: 10)
            try #expect(talk.send(from: 900).frame.sourcePort == 50007)
        }
    }
}
