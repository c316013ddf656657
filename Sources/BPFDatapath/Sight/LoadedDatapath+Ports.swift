import CEgressABI
import EgressModel
import EgressPlan

extension LoadedDatapath {
    func portUse(_ query: PortQuery) throws -> [PortUse] {
        let uses = try tables.ipv4.portUse(query) + tables.ipv6.portUse(query)
        return Array(uses.sorted(by: PortUse.inOrder).prefix(query.limit))
    }
}

/// What has ports of its own: the same port may serve different ones.
private struct PortSpace: Hashable {
    var egressIP: IPAddress
    var transport: IPProtocol
    var remote: Endpoint
}

extension FamilyTables {
    fileprivate func portUse(_ query: PortQuery) throws -> [PortUse] {
        var used: [PortSpace: Int] = [:]
        _ = try reverse.walk(from: nil, atMost: .max) { keys, _ in
            for key in keys {
                let space = Self.space(key)
                if query.fits(egressIP: space.egressIP, remote: space.remote) { used[space, default: 0] += 1 }
            }
        }
        var refusals: [PortSpace: UInt64] = [:]
        for (key, count) in try refused.all() {
            let space = Self.space(key)
            if query.fits(egressIP: space.egressIP, remote: space.remote) { refusals[space] = count }
        }
        let capacity = try portsByAddress()
        return Set(used.keys).union(refusals.keys).map { space in
            PortUse(
                egressIP: space.egressIP, transport: space.transport, remote: space.remote, used: used[space] ?? 0,
                capacity: capacity[space.egressIP]?.count ?? 0, refused: refusals[space] ?? 0)
        }
    }

    private static func space(_ key: Family.ReverseKey) -> PortSpace {
        PortSpace(
            egressIP: Family.address(key.egress), transport: IPProtocol(key.protocol),
            remote: Endpoint(Family.address(key.remote), UInt16(bigEndian: key.remote_port)))
    }

    /// Ports that new connections of each address may have, by any entry.
    private func portsByAddress() throws -> [IPAddress: Ports] {
        var ports: [IPAddress: Ports] = [:]
        for (_, entry) in try entries.all() {
            let last = UInt32(entry.port_base) + UInt32(entry.port_mask)
            for address in entry.addresses.map(Family.address) {
                ports[address, default: Ports()].add(UInt32(entry.keep_min), UInt32(entry.keep_max))
                ports[address, default: Ports()].add(UInt32(entry.port_base), last)
            }
        }
        return ports
    }
}

/// A set of ports, as ranges that may overlap.
private struct Ports {
    private var ranges: Set<ClosedRange<UInt32>> = []

    mutating func add(_ first: UInt32, _ last: UInt32) {
        if first <= last { ranges.insert(first...last) }
    }

    var count: Int {
        var total = 0
        var next: UInt32 = 0
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) where range.upperBound >= next {
            total += Int(range.upperBound - max(range.lowerBound, next)) + 1
            next = range.upperBound + 1
        }
        return total
    }
}
