import EgressModel
public import EgressPolicy

/// What one node has to do, for its helper. `nil` from an incomplete view: then nothing changes on the node.
public func plan(node: String, from effective: EffectivePolicy, tokens: [TunnelToken]) -> NodePlan? {
    guard effective.isComplete else { return nil }
    let entries = plannedEntries(node, effective)
    var pods = PlannedPods(effective)
    for pod in effective.pods.onNode(node) { pods.add(pod) }
    return NodePlan(
        node: node,
        tunnel: TunnelPlan(address: effective.nodes.first { $0.name == node }?.tunnelAddress(effective.nodes.tunnelFamily), tokens: tokens),
        ranges: knownRanges(effective), cluster: effective.clusterRanges, peers: peers(node, effective),
        policies: plannedPolicies(node, effective, pods), entries: entries, awaited: awaitedAddresses(node, effective), sets: pods.sets,
        pods: pods.pods, foreignOwner: effective.foreignOwner, steering: steeringWord(node, effective))
}

/// A word that means nothing counts as none: the node's facts decide.
private func steeringWord(_ node: String, _ effective: EffectivePolicy) -> SteeringWord? {
    effective.nodes.first { $0.name == node }?.metadata.annotations[EgressAnnotation.steering].flatMap { SteeringWord(rawValue: $0) }
}

/// Every range that a node was given or holds to be in the cluster.
private func knownRanges(_ effective: EffectivePolicy) -> ClusterRanges {
    ClusterRanges(
        pods: Set(effective.nodes.flatMap(\.podCIDRs) + effective.egressNodes.flatMap(\.ranges.pods)).sorted(),
        services: Set(effective.egressNodes.flatMap(\.ranges.services)).sorted())
}

private func peers(_ node: String, _ effective: EffectivePolicy) -> [PeerNode] {
    let family = effective.nodes.tunnelFamily
    return effective.nodes.compactMap { other in
        guard other.name != node, let address = other.tunnelAddress(family) else { return nil }
        return PeerNode(name: other.name, address: address, podCIDRs: other.podCIDRs)
    }
}

/// Policies that select a pod of this node, or that this node could be a gateway of.
private func plannedPolicies(_ node: String, _ effective: EffectivePolicy, _ pods: PlannedPods) -> [PlannedPolicy] {
    let troubled = effective.egressNodes.first { $0.name == node }?.resolutions.filter(\.lacksAddress) ?? []
    let announcements = Dictionary(troubled.map { ($0.uid, $0) }, uniquingKeysWith: { first, _ in first })
    return effective.policies.compactMap { resolved in
        let uid = resolved.policy.metadata.uid
        let isGateway = resolved.entries.contains { $0.candidates.contains { $0.node == node } }
        guard let selected = pods.selected[uid] ?? (isGateway ? 0 : nil) else { return nil }
        let announced = isGateway ? announcements[uid] : nil
        let trouble = pods.trouble[uid] ?? announced.map { Reason(ReasonCode(rawValue: $0.code), $0.reason) }
        return PlannedPolicy(accepted: resolved.policy, pods: selected, code: trouble?.code.rawValue ?? "", reason: trouble?.text ?? "")
    }
}

private struct ChoiceName: Hashable {
    var policyUID: String
    var family: IPFamily
}

/// Gathers a node's pods, and gives pods with the same rules the same set.
private struct PlannedPods {
    private let effective: EffectivePolicy
    private let policies: [String: ResolvedPolicy]
    private var numbers: [[PlannedRule]: Int] = [:]
    private(set) var sets: [[PlannedRule]] = []
    private(set) var pods: [PlannedPod] = []
    /// Pods that each policy selects here, by UID.
    private(set) var selected: [String: Int] = [:]
    /// Why some claimed packets of pods here are dropped, by policy UID.
    private(set) var trouble: [String: Reason] = [:]

    init(_ effective: EffectivePolicy) {
        self.effective = effective
        policies = Dictionary(effective.policies.map { ($0.policy.metadata.uid, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// A pod that policies select without claiming anything needs no program, and isn't planned.
    mutating func add(_ pod: ResolvedPod) {
        for resolved in effective.policies where pod.policies.contains(resolved.policy.name) {
            selected[resolved.policy.metadata.uid, default: 0] += 1
        }
        guard !pod.rules.isEmpty || !pod.unaddressed.isEmpty else { return }
        for rule in pod.rules where rule.action == .drop { note(rule) }
        let known = pod.rules.map {
            PlannedRule(prefix: $0.prefix, action: Self.action($0.action), policyUID: $0.policyUID, code: $0.reason.code)
        }
        let unaddressed = pod.unaddressed.map { claim in
            PlannedRule(
                prefix: claim.prefix, action: claim.isExclusion ? .exclude : .drop, policyUID: claim.policyUID,
                code: claim.isExclusion ? .excluded : .familyWithoutDatapath)
        }
        let rules = (known + unaddressed).sorted()
        pods.append(
            PlannedPod(
                namespace: pod.pod.namespace, name: pod.pod.name, uid: pod.pod.metadata.uid, addresses: pod.pod.addresses,
                set: number(rules), choices: choices(pod)))
    }

    /// A family that isn't carried is said only where nothing worse is.
    private mutating func note(_ rule: ResolvedRule) {
        let known = trouble[rule.policyUID]
        if known == nil || known?.code == .familyWithoutDatapath { trouble[rule.policyUID] = rule.reason }
    }

    private mutating func number(_ rules: [PlannedRule]) -> Int {
        if let number = numbers[rules] { return number }
        numbers[rules] = sets.count
        sets.append(rules)
        return sets.count - 1
    }

    private func choices(_ pod: ResolvedPod) -> [PlannedChoice] {
        var choices: [ChoiceName: PlannedChoice] = [:]
        for rule in pod.rules where rule.action == .gateway {
            let (name, family) = (ChoiceName(policyUID: rule.policyUID, family: rule.prefix.family), rule.prefix.family)
            guard choices[name] == nil, let resolved = policies[rule.policyUID] else { continue }
            let ranked = rule.ranked.compactMap { gateway(resolved, $0, family, pod) }
            choices[name] = PlannedChoice(
                policyUID: rule.policyUID, family: family, onNoGateway: resolved.policy.onNoGateway, ranked: Array(ranked.prefix(8)))
        }
        return choices.values.sorted { ($0.policyUID, $0.family) < ($1.policyUID, $1.family) }
    }

    /// Only what is announced, and has an address of the family: a pod's node never sends to an id that it guessed.
    private func gateway(
        _ resolved: ResolvedPolicy, _ ranked: RankedGateway, _ family: IPFamily, _ pod: ResolvedPod
    ) -> PlannedGateway? {
        let candidate = resolved.entries.first { $0.entry == ranked.entry }?.candidates.first { $0.node == ranked.node }
        guard let id = ranked.entryID, case .addresses(let addresses)? = candidate?.egressAddress(family) else { return nil }
        let source = pod.pod.addresses.first { $0.family == family }
        return PlannedGateway(
            node: ranked.node, address: ranked.address, entryID: id,
            egress: source.flatMap { EgressAddressChoice.address(for: $0, of: addresses) })
    }

    private static func action(_ action: ResolvedRule.Action) -> PlannedRule.Action {
        switch action {
        case .gateway: .gateway
        case .exclude: .exclude
        case .drop: .drop
        }
    }
}
