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
        value.egress_ipv4 = try egressIPv4.wire4("egress IP")
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
            egressIPv4: IPAddress(wire4: value.egress_ipv4), set: value.set,
            interfaceIndex: value.ifindex == 0 ? nil : Int(value.ifindex), policy: value.policy,
            keptPorts: value.keep_min...value.keep_max, portSlice: value.port_base...last,
            isShared: value.flags & EGRESS_ENTRY_SHARED.rawValue != 0)
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
