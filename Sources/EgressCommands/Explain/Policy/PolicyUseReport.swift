import EgressModel
import EgressPolicy
import JSONText

/// What `explain policy` prints.
struct PolicyUseReport: CommandResult {
    let object: PolicyObject
    /// `nil`: it is rejected, and nothing leaves by it.
    let use: PolicyUse?
    let progress: PolicyProgress?
    let findings: [Finding]
    /// False: pods that it selects may be missing here.
    let hasEveryPod: Bool

    init(_ object: PolicyObject, snapshot: ClusterSnapshot, effective: EffectivePolicy, now: Int64) {
        self.object = object
        let resolved = effective.policies.first { $0.policy.name == object.metadata.name }
        use = resolved.map { PolicyUse(of: $0, in: effective) }
        progress = resolved.map { PolicyProgress(of: $0, in: effective, now: now) }
        hasEveryPod = effective.hasEveryPod && !snapshot.lacks(.pod)
        let reference = ObjectReference(kind: StatusReport.policyKind, name: object.metadata.name)
        let nodes = Set(progress?.nodes.map(\.name) ?? [])
        let all = Set(effective.findings + snapshot.findings + object.findings + (resolved?.findings ?? []))
        findings = all.filter { finding in
            guard let object = finding.object else { return true }
            if object.kind == "Node" || object.kind == "EgressNode" { return nodes.contains(object.name) }
            return object == reference
        }.sorted()
    }

    var names: [String] { (use?.pods ?? []).map { "pod/\($0.pod.name)" } }

    /// Candidates of all its entries, each node once.
    var gateways: [(candidate: GatewayCandidate, isChosen: Bool, pods: Int)] {
        guard let use else { return [] }
        var byNode: [String: GatewayCandidate] = [:]
        for candidate in use.resolved.entries.flatMap(\.candidates)
        where byNode[candidate.node]?.ineligible != nil || byNode[candidate.node] == nil {
            byNode[candidate.node] = candidate
        }
        let chosen = Set(use.resolved.entries.compactMap(\.gateway).map(\.node))
        return byNode.values.sorted { $0.node < $1.node }.map { candidate in
            let pods = use.pods.count { $0.rules.contains { $0.action == .gateway && $0.gatewayNode == candidate.node } }
            return (candidate, chosen.contains(candidate.node), pods)
        }
    }

    /// The answer in a sentence.
    var sentence: String {
        guard let use else { return "Nothing leaves by \(object.metadata.name): the policy is rejected." }
        guard !use.pods.isEmpty else {
            let unsure = hasEveryPod ? "" : ", as far as pods could be read"
            return "No pod leaves by \(object.metadata.name): it selects none\(unsure)."
        }
        var counts: [String: Int] = [:]
        for pod in use.pods { counts[Self.outcome(pod), default: 0] += 1 }
        let parts = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(4).map { outcome, count in
            outcome.replacing("leave by", with: count == 1 ? "leaves by" : "leave by").prefixed("\(counted(count, "pod", "pods")) ")
        }
        let more = counts.count > parts.count ? "; and \(counts.count - parts.count) more ways" : ""
        return parts.joined(separator: "; ") + more + (hasEveryPod ? "." : ", as far as pods could be read.")
    }

    private static func outcome(_ pod: PolicyUse.PodUse) -> String {
        let claims = pod.rules.filter { $0.action != .exclude }
        if let rule = claims.first(where: { $0.action == .gateway }) {
            return "leave by \(rule.egressIP?.description ?? "an address that isn't known") through \(rule.gatewayNode ?? "?")"
        }
        if let drop = claims.first { return "can't leave: \(drop.reason.coded)" }
        return pod.rules.isEmpty ? "selected, but other policies decide" : "excluded or passed by: \(pod.rules[0].reason.coded)"
    }
}

extension String {
    fileprivate func prefixed(_ prefix: String) -> String { prefix + self }
}

extension PolicyUse.PodUse {
    /// Each once, IPv4 first.
    var egressIPs: [IPAddress] { Set(rules.filter { $0.action == .gateway }.compactMap(\.egressIP)).sorted() }
    var gatewayNodes: [String] { Set(rules.compactMap(\.gatewayNode)).sorted() }

    /// The rule that says most: one that leaves, else one that drops, else an exclusion.
    var main: ResolvedRule? {
        rules.first { $0.action == .gateway } ?? rules.first { $0.action == .drop } ?? rules.first
    }
}
