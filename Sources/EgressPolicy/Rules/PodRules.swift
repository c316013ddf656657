import EgressModel

/// Makes the rules of pods, one pod after the other; what pods share is worked out once.
struct PodRules {
    private struct RoutingKey: Hashable {
        let policy: Int
        let podNode: String?
    }

    private let policies: [EgressGatewayPolicy]
    private let entries: [[ResolvedEntry]]
    private let selection: PodSelection
    private let view: GatewayView
    private let judges: Set<String>
    private var tables: [[Int]: ClaimTable] = [:]
    private var routings: [RoutingKey: PolicyRouting] = [:]
    private(set) var overlaps = Overlaps()
    /// Pods that each policy selects, by its position.
    private(set) var selectedPods: [Int]
    /// Policies that may select more pods than are known to be.
    private(set) var undecided: Set<Int> = []

    init(_ policies: [EgressGatewayPolicy], _ entries: [[ResolvedEntry]], _ snapshot: ClusterSnapshot, _ view: GatewayView) {
        self.policies = policies
        self.entries = entries
        self.view = view
        selection = PodSelection(policies, snapshot)
        judges = view.judges
        selectedPods = Array(repeating: 0, count: policies.count)
    }

    mutating func resolve(_ pod: Pod) -> ResolvedPod {
        if let reason = pod.notApplicable { return ResolvedPod(pod: pod, notApplicable: reason, policies: [], rules: []) }
        let (selected, unsure) = selection.policies(selecting: pod)
        for index in selected { selectedPods[index] += 1 }
        undecided.formUnion(unsure.keys)
        let undecided = unsure.sorted { $0.key < $1.key }.map {
            UndecidedPolicy(name: policies[$0.key].name, uid: policies[$0.key].metadata.uid, reason: $0.value)
        }
        guard !selected.isEmpty else { return ResolvedPod(pod: pod, notApplicable: nil, policies: [], rules: [], undecided: undecided) }
        let table = table(selected)
        let unaddressed = table.claims.filter { pod.address($0.prefix.family) == nil }.map {
            UnaddressedClaim(prefix: $0.prefix, isExclusion: $0.isExclusion, policyUID: policies[$0.policy].metadata.uid)
        }
        return ResolvedPod(
            pod: pod, notApplicable: nil, policies: selected.map { policies[$0].name }, rules: rules(of: pod, table),
            unaddressed: unaddressed, undecided: undecided)
    }

    private mutating func rules(of pod: Pod, _ table: ClaimTable) -> [ResolvedRule] {
        var ranked: [Int: [PolicyRouting.Option]] = [:]
        var rules: [ResolvedRule] = []
        for claim in table.claims {
            guard let source = pod.address(claim.prefix.family) else { continue }
            overlaps.note(claim, pod)
            if claim.isExclusion {
                rules.append(exclusion(claim, source))
                continue
            }
            let routing = routing(claim.policy, pod)
            let options = ranked[claim.policy] ?? routing.ranked(for: pod)
            ranked[claim.policy] = options
            rules.append(rule(claim, source, RuleDecision(source, routing, options.first), options))
        }
        return rules
    }

    private func exclusion(_ claim: ClaimTable.Claim, _ source: IPAddress) -> ResolvedRule {
        let policy = policies[claim.policy]
        return ResolvedRule(
            source: source, prefix: claim.prefix, action: .exclude, policy: policy.name, policyUID: policy.metadata.uid,
            reason: Reason(.excluded, "\(claim.prefix) is excluded by policy \(policy.name)"), beats: claim.beats.map { policies[$0].name })
    }

    private func rule(
        _ claim: ClaimTable.Claim, _ source: IPAddress, _ decision: RuleDecision, _ options: [PolicyRouting.Option]
    ) -> ResolvedRule {
        let policy = policies[claim.policy]
        let ranked = options.compactMap { option in
            option.candidate.address.map {
                RankedGateway(node: option.candidate.node, address: $0, entry: option.entry, entryID: option.candidate.entryID)
            }
        }
        return ResolvedRule(
            source: source, prefix: claim.prefix, action: decision.action, policy: policy.name, policyUID: policy.metadata.uid,
            gatewayNode: decision.gateway?.node, gatewayAddress: decision.gateway?.address, egressIP: decision.egressIP,
            interface: decision.gateway?.interface, ranked: decision.gateway == nil ? [] : ranked, reason: decision.reason,
            beats: claim.beats.map { policies[$0].name })
    }

    private mutating func table(_ selected: [Int]) -> ClaimTable {
        if let table = tables[selected] { return table }
        let table = ClaimTable(selected, policies)
        tables[selected] = table
        return table
    }

    private mutating func routing(_ policy: Int, _ pod: Pod) -> PolicyRouting {
        let judge = pod.nodeName.flatMap { judges.contains($0) ? $0 : nil }
        let key = RoutingKey(policy: policy, podNode: judge)
        if let routing = routings[key] { return routing }
        let routing = PolicyRouting(policies[policy], entries[policy], view, podNode: judge)
        routings[key] = routing
        return routing
    }
}
