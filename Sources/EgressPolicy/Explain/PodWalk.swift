public import EgressModel

/// The way of one packet through the policies, until something decides.
enum PodWalk {
    case notApplicable(Reason)
    case inCluster(InClusterRange)
    case unselected
    /// Selected, and no policy holds the destination.
    case unmatched
    case rule(ResolvedRule)
    /// What decides couldn't be read. With the policy that may claim the packet, where it is one.
    case unknown(Reason, policy: String?)

    init(_ pod: ResolvedPod, to destination: IPAddress, _ effective: EffectivePolicy) {
        if let reason = pod.notApplicable {
            self = .notApplicable(reason)
        } else if pod.pod.address(destination.family) == nil {
            self = .notApplicable(Reason(.podWithoutAddress, "it has no \(destination.family.title) address"))
        } else if let range = effective.clusterRange(holding: destination) {
            self = .inCluster(range)
        } else if let unread = effective.unread(.policy) {
            self = .unknown(unread.reason("which policies there are"), policy: nil)
        } else if let undecided = pod.decisive(for: destination, effective) {
            self = .unknown(undecided.reason, policy: undecided.name)
        } else if pod.policies.isEmpty {
            self = .unselected
        } else if let rule = pod.rule(for: destination) {
            self = .rule(rule)
        } else {
            self = .unmatched
        }
    }
}

extension ResolvedPod {
    /// The rule of the longest prefix that holds the destination.
    public func rule(for destination: IPAddress) -> ResolvedRule? {
        rules.filter { $0.prefix.contains(destination) }.max { $0.prefix.length < $1.prefix.length }
    }

    /// The first policy that would decide about the destination if it selected the pod, which isn't known.
    fileprivate func decisive(for destination: IPAddress, _ effective: EffectivePolicy) -> UndecidedPolicy? {
        let known = rule(for: destination)?.prefix.length ?? -1
        return undecided.first { candidate in
            guard let policy = effective.policies.first(where: { $0.policy.metadata.uid == candidate.uid })?.policy else { return false }
            return (policy.destinationCIDRs + policy.excludedCIDRs).contains { $0.contains(destination) && $0.length >= known }
        }
    }
}

extension EffectivePolicy {
    /// The narrowest range inside the cluster that holds the address; such destinations are never steered.
    public func clusterRange(holding address: IPAddress) -> InClusterRange? {
        clusterRanges.filter { $0.prefix.contains(address) }.max { $0.prefix.length < $1.prefix.length }
    }
}
