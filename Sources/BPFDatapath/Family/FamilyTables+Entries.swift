import CEgressABI
import EgressModel
import EgressPlan

extension FamilyTables {
    /// The entry with its addresses of this family; none at all is an entry that drops by that reason.
    func setEntry(_ id: UInt32, _ record: EntryRecord) throws {
        let size = Int(record.portSlice.upperBound) - Int(record.portSlice.lowerBound) + 1
        guard size.nonzeroBitCount == 1 else {
            throw DatapathError("port slice \(record.portSlice.lowerBound)-\(record.portSlice.upperBound) is not a power of two ports")
        }
        let addresses = Family.family == .ipv4 ? record.egressIPv4 : record.egressIPv6
        let draining = record.draining.filter { $0.family == Family.family }
        guard addresses.count + draining.count <= Int(EGRESS_ENTRY_ADDRESSES) else {
            throw DatapathError("an entry of \(addresses.count) egress IPs of a family: at most \(EGRESS_ENTRY_ADDRESSES) fit")
        }
        var value = Family.Entry()
        value.setAddresses(try (addresses + draining).map { try Family.wire($0, "egress IP") })
        value.count = UInt32(addresses.count)
        value.drains = UInt32(draining.count)
        value.adopt_until = try adoption(id, addresses, draining)
        value.set = record.set
        value.ifindex = try record.interfaceIndex.map { try wireIndex($0, "the entry") } ?? 0
        value.policy = record.policy
        value.keep_min = record.keptPorts.lowerBound
        value.keep_max = record.keptPorts.upperBound
        value.port_base = record.portSlice.lowerBound
        value.port_mask = UInt16(truncatingIfNeeded: size - 1)
        value.flags = record.isShared ? EGRESS_ENTRY_SHARED.rawValue : 0
        try entries.set(id, value)
    }

    /// Until when it takes over connections in their middle. It does for a while after it gained an address, since another
    /// gateway had it until then. One that lost an address doesn't: then it had such connections itself, and by another.
    private func adoption(_ id: UInt32, _ addresses: [IPAddress], _ draining: [IPAddress]) throws -> UInt32 {
        let old = try entries.value(id)
        let before = Set(old?.heldAddresses.map(Family.address) ?? [])
        guard draining.isEmpty, before.isSubset(of: addresses) else { return 0 }
        guard before.count < addresses.count else { return old?.adopt_until ?? 0 }
        // 0 says never.
        return max(1, try coarseSeconds() &+ UInt32(EGRESS_ADOPT_SECONDS))
    }

    /// What translations of an entry may have.
    func heldAddresses(of id: UInt32) throws -> [IPAddress] {
        try entries.value(id).map { $0.heldAddresses.map(Family.address) } ?? []
    }
}

extension EntryLayout {
    /// The addresses of new translations.
    var addresses: [Address] { Array(heldAddresses.prefix(Int(count))) }
    /// Those that only living ones have.
    var drainingAddresses: [Address] { Array(heldAddresses.dropFirst(Int(count))) }
    var heldAddresses: [Address] {
        withUnsafeBytes(of: egress) { Array($0.bindMemory(to: Address.self).prefix(Int(count) + Int(drains))) }
    }

    fileprivate mutating func setAddresses(_ addresses: [Address]) {
        withUnsafeMutableBytes(of: &egress) { room in
            addresses.withUnsafeBytes { room.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0.prefix(room.count))) }
        }
    }
}

extension EntryRecord {
    /// `nil` for an entry that this program didn't write: its ports are no range.
    init?(_ value: egress_entry4, _ other: egress_entry6?) {
        let last = UInt32(value.port_base) + UInt32(value.port_mask)
        guard value.keep_min <= value.keep_max, let last = UInt16(exactly: last) else { return nil }
        self.init(
            egressIPv4: value.addresses.map(IPv4Datapath.address), egressIPv6: other?.addresses.map(IPv6Datapath.address) ?? [],
            draining: value.drainingAddresses.map(IPv4Datapath.address)
                + (other?.drainingAddresses.map(IPv6Datapath.address) ?? []),
            set: value.set, interfaceIndex: value.ifindex == 0 ? nil : Int(value.ifindex), policy: value.policy,
            keptPorts: value.keep_min...value.keep_max, portSlice: value.port_base...last,
            isShared: value.flags & EGRESS_ENTRY_SHARED.rawValue != 0)
    }
}

extension EgressAddressRecord {
    func encoded(counter: UInt32) -> egress_ip {
        egress_ip(
            flags: isShared ? EGRESS_ENTRY_SHARED.rawValue : 0, port_min: ports?.lowerBound ?? 0, port_max: ports?.upperBound ?? 0,
            counter: counter)
    }

    init(_ value: egress_ip) {
        let ports = value.port_min <= value.port_max ? value.port_min...value.port_max : nil
        self.init(isShared: value.flags & EGRESS_ENTRY_SHARED.rawValue != 0, ports: ports)
    }
}
