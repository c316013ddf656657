import CEgressABI
import EgressPolicy

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
