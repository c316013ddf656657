import CEgressABI
import EgressModel
import EgressPlan

extension GatewayRecord {
    func encoded() -> egress_gateway {
        var value = egress_gateway()
        value.place = UInt8((place == .local ? EGRESS_PLACE_LOCAL : EGRESS_PLACE_REMOTE).rawValue)
        value.healthy = isHealthy ? 1 : 0
        return value
    }

    init(_ value: egress_gateway) {
        self.init(
            place: value.place == UInt8(EGRESS_PLACE_LOCAL.rawValue) ? .local : .remote, isHealthy: value.healthy != 0)
    }
}

extension NodeRecord {
    func encoded(address: IPAddress) throws -> egress_node {
        var value = egress_node()
        if let podNetwork {
            let network = try IPv4Datapath.wire(podNetwork.address, "pod network")
            value.pods4 = egress_network4(address: network, mask: try IPv4Datapath.wire(podNetwork.mask, "pod network"))
        }
        if let podNetwork6 {
            value.pods6 = egress_network6(
                address: try podNetwork6.address.wire6("pod network"), mask: try podNetwork6.mask.wire6("pod network"))
        }
        if address.family == .ipv6 { value.outer = try address.wire6("node") }
        return value
    }

    init(_ value: egress_node) {
        self.init(
            podNetwork: IPPrefix(IPv4Datapath.address(value.pods4.address), mask: IPv4Datapath.address(value.pods4.mask)),
            podNetwork6: IPPrefix(IPAddress(wire6: value.pods6.address), mask: IPAddress(wire6: value.pods6.mask)))
    }
}

extension IPPrefix {
    /// As an address whose first `length` bits are set.
    fileprivate var mask: IPAddress {
        let width = family.bitWidth
        let ones: UInt128 = length == 0 ? 0 : (UInt128.max >> (128 - length)) << (width - length)
        return family == .ipv4 ? IPAddress(ipv4: UInt32(truncatingIfNeeded: ones)) : IPAddress(ipv6: ones)
    }

    /// `nil` for a mask of no bits, which says nothing.
    fileprivate init?(_ address: IPAddress, mask: IPAddress) {
        guard !mask.isUnspecified else { return nil }
        self.init(address, length: mask.bits.nonzeroBitCount)
    }
}
