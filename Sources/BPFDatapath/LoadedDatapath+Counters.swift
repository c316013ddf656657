import CEgressABI
import EgressModel
import EgressPlan

extension LoadedDatapath {
    /// Drops by reason, then what else is counted, in the order of their numbers.
    func counters() throws -> [DatapathCounter] {
        let drops = try CounterNames.drops.map { try counter($0.number, $0.name, .drop(Int($0.number))) }
        let counts = try CounterNames.counts.map { try counter($0.number, $0.name, nil) }
        return drops + counts
    }

    private func counter(_ number: UInt32, _ name: String, _ code: ReasonCode?) throws -> DatapathCounter {
        let sums = try tables.counts.sums(number)
        return DatapathCounter(name: name, code: code, packets: sums.first ?? 0, bytes: sums.last ?? 0)
    }

    /// Entries and room of each table that fills.
    func mapFill() throws -> [MapFill] {
        try [
            small(tables.pods), small(tables.policies), small(tables.choices), small(tables.gateways), small(tables.nodes),
        ] + mapFill(tables.ipv4) + mapFill(tables.ipv6)
    }

    private func mapFill<Family>(_ tables: FamilyTables<Family>) throws -> [MapFill] {
        try [
            small(tables.rules), small(tables.cluster), small(tables.entries), small(tables.egressAddresses), large(tables.flows),
            large(tables.forward), large(tables.reverse),
        ]
    }

    private func small<Key, Value>(_ table: BPFTable<Key, Value>) throws -> MapFill {
        MapFill(name: table.name, used: try table.keys().count, capacity: table.capacity)
    }

    private func large<Key, Value>(_ table: BPFTable<Key, Value>) throws -> MapFill {
        MapFill(name: table.name, used: try table.countByWalking(), capacity: table.capacity)
    }
}
