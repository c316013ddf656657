import EgressModel
import EgressPolicy
import EngineSamples
import TestRandom
import Testing

@Suite struct NaiveEngineTests {
    /// More of everything than a ``RandomCluster`` has: expressions, namespaces, rules, families, nodes in every condition.
    static func cluster(seed: Int) -> ClusterSnapshot {
        var cluster = RandomCluster(seed: seed)
        var chance = cluster.chance
        for _ in 0..<3 { cluster.changeOnce() }
        var snapshot = cluster.snapshot
        snapshot.namespaces = ["default", "shop"].map { .sample($0, ["team": chance.pick(["a", "b"])]) }
        for index in snapshot.pods.indices {
            if chance.oneIn(3) { snapshot.pods[index].metadata.namespace = "shop" }
            if chance.oneIn(9) { snapshot.pods[index].phase = chance.pick([.succeeded, .failed, .pending]) }
            if chance.oneIn(9) { snapshot.pods[index].nodeName = nil }
            if chance.oneIn(9) { snapshot.pods[index].addresses = [] }
            if chance.oneIn(4) { snapshot.pods[index].metadata.labels["app"] = nil }
        }
        for index in snapshot.nodes.indices {
            if chance.oneIn(5) { snapshot.nodes[index].taintKeys = ["x", "ToBeDeletedByClusterAutoscaler"] }
            if chance.oneIn(5) { snapshot.nodes[index].metadata.annotations[EgressAnnotation.drain] = chance.pick(["true", "", "false"]) }
            if chance.oneIn(4) {
                snapshot.nodes[index].externalAddresses = snapshot.nodes[index].internalAddresses
                snapshot.nodes[index].internalAddresses = []
            }
            if chance.oneIn(6) { snapshot.nodes[index].internalAddresses = ["2001:db8::9"] }
            if chance.oneIn(2) { snapshot.nodes[index].isCordoned = true }
            if chance.oneIn(2), let six = InterfaceAddress("2001:db8::\(index + 1)/64") {
                snapshot.egressNodes[index].interfaces[0].addresses.append(six)
            }
        }
        for index in snapshot.policies.indices {
            guard var policy = snapshot.policies[index].policy else { continue }
            vary(&policy, &chance)
            snapshot.policies[index] = policy.object
        }
        return snapshot.announced()
    }

    private static func vary(_ policy: inout EgressGatewayPolicy, _ chance: inout SeededRandom) {
        if chance.oneIn(2) { policy.metadata.creationTimestamp = chance.pick(["2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", nil]) }
        if chance.oneIn(2) { policy.selectors.append(EgressSelector(podSelector: expression(&chance, ["app", "tier"]))) }
        if chance.oneIn(2) { policy.selectors.append(EgressSelector(namespaceSelector: expression(&chance, ["team"]))) }
        if chance.oneIn(3) { policy.selectors.append(EgressSelector(nodeSelector: [:])) }
        if chance.oneIn(3) {
            policy.selectors[0].podSelector = LabelSelector(matchLabels: [
                "k8s:io.kubernetes.pod.namespace": chance.pick(["shop", "default"])
            ])
            // The plain engine knows the key without its prefix alone.
            if chance.oneIn(2) { policy.selectors[0].podSelector = ["io.kubernetes.pod.namespace": "shop"] }
        }
        if chance.oneIn(3) { policy.selectors[0].nodeSelector = expression(&chance, ["role"]) }
        if chance.oneIn(3) { policy.destinationCIDRs += ["::/0", "2001:db8:7::/48"].filter { !policy.destinationCIDRs.contains($0) } }
    }

    private static func expression(_ chance: inout SeededRandom, _ keys: [String]) -> LabelSelector {
        let operation = chance.pick(LabelRequirement.Operation.allCases)
        let values = operation == .in || operation == .notIn ? [chance.pick(["a", "b", "x"]), "y"] : []
        return LabelSelector(matchExpressions: [LabelRequirement(key: chance.pick(keys), operation: operation, values: values)])
    }

    /// The same, with keys as the plain engine knows them.
    private func plain(_ snapshot: ClusterSnapshot) -> ClusterSnapshot {
        var snapshot = snapshot
        for index in snapshot.policies.indices {
            for rule in snapshot.policies[index].policy?.selectors.indices ?? 0..<0 {
                guard let labels = snapshot.policies[index].policy?.selectors[rule].podSelector?.matchLabels else { continue }
                snapshot.policies[index].policy?.selectors[rule].podSelector?.matchLabels = Dictionary(
                    labels.map { ($0.key.replacing("k8s:", with: ""), $0.value) }, uniquingKeysWith: { first, _ in first })
            }
        }
        return snapshot
    }

    private func answer(_ rule: ResolvedRule?) -> NaiveEngine.Answer {
        guard let rule else { return .nothing }
        switch rule.action {
        case .exclude: return rule.reason.code == .bypass ? .bypass(policy: rule.policy) : .exclude(policy: rule.policy)
        case .drop: return .drop(policy: rule.policy)
        case .gateway: return .gateway(policy: rule.policy, node: rule.gatewayNode ?? "", egressIP: rule.egressIP)
        }
    }

    @Test(arguments: [[.ipv4], [.ipv4, .ipv6]] as [Set<IPFamily>])
    func `every pod and destination of any cluster gets what the plain words of the semantics say`(_ carried: Set<IPFamily>) {
        var seen: [String: Int] = [:]
        for seed in 0..<250 {
            let snapshot = Self.cluster(seed: seed)
            let naive = NaiveEngine(snapshot: plain(snapshot), carried: carried)
            for pod in resolve(snapshot, carrying: carried).pods {
                for destination in RandomCluster.destinations {
                    let found = answer(pod.rule(for: destination))
                    let expected = naive.answers(pod.pod, to: destination)
                    #expect(expected.contains(found), "seed \(seed): \(pod.pod.name) to \(destination)")
                    seen["\(found)".prefix { $0 != "(" } + " \(destination.family)", default: 0] += 1
                }
            }
        }
        // Every kind of answer came up, in every family that is carried; an unselected pod's too.
        for kind in ["nothing", "exclude", "bypass", "drop", "gateway"] {
            #expect(seen["\(kind) ipv4", default: 0] > 30, "\(kind): \(seen)")
            if carried.contains(.ipv6) { #expect(seen["\(kind) ipv6", default: 0] > 10, "\(kind): \(seen)") }
        }
    }
}
