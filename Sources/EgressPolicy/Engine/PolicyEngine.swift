public import EgressModel

/// What the policies of a cluster mean, kept true while the cluster changes.
///
/// After each change ``effective`` equals ``resolve(_:accepted:carrying:now:)`` of the changed cluster. A pod's change costs
/// the pod, a policy's the pods that it selected or selects, a report that changes no decision next to nothing; everything
/// else costs a whole resolve. Whoever keeps an older `effective` pays for a copy of the parts that change. A value without
/// I/O; its owner serializes changes. `now` stays what it was: an owner that judges silence begins anew now and then.
public struct PolicyEngine: Sendable {
    public internal(set) var effective: EffectivePolicy

    /// The cluster without pods and policies, which are kept below.
    var cluster: ClusterSnapshot
    let accepted: [String: EgressGatewayPolicy]
    let families: Set<IPFamily>
    let now: Int64?
    var view: GatewayView
    var known: KnownRanges
    var landmarks: ClusterLandmarks
    var facts: SelectionFacts
    var policies: PoliciesInUse
    var selection = SelectionRules()
    var groups = LabelGroups()
    var standings = Standings()
    var strays: StrayPods
    var findings = FindingList()
    var clusterFindings: [Finding] = []
    /// Pods of which it isn't known whether some policy selects them, once for each policy.
    var unsurePods = 0
    let takesChanges: Bool

    /// Parameters as of ``resolve(_:accepted:carrying:now:)``.
    public init(
        _ snapshot: ClusterSnapshot, accepted: [String: EgressGatewayPolicy] = [:],
        carrying families: Set<IPFamily> = DatapathLimits.carriedFamilies, now: Int64? = nil
    ) {
        self.init(snapshot, accepted: accepted, carrying: families, now: now, takesChanges: true)
    }

    /// `takesChanges`: whether what only changes need is kept as well.
    init(
        _ snapshot: ClusterSnapshot, accepted: [String: EgressGatewayPolicy], carrying families: Set<IPFamily>, now: Int64?,
        takesChanges: Bool
    ) {
        self.accepted = accepted
        self.families = families
        self.now = now
        self.takesChanges = takesChanges
        cluster = snapshot
        cluster.pods = []
        cluster.policies = []
        let inForce = PoliciesInForce(snapshot.policies, accepted: accepted).policies
        view = GatewayView(cluster, inForce, carrying: families, now: now)
        known = KnownRanges(cluster)
        landmarks = ClusterLandmarks(cluster)
        facts = SelectionFacts(cluster)
        policies = PoliciesInUse(snapshot.policies)
        strays = StrayPods(cluster, known)
        effective = EffectivePolicy(
            policies: [], pods: [], nodes: view.nodes, egressNodes: view.reports.values.sorted { bytewise($0.name, $1.name) },
            clusterRanges: [], findings: [], isComplete: cluster.canBePlanned,
            namespaces: cluster.namespaces.sorted { bytewise($0.name, $1.name) }, unread: cluster.unread, unsureReports: view.unsure,
            foreignOwner: cluster.ciliumEgressGateway)
        for policy in inForce { take(policy) }
        fill(snapshot.pods)
        finish()
    }

    private mutating func finish() {
        effective.clusterRanges = strays.all
        effective.hasEveryPod = cluster.hasEveryPod && unsurePods == 0
        effective.policies = policies.inOrder(policies.all.keys).compactMap { resolved($0.number) }
        clusterFindings = EgressPolicy.clusterFindings(cluster, view, known, hasPolicies: !policies.isEmpty)
        effective.findings = findings.begin(
            [cluster.findings, policies.objects.values.flatMap { $0.flatMap(\.findings) }, clusterFindings].joined()
                + effective.policies.flatMap(\.findings))
    }

    /// A policy that is in force from now on; pods and findings don't know yet.
    @discardableResult
    mutating func take(_ policy: EgressGatewayPolicy) -> Int {
        for gateway in policy.gateways { view.index.prepare(for: gateway.nodeSelector) }
        let entries = policy.gateways.indices.map { ResolvedEntry(policy, entry: $0, view) }
        let number = policies.add(PolicyInUse(policy: policy, entries: entries, findings: ownFindings(policy, entries)))
        selection.add(policy, number)
        return number
    }

    /// What is to be said of a policy whatever pods there are.
    func ownFindings(_ policy: EgressGatewayPolicy, _ entries: [ResolvedEntry]) -> [Finding] {
        let objects = policies.objects[policy.metadata.uid] ?? []
        let lastGood = PoliciesInForce(objects, accepted: accepted).findings[policy.metadata.uid]
        return objects.flatMap(\.findings) + [lastGood].compactMap(\.self)
            + GatewayFindings(policy: policy, entries: entries, view: view).all
            + PolicyFindings(policy: policy, carried: view.carried).ofFields + [landmarks.finding(policy)].compactMap(\.self)
    }

    /// The policy as a result has it.
    mutating func resolved(_ number: Int) -> ResolvedPolicy? {
        guard let use = policies[number] else { return nil }
        let selectsNothing = use.selected == 0 && use.unsure == 0 && cluster.hasEveryPod
        policies.change(number) { $0.selectsNothing = selectsNothing }
        // One node's pods don't tell what a policy means for the others.
        let overlaps = cluster.podScope == .cluster ? standings.overlaps.findings(of: number) { policies[$0]?.policy } : []
        let own = PolicyFindings(policy: use.policy, carried: view.carried)
        return ResolvedPolicy(
            policy: use.policy, entries: use.entries, selectedPods: use.selected,
            findings: inOrder(use.findings + (selectsNothing ? [own.selectsNothing] : []) + overlaps))
    }

    // MARK: One pod

    /// What holds for the pod, which is in its group from now on.
    mutating func enterGroup(_ pod: Pod) -> PodStanding {
        if let without = PodStanding.withoutRules(pod) { return without }
        let number = group(of: pod)
        groups.enter(pod, number)
        return standing(of: pod, inGroup: number)
    }

    /// The group of the pod's labels, made if there is none.
    mutating func group(of pod: Pod) -> Int {
        let key = LabelGroups.Key(namespace: pod.namespace, labels: pod.metadata.labels)
        return groups.number(key) ?? addGroup(key)
    }

    mutating func standing(of pod: Pod, inGroup number: Int) -> PodStanding {
        guard let match = groups[number]?.match else { return .unselected }
        let node = match.conditions.isEmpty ? nil : pod.nodeName.flatMap { view.index[$0] }
        let (selected, unsure) = match.on(node, facts)
        return standings.standing(selected, unsure, judge: judge(of: pod, selected), policies, view)
    }

    private mutating func addGroup(_ key: LabelGroups.Key) -> Int {
        let match = selection.match(key.namespace, key.labels, facts)
        let number = groups.add(key, match)
        for policy in match.policies { policies.change(policy) { $0.groups.insert(number) } }
        return number
    }

    /// The pod's node, where it can't reach all of these policies' gateways.
    func judge(of pod: Pod, _ selected: [Int]) -> String? {
        guard let node = pod.nodeName, let unreachable = view.unreachable[node] else { return nil }
        let isConcerned = selected.contains { number in
            policies[number]?.entries.contains { $0.candidates.contains { unreachable.contains($0.node) } } ?? false
        }
        return isConcerned ? node : nil
    }

    mutating func count(_ pod: Pod, _ standing: PodStanding) {
        policies.count(standing, by: 1)
        unsurePods += standing.unsure.count
        standings.enter(pod, standing, keepsOrder: true)
    }

    mutating func uncount(_ pod: Pod, _ standing: PodStanding) {
        policies.count(standing, by: -1)
        unsurePods -= standing.unsure.count
        standings.leave(pod, standing)
    }
}
