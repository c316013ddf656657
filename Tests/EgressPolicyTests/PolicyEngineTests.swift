import EgressModel
import EgressPolicy
import EngineSamples
import Testing

/// An engine that takes changes, beside the whole resolve of the same cluster.
@Suite struct PolicyEngineTests {
    static let now: Int64 = 1_795_341_605

    @Test func `after every change it is what resolving the changed cluster is`() {
        for seed in 0..<40 {
            var cluster = RandomCluster(seed: seed)
            var engine = PolicyEngine(cluster.snapshot, now: Self.now)
            #expect(engine.effective == resolve(cluster.snapshot, now: Self.now), "seed \(seed)")
            for step in 0..<15 {
                let before = cluster.snapshot
                cluster.change()
                follow(&engine, from: before, to: cluster.snapshot)
                expectEqual(engine.effective, resolve(cluster.snapshot, now: Self.now), "seed \(seed) step \(step)")
            }
        }
    }

    @Test func `pods and policies of every sort come and go as in a whole resolve`() {
        for seed in 0..<40 {
            var history = RandomHistory(seed: seed)
            var engine = PolicyEngine(history.snapshot, accepted: history.accepted, carrying: [.ipv4, .ipv6], now: Self.now)
            for step in 0..<25 {
                history.change(&engine)
                let whole = resolve(history.snapshot, accepted: history.accepted, carrying: [.ipv4, .ipv6], now: Self.now)
                expectEqual(engine.effective, whole, "seed \(seed) step \(step)")
            }
        }
    }

    @Test func `what was taken from it before stays as it was`() {
        var cluster = RandomCluster(seed: 3)
        var engine = PolicyEngine(cluster.snapshot)
        let before = engine.effective
        let expected = resolve(cluster.snapshot)
        let old = cluster.snapshot
        for _ in 0..<10 { cluster.change() }
        follow(&engine, from: old, to: cluster.snapshot)
        #expect(before == expected)
        #expect(engine.effective != before)
    }

    @Test func `a change of nothing changes nothing`() {
        let cluster = RandomCluster(seed: 8)
        var engine = PolicyEngine(cluster.snapshot)
        let before = engine.effective
        for pod in cluster.snapshot.pods { engine.update(pod: pod) }
        for policy in cluster.snapshot.policies { engine.update(policy: policy) }
        for node in cluster.snapshot.nodes { engine.update(node: node) }
        engine.remove(pod: "nobody", namespace: "nowhere")
        engine.remove(policy: "none")
        engine.remove(node: "none")
        #expect(engine.effective == before)
    }

    /// One call for each object that is different, in the order of an informer: any.
    private func follow(_ engine: inout PolicyEngine, from old: ClusterSnapshot, to new: ClusterSnapshot) {
        for pod in new.pods where !old.pods.contains(pod) { engine.update(pod: pod) }
        for policy in old.policies where !new.policies.contains(where: { $0.metadata.uid == policy.metadata.uid }) {
            engine.remove(policy: policy.metadata.uid)
        }
        for node in new.nodes where !old.nodes.contains(node) { engine.update(node: node) }
        for policy in new.policies where !old.policies.contains(policy) { engine.update(policy: policy) }
        for pod in old.pods where !new.pods.contains(where: { $0.reference == pod.reference }) {
            engine.remove(pod: pod.name, namespace: pod.namespace)
        }
        for report in new.egressNodes where !old.egressNodes.contains(report) { engine.update(egressNode: report) }
    }
}

/// Says which part is different, where a whole result would fill the screen.
func expectEqual(_ engine: EffectivePolicy, _ whole: EffectivePolicy, _ comment: String) {
    #expect(engine.findings == whole.findings, "\(comment)")
    #expect(engine.clusterRanges == whole.clusterRanges, "\(comment)")
    #expect(engine.policies == whole.policies, "\(comment)")
    #expect(Array(engine.pods) == Array(whole.pods), "\(comment)")
    #expect(engine == whole, "\(comment)")
}
