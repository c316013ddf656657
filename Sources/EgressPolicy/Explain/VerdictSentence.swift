import EgressModel

/// Turns a walk into the verdict, with its one sentence for a person.
struct VerdictSentence {
    let pod: Pod
    let destination: IPAddress
    let effective: EffectivePolicy

    private var name: String { "\(pod.namespace)/\(pod.name)" }
    private var asNode: String { pod.nodeName.map { "as its node \($0)" } ?? "as its node" }

    func verdict(_ walk: PodWalk) -> Verdict {
        switch walk {
        case .notApplicable(let reason):
            return plain(.notApplicable, reason, "Egress policies don't apply to \(name): \(reason.text).")
        case .inCluster(let range) where range.kind == .assumed:
            let text = "\(destination) is treated as inside: the cluster's own ranges aren't known"
            return plain(.direct, Reason(.rangesUnknown, text), "\(name) leaves \(asNode): \(text), and nothing private is steered.")
        case .inCluster(let range):
            let reason = Reason(.inCluster, "\(destination) is inside the cluster (\(range.title))")
            return plain(.direct, reason, "\(name) reaches \(destination) directly: it is inside the cluster (\(range.title)).")
        case .unselected:
            let reason = Reason(.noPolicyClaims, "no policy selects the pod")
            return plain(.direct, reason, "\(name) leaves \(asNode): no policy selects it.")
        case .unmatched:
            let reason = Reason(.noPolicyClaims, "no policy that selects the pod has a destination that holds \(destination)")
            return plain(.direct, reason, "\(name) leaves \(asNode): no policy that selects it claims \(destination).")
        case .rule(let rule):
            return verdict(rule)
        case .unknown(let reason, let policy):
            var verdict = plain(nil, reason, "How \(name) leaves can't be said: \(reason.text)\(policy.map { " (policy \($0))" } ?? "").")
            verdict.policy = policy
            return verdict
        }
    }

    private func verdict(_ rule: ResolvedRule) -> Verdict {
        var verdict = plain(.drop, rule.reason, sentence(rule))
        switch rule.action {
        case .gateway where rule.reason.code.isUnread: verdict.action = nil
        case .gateway: verdict.action = .gateway
        case .exclude: verdict.action = .exclude
        case .drop: verdict.action = .drop
        }
        verdict.policy = rule.policy
        verdict.gatewayNode = rule.gatewayNode
        verdict.gatewayIP = rule.gatewayAddress
        verdict.egressIP = rule.egressIP
        verdict.steering = rule.action == .gateway ? effective.report(of: pod.nodeName)?.steering?.default : nil
        return verdict
    }

    private func sentence(_ rule: ResolvedRule) -> String {
        switch rule.action {
        case .gateway where rule.reason.code.isUnread:
            return "\(name) is claimed by policy \(rule.policy) for \(rule.prefix); \(rule.reason.text)."
        case .gateway:
            let address = rule.egressIP.map(\.description) ?? "an address that no node has reported yet"
            return "\(name) leaves by \(address) through gateway \(rule.gatewayNode ?? "?") (policy \(rule.policy))."
        case .exclude where rule.reason.code == .bypass:
            return "\(name) leaves \(asNode): \(rule.reason.text) (policy \(rule.policy))."
        case .exclude:
            return "\(name) leaves \(asNode): \(rule.prefix) is excluded (policy \(rule.policy))."
        case .drop:
            return "Packets of \(name) to \(destination) are dropped: \(rule.reason.text) (policy \(rule.policy))."
        }
    }

    private func plain(_ action: Verdict.Action?, _ reason: Reason, _ sentence: String) -> Verdict {
        Verdict(action: action, code: reason.code, reason: reason.text, sentence: sentence)
    }
}

extension InClusterRange {
    /// `pod range 10.244.0.0/16`, `service address 10.96.0.10`.
    var title: String {
        if kind == .assumed { return "private range \(prefix), as the cluster's own aren't known" }
        guard prefix.length == prefix.family.bitWidth else { return "\(kind.rawValue) range \(prefix)" }
        return "\(kind.rawValue) address \(prefix.address)"
    }
}

extension EffectivePolicy {
    /// What the node says of itself.
    func report(of node: String?) -> EgressNode? { egressNodes.first { $0.name == node } }
}
