public import EgressModel

extension Explanation {
    /// With what the snapshot's network policies say of the same connection, and what a user should know of them.
    public func judged(by snapshot: ClusterSnapshot) -> Explanation {
        var explanation = self
        let verdict = networkPolicyVerdict(for: pod, to: destination, in: snapshot)
        explanation.networkPolicy = verdict
        var findings: [Finding] = []
        if verdict.answer == .denied { findings.append(denial(verdict)) }
        let about = snapshot.networkPolicies.policies.filter { $0.isAbout(pod.namespace) }
        findings += about.filter { $0.parts == nil }.flatMap(\.findings)
        findings += namesNotSeen(about, verdict)
        explanation.findings = Array(Set(explanation.findings + findings)).sorted()
        return explanation
    }

    private func denial(_ denied: NetworkPolicyVerdict) -> Finding {
        // Redirected packets never meet netfilter.
        let passes = verdict?.action == .gateway && verdict?.steering != .stack
        let hint =
            passes
            ? "allow it, if it is meant to pass; a plugin that enforces policies in the node's iptables doesn't see steered packets"
            : "allow it, if it is meant to pass"
        return Finding(
            .warning, .connectionDenied, object: pod.reference, message: "\(denied.reason): it doesn't come as far as an egress policy",
            hint: hint)
    }

    /// Cilium learns addresses of names from pods' own questions, which only a rule with `rules.dns` shows it.
    private func namesNotSeen(_ policies: [NetworkPolicyObject], _ verdict: NetworkPolicyVerdict) -> [Finding] {
        let concerning = Set(verdict.by.map(\.policy))
        let rules = policies.filter { $0.kind.isCilium && concerning.contains($0.reference) }.compactMap { policy in
            policy.parts.map { (policy.reference, $0.flatMap(\.allowed)) }
        }
        let seesNames = rules.contains { $0.1.contains { rule in rule.conditions.contains { $0.hasSuffix(".rules.dns") } } }
        guard !seesNames, let first = rules.first(where: { $0.1.contains(where: \.isByName) }) else { return [] }
        return [
            Finding(
                .warning, .namesNotSeen, object: first.0,
                message: "allows destinations by name, and no policy of the pod shows Cilium which addresses the pod resolves",
                hint: "allow DNS with rules.dns (toPorts, port 53): without it a name has only what other pods of the node resolved")
        ]
    }
}

extension NetworkPolicyRule {
    fileprivate var isByName: Bool {
        peers?.contains { peer in
            switch peer.match {
            case .name, .pattern: true
            case .pods, .block, .endpoints, .entity, .unjudged: false
            }
        } ?? false
    }
}
