public import EgressModel

/// Whether the network policies of a snapshot let a pod connect: those of Kubernetes, and Cilium's two kinds.
///
/// Policies add up as Cilium and the rules of Kubernetes have it: a deny rule that holds decides; a pod that some policy
/// isolates may only do what some rule allows; any other pod may do everything. What can't be judged is unknown.
/// - Parameter destination: `nil`: only whether any policy is about what leaves the pod.
public func networkPolicyVerdict(for pod: Pod, to destination: Destination?, in snapshot: ClusterSnapshot) -> NetworkPolicyVerdict {
    let judge = ConnectionJudge(pod: pod, snapshot: snapshot)
    guard let destination else { return judge.general() }
    return judge.verdict(to: destination)
}

/// Judges one pod's connections.
struct ConnectionJudge: Sendable {
    let pod: Pod
    let snapshot: ClusterSnapshot
    let world: ConnectionWorld

    init(pod: Pod, snapshot: ClusterSnapshot) {
        self.pod = pod
        self.snapshot = snapshot
        world = ConnectionWorld(snapshot)
    }

    func general() -> NetworkPolicyVerdict {
        if pod.isHostNetwork { return hostNetwork() }
        let policies = judgements(nil)
        let isolated = isolation(policies)
        let denying = policies.filter { $0.denies != false }
        var verdict = combined(policies, isolated: isolated, target: "")
        // Deny rules are judged with a destination alone, so a policy that only has those shows as one that isolates, or not at all.
        if isolated != false || !denying.isEmpty || hasDenyRules {
            verdict = NetworkPolicyVerdict(.unknown, "it depends on the destination: give one by --to", by: reasons(policies))
        }
        return completed(verdict, isolated: isolated)
    }

    private var hasDenyRules: Bool {
        snapshot.networkPolicies.policies.contains { policy in
            policy.isAbout(pod.namespace) && policy.parts?.contains { !$0.denied.isEmpty && !$0.isolates } ?? false
        }
    }

    func verdict(to destination: Destination) -> NetworkPolicyVerdict {
        if pod.isHostNetwork { return hostNetwork() }
        if destination.address.isLoopback || pod.addresses.contains(destination.address) {
            return NetworkPolicyVerdict(.allowed, "\(destination.address) is the pod itself")
        }
        let isOwned = snapshot.pods.contains { !$0.isFinished && $0.addresses.contains(destination.address) }
        let services = snapshot.services.filter { $0.addresses.contains(destination.address) }
        if !isOwned, let service = services.min(by: { $0.metadata.uid < $1.metadata.uid }) {
            return ServiceConnection(judge: self, service: service).verdict(to: destination)
        }
        let place = ConnectionPlace(destination.address, of: pod, in: snapshot)
        return verdict(Connection(pod: pod, to: destination, place: place))
    }

    func verdict(_ connection: Connection) -> NetworkPolicyVerdict {
        let policies = judgements(connection)
        let isolated = isolation(policies)
        var verdict = combined(policies, isolated: isolated, target: connection.target)
        if verdict.answer == .denied, case .node(let name, true, _) = connection.place, world.isCilium != true {
            verdict = NetworkPolicyVerdict(
                .unknown, "network plugins differ on whether policies hold towards the pod's own node, \(name)", code: .enforcementDiffers,
                by: verdict.by)
        }
        return completed(verdict, isolated: isolated)
    }

    private func judgements(_ connection: Connection?) -> [PolicyJudgement] {
        let facts = snapshot.networkPolicies
        let isAlone = facts.cilium?.enforcesKubernetes == false
        let enforced = facts.policies.filter { $0.isAbout(pod.namespace) && !(isAlone && $0.kind == .kubernetes) }
        return enforced.map { PolicyJudgement($0, for: pod, connection, world) }.filter { $0.reason != nil } + unread
    }

    /// Kinds that couldn't be read stand for a policy that may say anything.
    private var unread: [PolicyJudgement] {
        [ClusterKind.networkPolicy, .ciliumNetworkPolicy, .ciliumClusterwideNetworkPolicy, .otherNetworkPolicy].compactMap { kind in
            guard let unread = snapshot.unread(kind, namespace: pod.namespace), unread.code != .kindNotServed else { return nil }
            let why = "\(unread.short)\(unread.reason.isEmpty ? "" : ": \(unread.reason)")"
            return .unknown(
                ObjectReference(kind: kind.rawValue, namespace: unread.namespace, name: "*"), isCilium: kind != .networkPolicy, unread.code,
                why)
        }
    }

    private func isolation(_ policies: [PolicyJudgement]) -> Bool? {
        world.facts.cilium?.mode == .always ? true : .any(policies.map(\.isolates))
    }

    /// Those that decide first.
    private func reasons(_ policies: [PolicyJudgement]) -> [NetworkPolicyReason] {
        let reasons = policies.compactMap(\.reason)
        let order: [NetworkPolicyReason.Effect] = [.denies, .allows, .unknown, .isolates]
        return order.flatMap { effect in reasons.filter { $0.effect == effect }.sorted { $0.policy < $1.policy } }
    }

    private func combined(_ policies: [PolicyJudgement], isolated: Bool?, target: String) -> NetworkPolicyVerdict {
        if let cilium = world.facts.cilium, cilium.mode == .never {
            return NetworkPolicyVerdict(.allowed, "Cilium enforces no policy: enable-policy is never (\(cilium.source))")
        }
        let by = reasons(policies)
        let denies = Bool?.any(policies.map(\.denies))
        let allows = Bool?.any(policies.map(\.allows))
        if denies == true, let first = by.first {
            return NetworkPolicyVerdict(
                .denied, "\(first.policy) denies \(target) by \(first.field ?? "a rule")", code: .connectionDenied, by: by)
        }
        if isolated == true, allows == false {
            let names = by.filter { $0.effect == .isolates }.map(\.policy.description)
            let who =
                names.isEmpty
                ? "Cilium isolates every pod (enable-policy is always)"
                : "\(Self.words(names)) \(names.count == 1 ? "isolates" : "isolate") the pod"
            return NetworkPolicyVerdict(.denied, "\(who), and no rule allows \(target)", code: .connectionDenied, by: by)
        }
        if denies == false, isolated == false {
            return NetworkPolicyVerdict(.allowed, "no network policy is about what leaves the pod", by: by)
        }
        if denies == false, allows == true, let first = by.first(where: { $0.effect == .allows }) {
            return NetworkPolicyVerdict(.allowed, "\(first.policy) allows it by \(first.field ?? "a rule")", by: by)
        }
        let gap = by.first { $0.effect == .unknown }
        let why = gap.map { "\($0.policy): \($0.why.first ?? "can't be judged")" } ?? "it can't be judged"
        return NetworkPolicyVerdict(.unknown, why, code: gap?.code, by: by)
    }

    private static func words(_ names: [String]) -> String {
        let more = names.count > 3 ? " and \(names.count - 3) more" : ""
        return names.prefix(3).joined(separator: ", ") + more
    }

    /// With what wasn't evaluated and may decide all the same, and what was taken for granted.
    private func completed(_ verdict: NetworkPolicyVerdict, isolated: Bool?) -> NetworkPolicyVerdict {
        var verdict = verdict
        let foreign = snapshot.networkPolicies.notEvaluated.filter {
            $0.reference.namespace == nil || $0.reference.namespace == pod.namespace
        }
        // Baseline policies only count for pods that nothing else is about.
        verdict.notEvaluated = foreign.filter { $0.reference.kind != "BaselineAdminNetworkPolicy" || isolated != true }
            .sorted { ($0.reference, $0.group) < ($1.reference, $1.group) }
        if let first = verdict.notEvaluated.first, verdict.answer != .unknown {
            let said = "by what is evaluated it is \(verdict.answer.rawValue) (\(verdict.reason))"
            verdict.reason = "\(first.reference) of \(first.group) isn't evaluated and may decide; \(said)"
            (verdict.answer, verdict.code) = (.unknown, .policyKindNotEvaluated)
        }
        if world.facts.cilium == nil, verdict.by.contains(where: { $0.policy.kind.hasPrefix("Cilium") }) {
            verdict.remarks.append("Cilium's configuration isn't in the snapshot; its policies count as enforced the usual way")
        }
        return verdict
    }

    /// What runs in its node's network is the node to most plugins, and Kubernetes leaves it open.
    private func hostNetwork() -> NetworkPolicyVerdict {
        var plain = pod
        plain.isHostNetwork = false
        // To Cilium such a pod is its node, whatever its labels.
        let other = world.isCilium == true ? unread : ConnectionJudge(pod: plain, snapshot: snapshot).judgements(nil)
        let nodes = snapshot.networkPolicies.policies.filter { policy in
            policy.parts?.contains { if case .nodes(let selector) = $0.subject { mayBeOn(selector) } else { false } } ?? false
        }
        guard !other.isEmpty || !nodes.isEmpty else {
            return completed(NetworkPolicyVerdict(.allowed, "no network policy is about the pod or its node"), isolated: false)
        }
        let by =
            reasons(other)
            + nodes.sorted { $0.reference < $1.reference }.map {
                NetworkPolicyReason(policy: $0.reference, effect: .unknown, code: .enforcementDiffers)
            }
        let why = "the pod is in its node's network, and plugins differ on what policies say of that"
        return completed(NetworkPolicyVerdict(.unknown, why, code: .enforcementDiffers, by: by), isolated: nil)
    }

    private func mayBeOn(_ selector: LabelSelector) -> Bool {
        guard let node = snapshot.nodes.first(where: { $0.name == pod.nodeName }) else { return true }
        return selector.matches(node.metadata.labels)
    }
}

extension NetworkPolicyObject {
    /// Whether it may be about pods of the namespace.
    func isAbout(_ namespace: String) -> Bool { kind == .ciliumClusterwide || metadata.namespace ?? "default" == namespace }
}
