import EgressModel

/// Which `EGRESS_DROP_*` of `bpf/include/egress_abi_counts.h` a rule's code becomes; the counters then speak of the same cause.
enum DropReason {
    static let noGateway: UInt8 = 4
    static let noEgressIP: UInt8 = 5
    static let family: UInt8 = 7
    static let notAnnounced: UInt8 = 26
    static let guarded: UInt8 = 36
    static let service: UInt8 = 37

    static func number(_ code: ReasonCode) -> UInt8 {
        switch code {
        case .noGatewayMatches, .noGatewayEligible, .nodeSilent: noGateway
        case .entryNotAnnounced: notAnnounced
        case .familyWithoutDatapath: family
        default: noEgressIP
        }
    }
}
