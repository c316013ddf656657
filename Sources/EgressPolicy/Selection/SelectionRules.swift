import EgressModel

/// The rules of policies' `selectors`, each found by a label that it demands: labels are only compared with rules that they
/// could meet, however many policies there are. Policies go by numbers that the engine gives.
struct SelectionRules: Sendable {
    private struct Rule: Sendable {
        let number: Int
        let policy: Int
        let requirements: [LabelRequirement]
        let namespaces: LabelSelector?
        let nodes: LabelSelector?
    }

    private var rules: [Int: Rule] = [:]
    private var next = 0
    /// Rules by the key and value that they demand, and those that demand no equality.
    private var anchored: [String: [String: [Int]]] = [:]
    private var unanchored: Set<Int> = []
    /// Of these the ones that may admit a namespace, for namespaces that were asked about.
    private var unanchoredIn: [String: [Int]] = [:]
    private var ofPolicy: [Int: [Int]] = [:]

    mutating func add(_ policy: EgressGatewayPolicy, _ number: Int) {
        for selector in policy.selectors where selector.isUsable {
            let terms = PodSelectorTerms(selector.podSelector ?? LabelSelector())
            if let anchor = terms.anchor {
                anchored[anchor.key, default: [:]][anchor.value, default: []].append(next)
            } else {
                unanchored.insert(next)
                unanchoredIn = [:]
            }
            rules[next] = Rule(
                number: next, policy: number, requirements: terms.requirements, namespaces: selector.namespaceSelector,
                nodes: selector.nodeSelector)
            ofPolicy[number, default: []].append(next)
            next += 1
        }
    }

    mutating func remove(_ policy: EgressGatewayPolicy, _ number: Int) {
        let gone = Set(ofPolicy.removeValue(forKey: number) ?? [])
        if !unanchored.isDisjoint(with: gone) { unanchoredIn = [:] }
        unanchored.subtract(gone)
        for rule in gone { rules[rule] = nil }
        for selector in policy.selectors where selector.isUsable {
            guard let anchor = PodSelectorTerms(selector.podSelector ?? LabelSelector()).anchor else { continue }
            anchored[anchor.key]?[anchor.value]?.removeAll { gone.contains($0) }
            if anchored[anchor.key]?[anchor.value]?.isEmpty ?? false { anchored[anchor.key]?[anchor.value] = nil }
            if anchored[anchor.key]?.isEmpty ?? false { anchored[anchor.key] = nil }
        }
    }

    /// What is known of pods with these labels in this namespace before their node is.
    mutating func match(_ namespace: String, _ labels: Labels, _ known: SelectionFacts) -> GroupMatch {
        var match = GroupMatch()
        var certain: Set<Int> = []
        for rule in candidates(namespace, labels, known) {
            guard rule.requirements.allSatisfy({ PodSelectorTerms.holds($0, namespace, labels) }) else { continue }
            let admitted = rule.namespaces.map { known.judge(namespace: namespace, $0) } ?? true
            guard admitted != false else { continue }
            if let nodes = rule.nodes {
                match.conditions.append(GroupMatch.Condition(policy: rule.policy, nodes: nodes, isSureOfNamespace: admitted == true))
            } else if admitted == true {
                certain.insert(rule.policy)
            } else if let reason = known.unreadNamespaces {
                match.unsure[rule.policy] = match.unsure[rule.policy] ?? reason
            }
        }
        match.certain = certain.sorted()
        match.unsure = match.unsure.filter { !certain.contains($0.key) }
        match.conditions.removeAll { certain.contains($0.policy) }
        return match
    }

    private mutating func unanchored(in namespace: String, _ known: SelectionFacts) -> [Int] {
        if let asked = unanchoredIn[namespace] { return asked }
        let admitting = unanchored.filter { number in
            rules[number]?.namespaces.map { known.judge(namespace: namespace, $0) != false } ?? true
        }
        unanchoredIn[namespace] = Array(admitting)
        return Array(admitting)
    }

    /// In the order of policies' rules.
    private mutating func candidates(_ namespace: String, _ labels: Labels, _ known: SelectionFacts) -> [Rule] {
        var numbers = unanchored(in: namespace, known)
        for (key, byValue) in anchored {
            if let value = PodSelectorTerms.value(key, namespace, labels), let more = byValue[value] { numbers += more }
        }
        return numbers.sorted().compactMap { rules[$0] }
    }
}

extension EgressSelector {
    /// A rule needs a pod or a namespace selector.
    var isUsable: Bool { podSelector != nil || namespaceSelector != nil }
}

/// What selectors are judged on besides a pod's own labels.
struct SelectionFacts: Sendable {
    let namespaces: NamespaceLabels
    let unreadNamespaces: Reason?
    let unreadNodes: Reason?

    init(_ snapshot: ClusterSnapshot) {
        let what = "whether it selects the pod"
        namespaces = NamespaceLabels(snapshot.namespaces)
        unreadNamespaces = snapshot.unread(.namespace)?.reason(what)
        unreadNodes = snapshot.unread(.node)?.reason(what)
    }

    func judge(namespace: String, _ selector: LabelSelector) -> Bool? {
        namespaces.judge(selector, namespace, isRead: unreadNamespaces == nil)
    }

    /// Of a node that isn't there nothing is known if nodes couldn't be read.
    func judge(_ node: Node?, _ selector: LabelSelector) -> Bool? {
        if let node { return selector.matches(node.metadata.labels) }
        guard unreadNodes != nil else { return false }
        return selector.selectsEverything ? true : nil
    }
}

/// Which policies select pods of the same namespace and labels.
struct GroupMatch: Sendable {
    /// A rule that binds to nodes.
    struct Condition: Sendable {
        let policy: Int
        let nodes: LabelSelector
        let isSureOfNamespace: Bool
    }

    /// Whatever the node, ascending.
    var certain: [Int] = []
    var unsure: [Int: Reason] = [:]
    var conditions: [Condition] = []

    /// Every policy that may select a pod of these labels.
    var policies: Set<Int> { Set(certain).union(unsure.keys).union(conditions.map(\.policy)) }

    /// On one node. What is known to be unmet decides before what isn't known.
    func on(_ node: Node?, _ known: SelectionFacts) -> (selected: [Int], unsure: [Int: Reason]) {
        guard !conditions.isEmpty else { return (certain, unsure) }
        var (found, unsure) = (Set(certain), unsure)
        for condition in conditions {
            switch known.judge(node, condition.nodes) {
            case false?: break
            case true? where condition.isSureOfNamespace: found.insert(condition.policy)
            case true?, nil:
                if let reason = condition.isSureOfNamespace ? known.unreadNodes : known.unreadNamespaces {
                    unsure[condition.policy] = unsure[condition.policy] ?? reason
                }
            }
        }
        return (found.sorted(), unsure.filter { !found.contains($0.key) })
    }
}
