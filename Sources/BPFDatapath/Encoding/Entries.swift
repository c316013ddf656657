import CEgressABI
import EgressModel
import EgressPlan

extension EntryRecord {
    func encoded() throws -> egress_entry {
        let size = Int(portSlice.upperBound) - Int(portSlice.lowerBound) + 1
        guard size.nonzeroBitCount == 1 else {
            throw DatapathError("port slice \(portSlice.lowerBound)-\(portSlice.upperBound) is not a power of two ports")
        }
        var value = egress_entry()
        try value.setAddresses(egressIPv4.map { try $0.wire4("egress IP") })
        value.set = set
        value.ifindex = try interfaceIndex.map { try wireIndex($0, "the entry") } ?? 0
        value.policy = policy
        value.keep_min = keptPorts.lowerBound
        value.keep_max = keptPorts.upperBound
        value.port_base = portSlice.lowerBound
        value.port_mask = UInt16(truncatingIfNeeded: size - 1)
        value.flags = isShared ? EGRESS_ENTRY_SHARED.rawValue : 0
        return value
    }

    /// `nil` for an entry that this program didn't write: its ports are no range.
    init?(_ value: egress_entry) {
        let last = UInt32(value.port_base) + UInt32(value.port_mask)
        guard value.keep_min <= value.keep_max, let last = UInt16(exactly: last) else { return nil }
        self.init(
            egressIPv4: value.addresses.map { IPAddress(wire4: $0) }, set: value.set,
            interfaceIndex: value.ifindex == 0 ? nil : Int(value.ifindex), policy: value.policy,
            keptPorts: value.keep_min...value.keep_max, portSlice: value.port_base...last,
            isShared: value.flags & EGRESS_ENTRY_SHARED.rawValue != 0)
    }
}

extension egress_entry {
    /// The addresses in use, as on the wire.
    var addresses: [UInt32] {
        withUnsafeBytes(of: egress_ipv4) { Array($0.bindMemory(to: UInt32.self).prefix(Int(count))) }
    }

    fileprivate mutating func setAddresses(_ addresses: [UInt32]) throws {
        guard (1...Int(EGRESS_ENTRY_ADDRESSES)).contains(addresses.count) else {
            throw DatapathError("an entry of \(addresses.count) egress IPs: 1 to \(EGRESS_ENTRY_ADDRESSES) fit")
        }
        withUnsafeMutableBytes(of: &egress_ipv4) { room in
            addresses.withUnsafeBytes { room.copyMemory(from: $0) }
        }
        count = UInt32(addresses.count)
    }
}

extension EgressAddressRecord {
    func encoded() -> egress_ip {
        egress_ip(flags: isShared ? EGRESS_ENTRY_SHARED.rawValue : 0)
    }

    init(_ value: egress_ip) {
        self.init(isShared: value.flags & EGRESS_ENTRY_SHARED.rawValue != 0)
    }
}
