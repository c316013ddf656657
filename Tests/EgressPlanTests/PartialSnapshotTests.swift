import EgressModel
import EgressPlan
import EgressPolicy
import EngineSamples
import TestRandom
import Testing

/// What couldn't be read is no reason to take anything away from a node.
@Suite struct PartialSnapshotTests {
    /// Some objects of the kind are missing, and that is said.
    private func lose(_ kind: ClusterKind, _ snapshot: inout ClusterSnapshot, _ chance: inout SeededRandom) {
        func some<Object>(_ objects: inout [Object]) { objects.removeAll { _ in chance.oneIn(2) } }
        switch kind {
        case .node: some(&snapshot.nodes)
        case .namespace: some(&snapshot.namespaces)
        case .pod: some(&snapshot.pods)
        case .policy: some(&snapshot.policies)
        case .egressNode: some(&snapshot.egressNodes)
        case .service, .lease, .ranges, .mesh: break
        case .networkPolicy, .ciliumNetworkPolicy, .ciliumClusterwideNetworkPolicy, .otherNetworkPolicy: break
        }
        if chance.oneIn(2) {
            snapshot.isComplete = false
        } else {
            snapshot.unread.append(UnreadKind(kind: kind, code: chance.pick([.readForbidden, .readFailed, .kindNotServed]), reason: "no"))
        }
    }

    @Test(arguments: ClusterKind.allCases.filter(\.isNeededToPlan)) func `a partial snapshot plans nothing, and takes no announcement back`(
        _ kind: ClusterKind
    ) {
        for seed in 0..<40 {
            var cluster = RandomCluster(seed: seed)
            var chance = cluster.chance
            for _ in 0..<2 { cluster.change() }
            var snapshot = cluster.snapshot
            lose(kind, &snapshot, &chance)
            for node in cluster.snapshot.nodes {
                #expect(SampleNode.plan(node.name, snapshot) == nil, "seed \(seed)")
                guard let own = snapshot.egressNodes.first(where: { $0.name == node.name }) else { continue }
                let announced = resolveEntries(node: node.name, in: snapshot)
                #expect(Set(announced.resolutions) == Set(own.resolutions), "seed \(seed)")
                #expect(announced.lastEntryID >= own.lastEntryID, "seed \(seed)")
            }
        }
    }

    @Test(arguments: ClusterKind.allCases.filter { !$0.isNeededToPlan }) func `what only adds to the rest, missing, takes no rule away`(
        _ kind: ClusterKind
    ) {
        for seed in 0..<40 {
            var cluster = RandomCluster(seed: seed)
            for _ in 0..<2 { cluster.change() }
            var snapshot = cluster.snapshot
            snapshot.unread.append(UnreadKind(kind: kind, code: .readFailed, reason: "no"))
            for node in cluster.snapshot.nodes {
                let (whole, partial) = (SampleNode.plan(node.name, cluster.snapshot), SampleNode.plan(node.name, snapshot))
                #expect(whole != nil && whole == partial, "seed \(seed)")
            }
        }
    }
}
