import EgressModel

/// Cilium's selectors of endpoints, over what a snapshot shows of a pod.
struct CiliumEndpointSelection: Sendable {
    private static let namespaceLabelPrefix = "io.cilium.k8s.namespace.labels."

    /// Labels that Cilium's default filter leaves out of a pod's identity. The filter can be set, so whether a selector sees
    /// them isn't known.
    private static let filteredPrefixes = [
        "kubernetes.io", "k8s.io", "pod-template-hash", "pod-template-generation", "controller-revision-hash", "statefulset.kubernetes.io",
        "apps.kubernetes.io/pod-index", "batch.kubernetes.io", "annotation.", "etcd_node",
    ]

    let namespaces: NamespaceLabels
    let areNamespacesRead: Bool

    init(_ snapshot: ClusterSnapshot) {
        namespaces = NamespaceLabels(snapshot.namespaces)
        areNamespacesRead = snapshot.unread(.namespace) == nil
    }

    /// - Parameter home: the policy's namespace, which a selector without a namespace of its own means; `nil`: all.
    func judge(_ selector: LabelSelector, _ pod: Pod, home: String?, path: String) -> Judgement {
        let name = "pod \(pod.namespace)/\(pod.name)"
        var unknown: Judgement?
        let keys = selector.requirements.map(\.key)
        if let home, home != pod.namespace, !keys.contains(PodSelectorTerms.namespaceKey) {
            guard keys.contains(where: { $0.hasPrefix(Self.namespaceLabelPrefix) }) else {
                return Judgement(.no, "\(path): \(name) isn't in namespace \(home)")
            }
            unknown = .unknown(.enforcementDiffers, "\(path): versions of Cilium differ on whether it reaches beyond namespace \(home)")
        }
        for requirement in selector.requirements {
            switch value(requirement.key, of: pod) {
            case .unknown(let why): unknown = unknown ?? .unknown(.ruleNotJudged, "\(path): label \(requirement) of \(name): \(why)")
            case .known(let has):
                if !requirement.matches(has.map { [requirement.key: $0] } ?? [:]) {
                    return Judgement(.no, "\(path): label \(requirement) of \(name) \(has.map { "is \"\($0)\"" } ?? "is absent")")
                }
            }
        }
        return unknown ?? Judgement(.yes, "\(path): \(selector) selects \(name)")
    }

    private enum Value {
        case known(String?)
        case unknown(String)
    }

    private func value(_ key: String, of pod: Pod) -> Value {
        if key == PodSelectorTerms.namespaceKey { return .known(pod.namespace) }
        if key.hasPrefix(Self.namespaceLabelPrefix) {
            let own = String(key.dropFirst(Self.namespaceLabelPrefix.count))
            guard namespaces.knows(own, of: pod.namespace, isRead: areNamespacesRead) else {
                return .unknown("namespaces couldn't be read")
            }
            return .known(namespaces[pod.namespace][own])
        }
        if key.hasPrefix("io.cilium.k8s.policy.") { return .unknown("a snapshot doesn't show it") }
        if Self.filteredPrefixes.contains(where: key.hasPrefix) { return .unknown("by default Cilium doesn't look at it") }
        return .known(pod.metadata.labels[key])
    }
}
