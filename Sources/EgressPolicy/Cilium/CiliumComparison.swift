public import EgressModel

/// What one release of Cilium does with the same manifests, beside what we do.
public struct CiliumComparison: Sendable {
    public let table: CiliumTable
    /// By pod, then family and prefix.
    public let differences: [CiliumDifference]
    /// EG2030 to EG2039: the differences by policy and cause, and what hangs on no pod.
    public let findings: [Finding]
    let effective: EffectivePolicy
    let policies: [String: ResolvedPolicy]

    /// - Parameters:
    ///   - effective: what we make of the same snapshot.
    ///   - pod: compare this pod alone.
    public init(_ snapshot: ClusterSnapshot, _ effective: EffectivePolicy, as version: CiliumVersion, only pod: ObjectReference? = nil) {
        var snapshot = snapshot
        if let pod { snapshot.pods.removeAll { $0.reference != pod } }
        let table = ciliumTable(snapshot, as: version)
        let policies = Dictionary(effective.policies.map { ($0.policy.name, $0) }, uniquingKeysWith: { first, _ in first })
        let rows = Dictionary(grouping: table.rows) { $0.pod.reference }
        let pods = pod.map { name in ResolvedPods(effective.pods.filter { $0.pod.reference == name }) } ?? effective.pods
        let differences = pods.flatMap { Self.differences(of: $0, rows[$0.pod.reference] ?? [], table, policies) }
        (self.table, self.policies, self.effective, self.differences) = (table, policies, effective, differences)
        findings = CiliumFindings(table: table, policies: effective.policies, differences: differences).all
    }

    /// Whether everything was known that the comparison takes.
    public var isComplete: Bool { effective.isComplete }

    private static func differences(
        of pod: ResolvedPod, _ rows: [CiliumRow], _ table: CiliumTable, _ policies: [String: ResolvedPolicy]
    ) -> [CiliumDifference] {
        guard !rows.isEmpty || !pod.rules.isEmpty else { return [] }
        let rules = Array(pod.rules)
        let exact = Dictionary(rules.map { ($0.prefix, $0) }, uniquingKeysWith: { first, _ in first })
        return Set(rules.map(\.prefix) + rows.map(\.prefix)).sorted().compactMap { prefix in
            guard let source = pod.pod.address(prefix.family) else { return nil }
            let rule = exact[prefix] ?? rules.filter { $0.prefix.contains(prefix) }.max { $0.prefix.length < $1.prefix.length }
            let row =
                rows.first { $0.prefix == prefix && $0.source == source }
                ?? rows.filter { $0.source == source && $0.prefix.contains(prefix) }.max { $0.prefix.length < $1.prefix.length }
            return difference(pod, source, prefix, rule, row, table, policies)
        }
    }

    /// `nil`: both do the same, or what we do isn't known.
    static func difference(
        _ pod: ResolvedPod, _ source: IPAddress, _ prefix: IPPrefix, _ rule: ResolvedRule?, _ row: CiliumRow?, _ table: CiliumTable,
        _ policies: [String: ResolvedPolicy]
    ) -> CiliumDifference? {
        guard rule?.reason.code.isUnread != true else { return nil }
        let ours = EgressFate(rule)
        let theirs = fates(row, table.profile)
        let judged = rule.flatMap(Self.onceAnnounced) ?? ours
        guard !theirs.allSatisfy({ $0.looksLike(judged) }) else { return nil }
        let cause = CiliumCause(table: table, policies: policies, pod: pod, rule: rule, row: row)
        return CiliumDifference(
            pod: pod.pod, source: source, prefix: prefix, cilium: theirs, ours: ours, policy: rule?.policy ?? row?.policies.first,
            reason: cause.reason)
    }

    /// A gateway whose agent hasn't spoken yet drops for the moment, which is no difference of what a policy means.
    private static func onceAnnounced(_ rule: ResolvedRule) -> EgressFate? {
        guard rule.reason.code == .entryNotAnnounced, let node = rule.gatewayNode else { return nil }
        return .gateway(node: node, address: nil)
    }

    /// Each once, in the order of the entries.
    static func fates(_ row: CiliumRow?, _ profile: CiliumProfile) -> [EgressFate] {
        guard let row else { return [.asNode] }
        var fates: [EgressFate] = []
        for fate in row.entries.map({ EgressFate($0, profile) }) where !fates.contains(fate) { fates.append(fate) }
        return fates
    }
}

/// Where Cilium `version` differs from us on the same manifests, as findings EG2030 to EG2039.
public func ciliumDifferences(_ snapshot: ClusterSnapshot, _ version: CiliumVersion) -> [Finding] {
    CiliumComparison(snapshot, resolve(snapshot), as: version).findings
}
