import CEgressABI
import EgressModel
import EgressPlan

@testable import BPFDatapath

/// What the maps hold of a ``Talk``'s family.
extension Talk {
    struct Fill: Equatable {
        var flows = 0
        var forward = 0
        var reverse = 0
    }

    struct Use: Equatable {
        var pod = ConnectionUse()
        var entry = ConnectionUse()
        /// Others' claims on ports of shared addresses.
        var claims = ConnectionUse()
    }

    private func read<Result: Sendable>(
        _ ipv4: (FamilyTables<IPv4Datapath>) throws -> Result, _ ipv6: (FamilyTables<IPv6Datapath>) throws -> Result
    ) throws -> Result {
        try world.datapath.withLoaded { loaded in
            switch kind.family {
            case .ipv4: try ipv4(loaded.tables.ipv4)
            case .ipv6: try ipv6(loaded.tables.ipv6)
            }
        }
    }

    func fill() throws -> Fill { try read(Self.fill, Self.fill) }

    private static func fill<Family>(_ tables: FamilyTables<Family>) throws -> Fill {
        Fill(
            flows: try tables.flows.countByWalking(), forward: try tables.forward.countByWalking(),
            reverse: try tables.reverse.countByWalking())
    }

    /// One translation, whole: as many entries as the place needs.
    var whole: Fill { kind.place == .here ? Fill(flows: 1, forward: 0, reverse: 1) : Fill(flows: 0, forward: 1, reverse: 1) }

    func use() throws -> Use {
        let pod = UInt32(world.podIndex)
        return try read({ try Self.use($0, pod) }, { try Self.use($0, pod) })
    }

    private static func use<Family>(_ tables: FamilyTables<Family>, _ pod: UInt32) throws -> Use {
        Use(
            pod: try tables.podUse.value(pod).map(ConnectionUse.init) ?? ConnectionUse(),
            entry: try tables.entryUse.value(Role.localEntry).map(ConnectionUse.init) ?? ConnectionUse(),
            claims: try tables.entryUse.value(0).map(ConnectionUse.init) ?? ConnectionUse())
    }

    /// As if a helper had died between a deletion and its count, `number` times.
    func loseCounts(_ number: Int32) throws {
        let pod = UInt32(world.podIndex)
        try read({ try Self.lose($0, pod, number) }, { try Self.lose($0, pod, number) })
    }

    private static func lose<Family>(_ tables: FamilyTables<Family>, _ pod: UInt32, _ number: Int32) throws {
        let change = ConnectionUse(steered: number)
        try UseCorrection<Family>.apply(tables.flows.object, .pod(pod), change)
        try UseCorrection<Family>.apply(tables.flows.object, .entry(Role.localEntry), change)
    }

    /// As if every packet had come `seconds` earlier.
    func age(by seconds: UInt32) throws { try read({ try Self.age($0, seconds) }, { try Self.age($0, seconds) }) }

    private static func age<Family>(_ tables: FamilyTables<Family>, _ seconds: UInt32) throws {
        for (key, var flow) in try tables.flows.all() {
            flow.half.last -= seconds
            try tables.flows.set(key, flow)
        }
        for (key, var half) in try tables.forward.all() {
            half.last -= seconds
            try tables.forward.set(key, half)
        }
        for (key, var half) in try tables.reverse.all() {
            half.last -= seconds
            half.until = 0
            try tables.reverse.set(key, half)
        }
    }

    func ports() throws -> [PortRemote: PortTally.Count] {
        try read({ try PortTally($0).counts }, { try PortTally($0).counts })
    }

    /// Flags of both sides of the translations, and whether each half is marked dying.
    func halves() throws -> [String] { try read(Self.halves, Self.halves) }

    private static func halves<Family>(_ tables: FamilyTables<Family>) throws -> [String] {
        let flows = try tables.flows.all().map { "flow \($0.value.half.seen) \($0.value.seen_in) \($0.value.half.flags)" }
        let forward = try tables.forward.all().map { "forward \($0.value.seen) \($0.value.flags)" }
        return flows + forward + (try tables.reverse.all().map { "reverse \($0.value.seen) \($0.value.flags)" })
    }
}
