import EgressModel

/// Each policy against one pod and destination: whether it selects the pod, the fields that decided, and what it lacks.
struct PolicyReasons {
    let pod: ResolvedPod
    let destination: IPAddress?
    let effective: EffectivePolicy

    /// Selecting policies first, then what may select; in each group the nearest first: the one that lacks least, then by
    /// name.
    func all() -> [PolicyExplanation] {
        let selectors = SelectorReasons(pod.pod, effective)
        let explanations = effective.policies.map { explain($0.policy, selectors.rules($0.policy)) }
        return [true, nil, false].flatMap { selects in
            explanations.filter { $0.selects == selects }
                .sorted { a, b in a.lacking != b.lacking ? a.lacking < b.lacking : bytewise(a.name, b.name) }
        }
    }

    private func explain(_ policy: EgressGatewayPolicy, _ rules: [SelectorReasons.Rule]) -> PolicyExplanation {
        if let reason = pod.notApplicable {
            return PolicyExplanation(
                name: policy.name, selects: false, why: [reason.text], wouldNeed: ["a pod that egress policies can apply to"])
        }
        if let matching = rules.first(where: { $0.unmet.isEmpty && $0.unknown.isEmpty }) {
            let (why, wouldNeed) = destination.map { matched(policy, $0) } ?? ([], [])
            return PolicyExplanation(name: policy.name, selects: true, why: matching.met + why, wouldNeed: wouldNeed)
        }
        if let unknown = rules.first(where: \.unmet.isEmpty) {
            return PolicyExplanation(name: policy.name, selects: nil, why: unknown.met + unknown.unknown)
        }
        return unselected(policy, rules)
    }

    /// Of several rules the nearest first; the others are other ways, each in one line. A destination that the policy doesn't
    /// hold would be needed by every one of them.
    private func unselected(_ policy: EgressGatewayPolicy, _ rules: [SelectorReasons.Rule]) -> PolicyExplanation {
        let ordered = rules.enumerated().sorted { a, b in
            a.element.unmet.count != b.element.unmet.count ? a.element.unmet.count < b.element.unmet.count : a.offset < b.offset
        }
        let (why, more) = destination.map { held(policy, $0) } ?? ([], [])
        var wouldNeed = ordered.first?.element.wouldNeed ?? ["a rule in spec.selectors"]
        wouldNeed += more
        let lacking = wouldNeed.count
        wouldNeed += ordered.dropFirst().map { rule in
            "\(PolicyExplanation.otherWay)by spec.selectors[\(rule.offset)]: \((rule.element.wouldNeed + rule.element.unknown).joined(separator: "; "))"
        }
        var explanation = PolicyExplanation(
            name: policy.name, selects: false, why: ordered.flatMap(\.element.unmet) + why, wouldNeed: wouldNeed)
        explanation.lacking = lacking
        return explanation
    }

    /// Whether a policy that doesn't select the pod would hold the destination.
    private func held(_ policy: EgressGatewayPolicy, _ destination: IPAddress) -> (why: [String], wouldNeed: [String]) {
        guard effective.clusterRange(holding: destination) == nil else { return ([], []) }
        guard let own = policy.longest(holding: destination), let field = policy.field(of: own) else {
            return unmatched(policy, destination)
        }
        return (["\(field): \(own) holds \(destination)"], [])
    }

    /// The prefix that decides in a policy which selects the pod, or the one that is nearest to the destination.
    private func matched(_ policy: EgressGatewayPolicy, _ destination: IPAddress) -> (why: [String], wouldNeed: [String]) {
        if let range = effective.clusterRange(holding: destination) {
            return (["\(destination) is inside the cluster (\(range.title)), which no policy steers"], [])
        }
        guard let own = policy.longest(holding: destination), let field = policy.field(of: own) else {
            return unmatched(policy, destination)
        }
        let why = "\(field): \(own) holds \(destination)"
        guard let rule = pod.rule(for: destination), rule.policyUID != policy.metadata.uid else { return ([why], []) }
        let other = effective.policies.first { $0.policy.metadata.uid == rule.policyUID }?.policy
        if rule.prefix == own, let other {
            let lost = "policy \(other.name) decides the equal prefix (\(other.advantage(over: policy)))"
            return ([why, lost], ["\(EgressAnnotation.priority) above \(other.priority)"])
        }
        return (
            [why, "\(rule.prefix) of policy \(rule.policy) is longer and decides"],
            ["a prefix longer than /\(rule.prefix.length) that holds \(destination)"]
        )
    }

    private func unmatched(_ policy: EgressGatewayPolicy, _ destination: IPAddress) -> (why: [String], wouldNeed: [String]) {
        let width = destination.family.bitWidth
        let nearest = policy.destinationCIDRs.enumerated().filter { $0.element.family == destination.family }
            .max { common($0.element, destination, width) < common($1.element, destination, width) }
        let need = "a destination that holds \(destination)"
        guard let nearest else {
            return (["spec.destinationCIDRs: none of \(destination.family.title)"], [need])
        }
        let text = "spec.destinationCIDRs[\(nearest.offset)]: \(nearest.element) doesn't hold \(destination), and no other one does"
        return ([text], ["\(need); nearest is spec.destinationCIDRs[\(nearest.offset)], \(nearest.element)"])
    }

    /// Leading bits that the prefix's address and the destination share.
    private func common(_ prefix: IPPrefix, _ destination: IPAddress, _ width: Int) -> Int {
        let different = prefix.address.bits ^ destination.bits
        return min(prefix.length, different.leadingZeroBitCount - (128 - width))
    }
}

extension EgressGatewayPolicy {
    /// The longest of its destinations and exclusions that holds the address.
    fileprivate func longest(holding address: IPAddress) -> IPPrefix? {
        (destinationCIDRs + excludedCIDRs).filter { $0.contains(address) }.max { $0.length < $1.length }
    }
}
