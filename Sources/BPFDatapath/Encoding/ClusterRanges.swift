import CEgressABI
import EgressModel
import EgressPolicy

extension IPPrefix {
    func clusterKey4() throws -> egress_lpm4_key {
        egress_lpm4_key(prefixlen: UInt32(length), address: try address.wire4("range"))
    }

    func clusterKey6() throws -> egress_lpm6_key {
        egress_lpm6_key(prefixlen: UInt32(length), address: try address.wire6("range"))
    }

    init?(_ key: egress_lpm4_key) {
        self.init(IPAddress(wire4: key.address), length: Int(key.prefixlen))
    }

    init?(_ key: egress_lpm6_key) {
        self.init(IPAddress(wire6: key.address), length: Int(key.prefixlen))
    }
}

extension InClusterRange.Kind {
    var encoded: UInt32 {
        switch self {
        case .pod, .assumed: EGRESS_RANGE_POD.rawValue
        case .service: EGRESS_RANGE_SERVICE.rawValue
        case .node: EGRESS_RANGE_NODE.rawValue
        case .local: EGRESS_RANGE_LOCAL.rawValue
        }
    }

    init?(encoded: UInt32) {
        guard let kind = Self.allCases.first(where: { $0.encoded == encoded }) else { return nil }
        self = kind
    }
}
