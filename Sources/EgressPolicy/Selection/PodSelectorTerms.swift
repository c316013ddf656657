import EgressModel

/// A `podSelector` with its keys as Cilium's users write them: `k8s:` in front of a key says nothing new, and
/// `io.kubernetes.pod.namespace` is the name of the pod's namespace, no label of the pod.
struct PodSelectorTerms: Sendable {
    static let namespaceKey = "io.kubernetes.pod.namespace"

    /// `matchLabels` first, by key; spelled as the user did.
    let requirements: [LabelRequirement]

    init(_ selector: LabelSelector) {
        requirements = selector.requirements
    }

    static func plainKey(_ key: String) -> String {
        key.hasPrefix("k8s:") ? String(key.dropFirst(4)) : key
    }

    /// What a pod has under the key of a requirement.
    static func value(_ key: String, of pod: Pod) -> String? { value(key, pod.namespace, pod.metadata.labels) }

    static func value(_ key: String, _ namespace: String, _ labels: Labels) -> String? {
        let plain = plainKey(key)
        return plain == namespaceKey ? namespace : labels[plain]
    }

    static func holds(_ requirement: LabelRequirement, _ pod: Pod) -> Bool { holds(requirement, pod.namespace, pod.metadata.labels) }

    static func holds(_ requirement: LabelRequirement, _ namespace: String, _ labels: Labels) -> Bool {
        requirement.matches(value: value(requirement.key, namespace, labels))
    }

    /// A label and value that a matching pod must have; `nil` when no requirement is an equality.
    var anchor: (key: String, value: String)? {
        let equalities = requirements.filter { $0.operation == .in && $0.values.count == 1 }
        // A label of the pod tells more than its namespace, which many pods share.
        let best = equalities.first { Self.plainKey($0.key) != Self.namespaceKey } ?? equalities.first
        guard let best, let value = best.values.first else { return nil }
        return (Self.plainKey(best.key), value)
    }
}
