import CEgressABI
import EgressModel
import EgressPlan

extension LoadedDatapath {
    func traffic(names: FlowNames) throws -> TrafficReport {
        var policies: [PolicyTraffic] = []
        for (slot, value) in try tables.policies.all() where slot < tables.traffic.capacity {
            let uid = PolicyUID.decoded(value)
            let counts = PacketCount.pairs(try tables.traffic.sums(slot))
            guard counts.count == 5 else { continue }
            policies.append(
                PolicyTraffic(
                    policy: names.policies[slot]?.name ?? uid, uid: uid, tunnelled: counts[0], delivered: counts[1], translated: counts[2],
                    reversed: counts[3], dropped: counts[4]))
        }
        var addresses: [AddressTraffic] = []
        try addTraffic(of: tables.ipv4, to: &addresses)
        try addTraffic(of: tables.ipv6, to: &addresses)
        return TrafficReport(
            counters: try counters(), policies: policies.sorted { ($0.policy, $0.uid) < ($1.policy, $1.uid) },
            egressIPs: addresses.sorted { $0.address < $1.address }, portTries: try portTries())
    }

    /// Those that happened; the map has them by the tries before the one that succeeded.
    private func portTries() throws -> [PortTries] {
        try (0..<tables.tries.capacity).compactMap { before in
            let connections = try tables.tries.sums(UInt32(before)).first ?? 0
            return connections == 0 ? nil : PortTries(tries: before + 1, connections: connections)
        }
    }

    private func addTraffic<Family>(of family: FamilyTables<Family>, to addresses: inout [AddressTraffic]) throws {
        for (address, value) in try family.egressAddresses.all() where value.counter != 0 && value.counter < tables.addressTraffic.capacity
        {
            let counts = PacketCount.pairs(try tables.addressTraffic.sums(value.counter))
            guard counts.count == 3 else { continue }
            addresses.append(
                AddressTraffic(address: Family.address(address), translated: counts[0], reversed: counts[1], dropped: counts[2]))
        }
    }

    /// A place that no egress address has, counters at zero; 0, which isn't counted, when there is none left.
    func newAddressCounter() throws -> UInt32 {
        let taken = Set(try tables.ipv4.egressAddresses.all().map(\.value.counter) + tables.ipv6.egressAddresses.all().map(\.value.counter))
        let free = (1..<UInt32(tables.addressTraffic.capacity)).first { !taken.contains($0) } ?? 0
        if free != 0 { try tables.addressTraffic.clear(free) }
        return free
    }
}

extension PacketCount {
    /// Packets and bytes in turn.
    fileprivate static func pairs(_ words: [UInt64]) -> [PacketCount] {
        stride(from: 0, to: words.count - 1, by: 2).map { PacketCount(packets: words[$0], bytes: words[$0 + 1]) }
    }
}
