import EgressModel

/// Which policies select a pod. Made once for a snapshot, then asked for each pod.
///
/// A rule's namespace and node selectors are judged once for each namespace and node. Rules are found by a label that
/// they demand, so a pod is only compared with rules that it could match, however many policies there are.
struct PodSelection {
    private struct Rule {
        let policy: Int
        let requirements: [LabelRequirement]
        /// Names of the namespaces and nodes that the rule admits; `nil` admits all.
        let namespaces: Set<String>?
        let nodes: Set<String>?
    }

    private var rules: [Rule] = []
    /// Rules by the key and value that they demand, and those that demand no equality.
    private var anchored: [String: [String: [Int]]] = [:]
    private var unanchored: [Int] = []

    init(_ policies: [EgressGatewayPolicy], _ snapshot: ClusterSnapshot) {
        let labels = NamespaceLabels(snapshot.namespaces)
        let namespaces = Set(snapshot.pods.map(\.namespace))
        for (index, policy) in policies.enumerated() {
            for selector in policy.selectors where selector.podSelector != nil || selector.namespaceSelector != nil {
                let admitted = selector.namespaceSelector.map { chosen in namespaces.filter { chosen.matches(labels[$0]) } }
                let nodes = selector.nodeSelector.map { chosen in
                    Set(snapshot.nodes.filter { chosen.matches($0.metadata.labels) }.map(\.name))
                }
                add(PodSelectorTerms(selector.podSelector ?? LabelSelector()), index, admitted, nodes)
            }
        }
    }

    private mutating func add(_ terms: PodSelectorTerms, _ policy: Int, _ namespaces: Set<String>?, _ nodes: Set<String>?) {
        if let anchor = terms.anchor {
            anchored[anchor.key, default: [:]][anchor.value, default: []].append(rules.count)
        } else {
            unanchored.append(rules.count)
        }
        rules.append(Rule(policy: policy, requirements: terms.requirements, namespaces: namespaces, nodes: nodes))
    }

    /// Positions of the policies that select the pod, ascending.
    func policies(selecting pod: Pod) -> [Int] {
        var found: Set<Int> = []
        for index in candidates(pod) where !found.contains(rules[index].policy) && matches(rules[index], pod) {
            found.insert(rules[index].policy)
        }
        return found.sorted()
    }

    private func candidates(_ pod: Pod) -> [Int] {
        var indices = unanchored
        for (key, byValue) in anchored {
            if let value = PodSelectorTerms.value(key, of: pod), let more = byValue[value] { indices += more }
        }
        return indices
    }

    private func matches(_ rule: Rule, _ pod: Pod) -> Bool {
        if let namespaces = rule.namespaces, !namespaces.contains(pod.namespace) { return false }
        if let nodes = rule.nodes {
            guard let node = pod.nodeName, nodes.contains(node) else { return false }
        }
        return rule.requirements.allSatisfy { PodSelectorTerms.holds($0, pod) }
    }
}
