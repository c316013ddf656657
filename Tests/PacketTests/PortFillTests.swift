import EgressModel
import EgressPlan
import TestKit
import Testing

@testable import BPFDatapath

@Suite("How full the ports of an address become", .requires(.packet))
struct PortFillTests {
    /// Ports of a dedicated address to one remote.
    private static let ports = Int(UInt16.max) - 1023

    /// Connections of many pods with ports as Linux chooses them, until one is refused or `most` are served; how many were, and
    /// how many of them kept their port.
    private static func fill(_ talk: Talk, most: Int) throws -> (served: Int, kept: Int) {
        var random = Numbers(state: 0x9e37_79b9_7f4a_7c15)
        var frame = talk.packet().frame
        let isIPv6 = talk.kind.family == .ipv6
        let (pod, port) = (isIPv6 ? 37 : 29, isIPv6 ? 54 : 34)
        let run = TestRun(program: try talk.world.tunnelEntrance(talk.hook), interface: talk.world.tunnelIndex)
        var met: Set<UInt32> = []
        var kept = 0
        while met.count < most {
            let (last, own) = (UInt8(1 + random.next() % 250), UInt16(32768 + random.next() % 28232))
            guard met.insert(UInt32(last) << 16 | UInt32(own)).inserted else { continue }
            frame[pod] = last
            frame.replaceSubrange(port..<(port + 2), with: octets(own))
            let out = try run.run(frame)
            guard out.verdict == World.Outcome.redirect else { return (met.count - 1, kept) }
            if out.bytes[port..<(port + 2)].elementsEqual(octets(own)) { kept += 1 }
        }
        return (met.count, kept)
    }

    private struct Numbers {
        var state: UInt64

        /// xorshift64 (Marsaglia, 2003).
        mutating func next() -> UInt64 {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return state
        }
    }

    @Test(arguments: Talk.kinds.filter { $0.place == .elsewhere })
    func `95 of 100 ports of a dedicated address are in use to one server before any is refused`(_ kind: Talk.Kind) async throws {
        try await Talk.with(kind, capacity: 98_304) { talk in
            try talk.setLimits(ConnectionLimits(connectionsPerPod: 0, translationsPerEntry: 0))
            let wanted = Self.ports * 95 / 100
            let counts = try talk.world.counting {
                let (served, kept) = try Self.fill(talk, most: wanted)
                #expect(served == wanted)
                #expect(kept > 20_000, "the first candidate is the pod's own port")
            }
            #expect(counts["no_port"] == nil)
            let used = try talk.fill()
            #expect(used.forward == wanted)
            #expect(used.reverse == wanted, "\(used.reverse) of \(Self.ports)")
            let tries = try (0...256).map { try talk.world.connectionsMade(withTries: UInt32($0)) ?? 0 }
            #expect(tries.reduce(0, +) == UInt64(used.reverse))
            let mean = Double(zip(0..., tries).reduce(0) { $0 + UInt64($1.0) * $1.1 }) / Double(used.reverse)
            #expect(mean < 4, "\(mean)")
        }
    }

    @Test(arguments: Talk.kinds.filter { $0.place == .elsewhere })
    func `beyond that a connection is refused by its reason, and the full slice serves its own`(_ kind: Talk.Kind) async throws {
        try await Talk.with(kind) { talk in
            try talk.setEntry(kept: 1...1, slice: 40960...43007)
            let counts = try talk.world.counting { _ = try Self.fill(talk, most: 4000) }
            #expect(counts["no_port"] == 1)
            let used = try talk.fill().reverse
            #expect(used * 100 >= 2048 * 95, "\(used) of 2048")
            let free = try talk.send(from: 1000, to: talk.otherServer)
            #expect(free.verdict == World.Outcome.redirect, "the ports are full to one server only")
        }
    }

    @Test(arguments: Talk.kinds.filter { $0.place == .elsewhere })
    func `a gateway with the same secret chooses the same ports`(_ kind: Talk.Kind) async throws {
        try await Talk.with(kind) { talk in
            try talk.setEntry(kept: 1...1)
            let before = try (0..<50).map { try talk.send(from: 1000 + $0).frame.sourcePort }
            #expect(before.allSatisfy { $0 >= 1024 })
            #expect(Set(before).count == 50)
            try talk.world.execute(.removeEntry(id: Role.localEntry))
            try talk.world.execute(.forgetTranslations(entry: Role.localEntry))
            try talk.setEntry(kept: 1...1)
            try #expect((0..<50).map { try talk.send(from: 1000 + $0).frame.sourcePort } == before)
        }
    }
}
