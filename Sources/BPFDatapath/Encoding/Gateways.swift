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
    func encoded() throws -> egress_node {
        guard let podNetwork else { return egress_node() }
        let mask: UInt32 = podNetwork.length == 0 ? 0 : UInt32.max << (32 - podNetwork.length)
        return egress_node(pod_network: try podNetwork.address.wire4("pod network"), pod_mask: mask.bigEndian)
    }

    init(_ value: egress_node) {
        let mask = UInt32(bigEndian: value.pod_mask)
        self.init(
            podNetwork: mask == 0 ? nil : IPPrefix(IPAddress(wire4: value.pod_network), length: mask.nonzeroBitCount))
    }
}
