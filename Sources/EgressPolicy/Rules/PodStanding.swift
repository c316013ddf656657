import EgressModel

/// What pods have in common that the same policies select, on nodes that reach the same gateways. It never changes: pods
/// for which something else holds have another one.
final class PodStanding: Sendable {
    /// Rules as somebody gave them, instead of claims.
    struct Given: Sendable {
        var rules: [ResolvedRule]
        var unaddressed: [UnaddressedClaim]
    }

    let notApplicable: Reason?
    let policies: [String]
    let undecided: [UndecidedPolicy]
    /// By family, then prefix.
    let claims: [SettledClaim]
    /// How many of them are IPv4's.
    let ipv4Claims: Int
    let given: Given?
    /// The engine's numbers of the policies that select these pods, ascending, and of those of which it isn't known.
    let selected: [Int]
    let unsure: [Int]

    init(
        notApplicable: Reason? = nil, policies: [String] = [], undecided: [UndecidedPolicy] = [], claims: [SettledClaim] = [],
        given: Given? = nil, selected: [Int] = [], unsure: [Int] = []
    ) {
        self.notApplicable = notApplicable
        self.policies = policies
        self.undecided = undecided
        self.claims = claims
        ipv4Claims = claims.prefix { $0.prefix.family == .ipv4 }.count
        self.given = given
        self.selected = selected
        self.unsure = unsure
    }

    var isUnselected: Bool { selected.isEmpty && unsure.isEmpty }

    /// Of pods that no policy selects.
    static let unselected = PodStanding()
    private static let hostNetwork = PodStanding(notApplicable: .ofHostNetwork)
    private static let succeeded = PodStanding(notApplicable: .finished(.succeeded))
    private static let failed = PodStanding(notApplicable: .finished(.failed))
    private static let unscheduled = PodStanding(notApplicable: .unscheduled)
    private static let unaddressed = PodStanding(notApplicable: .withoutAddress)

    /// Of a pod that can't have rules; `nil` when it can.
    static func withoutRules(_ pod: Pod) -> PodStanding? {
        if pod.isHostNetwork { return hostNetwork }
        if pod.isFinished { return pod.phase == .failed ? failed : succeeded }
        if pod.nodeName == nil { return unscheduled }
        return pod.addresses.isEmpty ? unaddressed : nil
    }
}

/// One prefix that a group of policies claims or excludes, and how its packets leave.
struct SettledClaim: Sendable {
    var prefix: IPPrefix
    var policy: String
    var policyUID: String
    /// `nil`: excluded.
    var routing: PolicyRouting?
    /// Names of policies whose equal prefix lost, best first.
    var beats: [String]

    /// For the pod at `source`.
    func rule(_ source: IPAddress, _ pod: String) -> ResolvedRule {
        guard let routing else {
            return ResolvedRule(
                source: source, prefix: prefix, action: .exclude, policy: policy, policyUID: policyUID,
                reason: Reason(.excluded, "\(prefix) is excluded by policy \(policy)"), beats: beats)
        }
        let options = routing.ranked(for: pod)
        let decision = routing.decision(source, options.first)
        return ResolvedRule(
            source: source, prefix: prefix, action: decision.action, policy: policy, policyUID: policyUID,
            gatewayNode: decision.gateway?.node, gatewayAddress: decision.gateway?.address, egressIP: decision.egressIP,
            interface: decision.gateway?.interface, ranked: decision.gateway == nil ? [] : options.compactMap(\.ranked),
            reason: decision.reason, beats: beats)
    }
}
