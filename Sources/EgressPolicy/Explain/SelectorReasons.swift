import EgressModel

/// Which fields of a policy's selectors decide about a pod.
struct SelectorReasons {
    let pod: Pod
    let namespaceLabels: Labels
    /// `nil`: the pod's node isn't in the snapshot.
    let nodeLabels: Labels?
    private let namespaces: NamespaceLabels
    private let unreadNamespaces: UnreadKind?
    private let unreadNodes: UnreadKind?

    init(_ pod: Pod, _ effective: EffectivePolicy) {
        self.pod = pod
        namespaces = NamespaceLabels(effective.namespaces)
        namespaceLabels = namespaces[pod.namespace]
        unreadNamespaces = effective.unread(.namespace)
        unreadNodes = effective.unread(.node)
        nodeLabels = effective.nodes.first { $0.name == pod.nodeName }?.metadata.labels
    }

    /// One rule of `spec.selectors` against the pod.
    struct Rule {
        /// `spec.selectors[0].podSelector: …`, of the requirements that hold.
        var met: [String] = []
        var unmet: [String] = []
        /// What couldn't be read to be judged.
        var unknown: [String] = []
        /// For each unmet one, what would meet it.
        var wouldNeed: [String] = []
    }

    func rules(_ policy: EgressGatewayPolicy) -> [Rule] {
        policy.selectors.enumerated().map { index, selector in
            var rule = Rule()
            let path = "spec.selectors[\(index)]"
            if let chosen = selector.podSelector {
                judge(&rule, "\(path).podSelector", chosen, "pod \(pod.namespace)/\(pod.name)") { PodSelectorTerms.value($0, of: pod) }
            }
            if let chosen = selector.namespaceSelector {
                judge(&rule, "\(path).namespaceSelector", chosen, "namespace \(pod.namespace)", unless: unreadNamespace) {
                    namespaceLabels[$0]
                }
            }
            if let chosen = selector.nodeSelector {
                judge(&rule, "\(path).nodeSelector", chosen, "node \(pod.nodeName ?? "(none)")", unless: unreadNode) { nodeLabels?[$0] }
            }
            return rule
        }
    }

    private func unreadNamespace(_ key: String) -> UnreadKind? {
        namespaces.knows(key, of: pod.namespace, isRead: unreadNamespaces == nil) ? nil : unreadNamespaces
    }

    private func unreadNode(_ key: String) -> UnreadKind? { nodeLabels == nil ? unreadNodes : nil }

    private func judge(
        _ rule: inout Rule, _ path: String, _ selector: LabelSelector, _ object: String,
        unless unread: (String) -> UnreadKind? = { _ in nil }, _ value: (String) -> String?
    ) {
        if selector.selectsEverything { rule.met.append("\(path): {} selects everything") }
        for requirement in selector.requirements {
            if let unread = unread(requirement.key) {
                rule.unknown.append("\(path): \(unread.reason("label \(requirement) of \(object)").coded)")
                continue
            }
            let has = value(requirement.key)
            let holds = requirement.matches(has.map { [requirement.key: $0] } ?? [:])
            let actual = has.map { "is \"\($0)\"" } ?? "is absent"
            if holds {
                rule.met.append("\(path): label \(requirement) matches: it \(actual)")
            } else {
                rule.unmet.append("\(path): label \(requirement) \(actual)")
                rule.wouldNeed.append(Self.need(requirement, object))
            }
        }
    }

    private static func need(_ requirement: LabelRequirement, _ object: String) -> String {
        switch requirement.operation {
        case .in where requirement.values.count == 1: "label \(requirement) on \(object)"
        case .in: "label \(requirement.key) on \(object) with one of: \(requirement.values.joined(separator: ", "))"
        case .notIn: "label \(requirement.key) on \(object) with none of: \(requirement.values.joined(separator: ", "))"
        case .exists: "a label \(requirement.key) on \(object)"
        case .doesNotExist: "no label \(requirement.key) on \(object)"
        }
    }
}
