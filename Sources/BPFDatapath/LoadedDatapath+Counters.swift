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
        [
            try small(tables.pods), try small(tables.rules4), try small(tables.rules6), try small(tables.cluster4),
            try small(tables.cluster6), try small(tables.policies), try small(tables.choices), try small(tables.gateways),
            try small(tables.nodes), try small(tables.entries), try small(tables.egressAddresses),
            try large(tables.flows), try large(tables.forward), try large(tables.reverse),
        ]
    }

    private func small<Key, Value>(_ table: BPFTable<Key, Value>) throws -> MapFill {
        MapFill(name: table.name, used: try table.keys().count, capacity: table.capacity)
    }

    private func large<Key, Value>(_ table: BPFTable<Key, Value>) throws -> MapFill {
        MapFill(name: table.name, used: try table.countByWalking(), capacity: table.capacity)
    }
}
