import CEgressABI
import EgressModel
import EgressPlan

extension SetRule {
    /// Bits of the set's number before the destination in a rule's key.
    private static let setBits = 32

    func key4(set: UInt32) throws -> egress_rule4_key {
        egress_rule4_key(
            prefixlen: UInt32(Self.setBits + prefix.length), set: set, destination: try prefix.address.wire4("destination"))
    }

    func key6(set: UInt32) throws -> egress_rule6_key {
        egress_rule6_key(
            prefixlen: UInt32(Self.setBits + prefix.length), set: set, destination: try prefix.address.wire6("destination"))
    }

    func encoded() -> egress_rule {
        var value = egress_rule()
        value.policy = policy
        switch action {
        case .gateway: value.action = UInt8(EGRESS_ACTION_GATEWAY.rawValue)
        case .exclude: value.action = UInt8(EGRESS_ACTION_EXCLUDE.rawValue)
        case .drop(let reason):
            value.action = UInt8(EGRESS_ACTION_DROP.rawValue)
            value.reason = reason
        }
        return value
    }

    init?(_ key: egress_rule4_key, _ value: egress_rule) {
        self.init(IPAddress(wire4: key.destination), Int(key.prefixlen) - Self.setBits, value)
    }

    init?(_ key: egress_rule6_key, _ value: egress_rule) {
        self.init(IPAddress(wire6: key.destination), Int(key.prefixlen) - Self.setBits, value)
    }

    private init?(_ address: IPAddress, _ length: Int, _ value: egress_rule) {
        guard let prefix = IPPrefix(address, length: length) else { return nil }
        let action: Action =
            switch UInt32(value.action) {
            case EGRESS_ACTION_GATEWAY.rawValue: .gateway
            case EGRESS_ACTION_EXCLUDE.rawValue: .exclude
            default: .drop(value.reason)
            }
        self.init(prefix: prefix, action: action, policy: value.policy)
    }
}
