import CEgressABI
import EgressModel
import EgressPlan

extension SetRule {
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

    init(_ prefix: IPPrefix, _ value: egress_rule) {
        let action: Action =
            switch UInt32(value.action) {
            case EGRESS_ACTION_GATEWAY.rawValue: .gateway
            case EGRESS_ACTION_EXCLUDE.rawValue: .exclude
            default: .drop(value.reason)
            }
        self.init(prefix: prefix, action: action, policy: value.policy)
    }
}
