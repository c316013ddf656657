import EgressModel

/// Which policies select a pod. Made once for a snapshot, then asked for each pod.
///
/// A rule's namespace and node selectors are judged once for each namespace and node. Rules are found by a label that
/// they demand, so a pod is only compared with rules that it could match, however many policies there are.
struct PodSelection {
    private struct Rule {
        let policy: Int
        let requirements: [LabelRequirement]
        /// The pod's namespaces and nodes that the rule admits; `nil` admits all.
        let namespaces: Admission?
        let nodes: Admission?
    }

    /// Names that a selector admits, and those of which it can't be told because their labels weren't read.
    private struct Admission {
        var admitted: Set<String> = []
        var unsure: Set<String> = []

        func judge(_ name: String) -> Bool? { admitted.contains(name) ? true : unsure.contains(name) ? nil : false }
    }

    private let labels: NamespaceLabels
    private let nodeLabels: [String: Labels]
    private let unreadNamespaces: UnreadKind?
    private let unreadNodes: UnreadKind?
    private var rules: [Rule] = []
    /// Rules by the key and value that they demand, and those that demand no equality.
    private var anchored: [String: [String: [Int]]] = [:]
    private var unanchored: [Int] = []

    init(_ policies: [EgressGatewayPolicy], _ snapshot: ClusterSnapshot) {
        labels = NamespaceLabels(snapshot.namespaces)
        unreadNamespaces = snapshot.unread(.namespace)
        unreadNodes = snapshot.unread(.node)
        let hosts = Set(snapshot.pods.compactMap(\.nodeName))
        nodeLabels = Dictionary(
            snapshot.nodes.lazy.filter { hosts.contains($0.name) }.map { ($0.name, $0.metadata.labels) },
            uniquingKeysWith: { first, _ in first })
        let namespaces = Set(snapshot.pods.map(\.namespace))
        for (index, policy) in policies.enumerated() {
            for selector in policy.selectors where selector.podSelector != nil || selector.namespaceSelector != nil {
                let admitted = selector.namespaceSelector.map { admission(of: namespaces, by: $0) }
                let nodes = selector.nodeSelector.map { admission(ofNodes: hosts, by: $0) }
                add(PodSelectorTerms(selector.podSelector ?? LabelSelector()), index, admitted, nodes)
            }
        }
    }

    private func admission(of namespaces: Set<String>, by selector: LabelSelector) -> Admission {
        var admission = Admission()
        for name in namespaces {
            switch labels.judge(selector, name, isRead: unreadNamespaces == nil) {
            case true?: admission.admitted.insert(name)
            case nil: admission.unsure.insert(name)
            case false?: break
            }
        }
        return admission
    }

    private func admission(ofNodes hosts: Set<String>, by selector: LabelSelector) -> Admission {
        var admission = Admission()
        for name in hosts {
            if let labels = nodeLabels[name] {
                if selector.matches(labels) { admission.admitted.insert(name) }
            } else if unreadNodes != nil {
                if selector.selectsEverything { admission.admitted.insert(name) } else { admission.unsure.insert(name) }
            }
        }
        return admission
    }

    private mutating func add(_ terms: PodSelectorTerms, _ policy: Int, _ namespaces: Admission?, _ nodes: Admission?) {
        if let anchor = terms.anchor {
            anchored[anchor.key, default: [:]][anchor.value, default: []].append(rules.count)
        } else {
            unanchored.append(rules.count)
        }
        rules.append(Rule(policy: policy, requirements: terms.requirements, namespaces: namespaces, nodes: nodes))
    }

    /// Positions of the policies that select the pod, and of those of which it can't be told, both ascending.
    func policies(selecting pod: Pod) -> (selecting: [Int], undecided: [Int: Reason]) {
        var found: Set<Int> = []
        var unsure: [Int: Reason] = [:]
        for index in candidates(pod) where !found.contains(rules[index].policy) {
            switch judge(rules[index], pod) {
            case .yes: found.insert(rules[index].policy)
            case .no: break
            case .unknown(let reason): unsure[rules[index].policy] = unsure[rules[index].policy] ?? reason
            }
        }
        return (found.sorted(), unsure.filter { !found.contains($0.key) })
    }

    private func candidates(_ pod: Pod) -> [Int] {
        var indices = unanchored
        for (key, byValue) in anchored {
            if let value = PodSelectorTerms.value(key, of: pod), let more = byValue[value] { indices += more }
        }
        return indices
    }

    private enum Answer {
        case yes
        case no
        case unknown(Reason)
    }

    /// What is known to be unmet decides before what isn't known.
    private func judge(_ rule: Rule, _ pod: Pod) -> Answer {
        let namespace = rule.namespaces.map { $0.judge(pod.namespace) } ?? true
        let node = rule.nodes.map { admission in pod.nodeName.map { admission.judge($0) } ?? false } ?? true
        guard namespace != false, node != false, rule.requirements.allSatisfy({ PodSelectorTerms.holds($0, pod) }) else { return .no }
        let what = "whether it selects the pod"
        if namespace == nil, let unreadNamespaces { return .unknown(unreadNamespaces.reason(what)) }
        if node == nil, let unreadNodes { return .unknown(unreadNodes.reason(what)) }
        return .yes
    }
}
