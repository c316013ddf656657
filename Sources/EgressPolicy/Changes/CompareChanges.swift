import EgressModel

/// What the way from one state of a cluster to another does to its pods.
///
/// Total and deterministic. Every destination counts, by what really happens there: a prefix that a longer one decides all of,
/// or that is inside the cluster, is no change; nor is another policy that says the same.
/// - Parameter unasked: UIDs of policies whose addresses can't be foreseen (``Forecast/unasked``).
public func policyChanges(before: EffectivePolicy, after: EffectivePolicy, unasked: Set<String> = []) -> PolicyChanges {
    var regions = DestinationRegions(before.clusterRanges, after.clusterRanges)
    var changes = PolicyChanges()
    for (old, new) in PodPairs(before.pods, after.pods) {
        if !regions.rangesMoved, unasked.isEmpty, sameOutcomes(old, new) { continue }
        if let change = PodChange(old, new, regions.regions(old, new), unasked) { changes.pods.append(change) }
    }
    changes.findings = ChangeFindings(changes: changes.pods, before: before, after: after, unasked: unasked).all
    return changes
}

private func sameOutcomes(_ old: ResolvedPod?, _ new: ResolvedPod?) -> Bool {
    guard let old, let new else { return (old ?? new)?.rules.isEmpty ?? true }
    return old.rules.count == new.rules.count
        && zip(old.rules, new.rules).allSatisfy { $0.prefix == $1.prefix && $0.hasOutcome(of: $1) }
}

/// The pods of two states, each beside itself; both sides are by namespace and name.
private struct PodPairs: Sequence, IteratorProtocol {
    private let old: ResolvedPods
    private let new: ResolvedPods
    private var position = (old: 0, new: 0)

    init(_ old: ResolvedPods, _ new: ResolvedPods) { (self.old, self.new) = (old, new) }

    mutating func next() -> (old: ResolvedPod?, new: ResolvedPod?)? {
        let left = position.old < old.count ? old[position.old] : nil
        let right = position.new < new.count ? new[position.new] : nil
        if left == nil, right == nil { return nil }
        let order = left.map { left in right.map { Self.order(left.pod.metadata, $0.pod.metadata) } ?? -1 } ?? 1
        if order <= 0 { position.old += 1 }
        if order >= 0 { position.new += 1 }
        return (order <= 0 ? left : nil, order >= 0 ? right : nil)
    }

    private static func order(_ a: ObjectMetadata, _ b: ObjectMetadata) -> Int {
        let (left, right) = (a.namespace ?? "default", b.namespace ?? "default")
        if left != right { return bytewise(left, right) ? -1 : 1 }
        return a.name == b.name ? 0 : bytewise(a.name, b.name) ? -1 : 1
    }
}
