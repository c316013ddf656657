import EgressModel

/// Which pods Cilium's policies select, by the labels of their security identity.
///
/// Namespace labels are part of it under a prefix; reading a policy has made requirements of the namespace of those.
struct CiliumSelection {
    private let namespaces: NamespaceLabels
    private let nodes: [String: Node]

    init(_ snapshot: ClusterSnapshot) {
        namespaces = NamespaceLabels(snapshot.namespaces)
        nodes = Dictionary(snapshot.nodes.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// Whether there is a CiliumEndpoint behind the pod. Its phase isn't looked at.
    static func hasEndpoint(_ pod: Pod) -> Bool { !pod.isHostNetwork && !pod.addresses.isEmpty }

    /// The node selectors of all rules are one list: each of them lets a pod through that any rule selects.
    func selects(_ policy: EgressGatewayPolicy, _ pod: Pod) -> Bool {
        guard Self.hasEndpoint(pod), policy.selectors.contains(where: { selects($0, pod) }) else { return false }
        let nodeSelectors = policy.selectors.compactMap(\.nodeSelector)
        guard !nodeSelectors.isEmpty else { return true }
        guard let labels = nodeLabels(of: pod) else { return false }
        return nodeSelectors.contains { $0.matches(labels) }
    }

    /// Cilium finds the node by its address; one that isn't known has no labels and matches nothing.
    private func nodeLabels(of pod: Pod) -> Labels? {
        guard let node = pod.nodeName.flatMap({ nodes[$0] }), !(node.internalAddresses + node.externalAddresses).isEmpty else { return nil }
        return node.metadata.labels
    }

    private func selects(_ selector: EgressSelector, _ pod: Pod) -> Bool {
        guard selector.podSelector != nil || selector.namespaceSelector != nil else { return false }
        return (selector.podSelector?.requirements ?? []).allSatisfy { PodSelectorTerms.holds($0, pod) }
            && (selector.namespaceSelector?.matches(namespaces[pod.namespace]) ?? true)
    }
}
