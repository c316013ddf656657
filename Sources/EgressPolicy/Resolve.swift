public import EgressModel

/// What the policies of a cluster mean for its pods, with reasons.
///
/// Total and deterministic: a bad object becomes a finding, and the order of the input never matters.
/// - Parameters:
///   - accepted: the last good version of policies by UID; it stays in force while an object is invalid (EG2019).
///   - carrying: families that the datapath carries; what is claimed in another one is dropped (EG1106).
///   - now: seconds since 1970-01-01T00:00:00Z, to find nodes that fell silent; `nil` doesn't judge.
public func resolve(
    _ snapshot: ClusterSnapshot, accepted: [String: EgressGatewayPolicy] = [:],
    carrying families: Set<IPFamily> = DatapathLimits.carriedFamilies, now: Int64? = nil
) -> EffectivePolicy {
    let inForce = PoliciesInForce(snapshot.policies, accepted: accepted)
    let view = GatewayView(snapshot, inForce.policies, carrying: families, now: now)
    let known = KnownRanges(snapshot)
    let entries = inForce.policies.map { policy in policy.gateways.indices.map { ResolvedEntry(policy, entry: $0, view) } }
    var rules = PodRules(inForce.policies, entries, snapshot, view)
    let pods = snapshot.pods.sorted(by: podOrder).map { rules.resolve($0) }
    let policies = resolvedPolicies(snapshot, inForce, entries, rules, view)
    let findings =
        snapshot.findings + snapshot.policies.flatMap(\.findings) + policies.flatMap(\.findings)
        + clusterFindings(snapshot, view, known, hasPolicies: !policies.isEmpty)
    return EffectivePolicy(
        policies: policies, pods: pods, nodes: view.nodes, egressNodes: view.reports.values.sorted { bytewise($0.name, $1.name) },
        clusterRanges: InClusterRange.all(in: snapshot, known), findings: inOrder(findings), isComplete: snapshot.canBePlanned,
        namespaces: snapshot.namespaces.sorted { bytewise($0.name, $1.name) }, unread: snapshot.unread,
        hasEveryPod: snapshot.hasEveryPod && rules.undecided.isEmpty, unsureReports: view.unsure, foreignOwner: snapshot.ciliumEgressGateway
    )
}

/// Each finding once. Place and hint come last in the order, so that no two different findings are ever equal in it.
private func inOrder(_ findings: [Finding]) -> [Finding] {
    Set(findings).sorted { a, b in
        if a < b { return true }
        if b < a { return false }
        return (a.place?.description ?? "", a.hint ?? "") < (b.place?.description ?? "", b.hint ?? "")
    }
}

private func podOrder(_ a: Pod, _ b: Pod) -> Bool {
    if a.namespace != b.namespace { return bytewise(a.namespace, b.namespace) }
    if a.name != b.name { return bytewise(a.name, b.name) }
    return bytewise(a.metadata.uid, b.metadata.uid)
}

private func resolvedPolicies(
    _ snapshot: ClusterSnapshot, _ inForce: PoliciesInForce, _ entries: [[ResolvedEntry]], _ rules: PodRules, _ view: GatewayView
) -> [ResolvedPolicy] {
    let own = Dictionary(snapshot.policies.map { ($0.metadata.uid, $0.findings) }, uniquingKeysWith: +)
    // One node's pods don't tell what a policy means for the others.
    let overlaps = snapshot.podScope == .cluster ? rules.overlaps.findings(inForce.policies) : [:]
    let isExact = { (index: Int) in snapshot.hasEveryPod && !rules.undecided.contains(index) }
    return inForce.policies.indices.map { index in
        let policy = inForce.policies[index]
        let findings =
            (own[policy.metadata.uid] ?? []) + [inForce.findings[policy.metadata.uid]].compactMap(\.self) + (overlaps[index] ?? [])
            + GatewayFindings(policy: policy, entries: entries[index], view: view).all
            + PolicyFindings(policy: policy, carried: view.carried, selectedPods: isExact(index) ? rules.selectedPods[index] : nil).all
        return ResolvedPolicy(
            policy: policy, entries: entries[index], selectedPods: rules.selectedPods[index], findings: inOrder(findings))
    }
}

private func clusterFindings(_ snapshot: ClusterSnapshot, _ view: GatewayView, _ known: KnownRanges, hasPolicies: Bool) -> [Finding] {
    var findings = snapshot.unreadFindings + view.silent.map(silence(view))
    // What couldn't be listed has been said already, kind by kind.
    if !snapshot.isComplete, snapshot.unread.isEmpty {
        findings.append(
            Finding(
                .warning, .snapshotIncomplete, message: "some kinds of objects couldn't be read whole: nothing is planned from this",
                hint: "look at the other findings, and at what this user may list"))
    }
    if let owner = snapshot.ciliumEgressGateway { findings.append(twoOwners(owner)) }
    guard hasPolicies else { return findings }
    if !view.hasReports, snapshot.unread(.egressNode) == nil {
        findings.append(
            Finding(.info, .noNodeReports, message: Reason.noReports.text, hint: "with agents running there is an EgressNode for each node")
        )
    }
    return findings + known.findings(snapshot)
}

private func silence(_ view: GatewayView) -> (String) -> Finding {
    { name in
        Finding(
            .warning, .nodeSilent, object: ObjectReference(kind: "Node", name: name),
            message: "last reported at \(view.reports[name]?.reportedAt ?? "no time"); what is in force there isn't known",
            hint: "look at the agent on \(name)")
    }
}

private func twoOwners(_ owner: String) -> Finding {
    Finding(
        .error, .ciliumOwnsPolicies,
        message: "two owners of one policy: Cilium's own egress gateway is on (\(owner)), so no node programs egress policies here",
        hint: "turn one of them off: cilium's egressGateway.enabled=false, or kubectl egress uninstall")
}
