import EgressModel

extension EgressSelector {
    /// Where Cilium keeps the labels of a pod's namespace among the pod's own; a `podSelector` may name them so.
    static let namespaceLabelPrefix = "io.cilium.k8s.namespace.labels."

    /// The same rule, with what its `podSelector` asks of the namespace asked by the `namespaceSelector`. Of a label that
    /// both give a value to, the `podSelector`'s counts, as in Cilium.
    func askingNamespaces() -> EgressSelector {
        guard let pods = podSelector else { return self }
        let labels = pods.matchLabels.filter { Self.plainKey($0.key) != nil }
        let expressions = pods.matchExpressions.filter { Self.plainKey($0.key) != nil }
        guard !labels.isEmpty || !expressions.isEmpty else { return self }
        var rule = self
        var namespaces = namespaceSelector ?? LabelSelector()
        for (key, value) in labels { if let plain = Self.plainKey(key) { namespaces.matchLabels[plain] = value } }
        namespaces.matchExpressions += expressions.compactMap { expression in
            Self.plainKey(expression.key).map { LabelRequirement(key: $0, operation: expression.operation, values: expression.values) }
        }
        rule.podSelector = LabelSelector(
            matchLabels: pods.matchLabels.filter { Self.plainKey($0.key) == nil },
            matchExpressions: pods.matchExpressions.filter { Self.plainKey($0.key) == nil })
        rule.namespaceSelector = namespaces
        return rule
    }

    private static func plainKey(_ key: String) -> String? {
        guard key.hasPrefix(namespaceLabelPrefix), key != namespaceLabelPrefix else { return nil }
        return String(key.dropFirst(namespaceLabelPrefix.count))
    }
}
