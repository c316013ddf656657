import EgressModel
import EgressPolicy
import EngineSamples

/// What single changes cost an engine that holds the cluster.
struct Changes {
    let snapshot: ClusterSnapshot
    let percent: Int
    private var engine: PolicyEngine

    init(_ snapshot: ClusterSnapshot, _ percent: Int) {
        self.snapshot = snapshot
        self.percent = percent
        engine = PolicyEngine(snapshot, now: LargeCluster.now)
    }

    func measure(_ figures: inout Figures) {
        var changes = self
        figures.measure("engine-begin", percent, .milliseconds) { changes.begin() }
        changes.measurePods(&figures)
        changes.measurePolicies(&figures)
    }

    private mutating func begin() { engine = PolicyEngine(snapshot, now: LargeCluster.now) }

    // MARK: Pods

    /// Pods all over the cluster, each put back as it was.
    private mutating func measurePods(_ figures: inout Figures) {
        let selected = engine.effective.pods.filter { !$0.policies.isEmpty }.map(\.pod)
        let pods = stride(from: 0, to: selected.count, by: max(1, selected.count / 200)).map { selected[$0] }
        let relabelled = pods.map { pod in
            var pod = pod
            pod.metadata.labels["app.kubernetes.io/name"] = "another"
            return pod
        }
        figures.measure("pod-label", percent, .microseconds, repeats: 2 * pods.count, note: "a label taken or given") {
            for (before, after) in zip(pods, relabelled) {
                engine.update(pod: after)
                engine.update(pod: before)
            }
        }
        figures.measure("pod-come-and-go", percent, .microseconds, repeats: 2 * pods.count, note: "a pod removed or added") {
            for pod in pods {
                engine.remove(pod: pod.name, namespace: pod.namespace)
                engine.update(pod: pod)
            }
        }
        measureOverlap(&figures)
        measureKept(pods, relabelled, &figures)
    }

    /// Pods of which some policy says how many it lost, and an example.
    private mutating func measureOverlap(_ figures: inout Figures) {
        let losers = Set(engine.effective.findings.filter { $0.code == .overlapLost }.compactMap(\.object?.name))
        let pods = engine.effective.pods.filter { !losers.isDisjoint(with: $0.policies) }.prefix(200).map(\.pod)
        guard !pods.isEmpty else { return }
        figures.measure("pod-in-overlap", percent, .microseconds, repeats: 2 * pods.count, note: "a pod of a lost overlap removed or added")
        {
            for pod in pods {
                engine.remove(pod: pod.name, namespace: pod.namespace)
                engine.update(pod: pod)
            }
        }
    }

    /// Somebody holds the result before, so what changes is copied first.
    private mutating func measureKept(_ pods: [Pod], _ relabelled: [Pod], _ figures: inout Figures) {
        var kept: EffectivePolicy?
        figures.measure("pod-label-kept", percent, .microseconds, repeats: 2 * pods.count, note: "while the last result is kept") {
            for (before, after) in zip(pods, relabelled) {
                kept = engine.effective
                engine.update(pod: after)
                kept = engine.effective
                engine.update(pod: before)
            }
        }
        precondition(kept != nil)
    }

    // MARK: Policies

    private mutating func measurePolicies(_ figures: inout Figures) {
        for count in LargeCluster.touched
        where engine.effective.policies.contains(where: { $0.policy.name == "touches-\(count)" && $0.selectedPods == count }) {
            var first = 0
            figures.measure("policy-of-\(count)-pods", percent, .microseconds, note: "its ten prefixes change") {
                first += 1
                engine.update(policy: LargeCluster.touching(count, first: first).object)
            }
        }
    }
}
