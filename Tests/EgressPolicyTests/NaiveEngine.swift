import EgressModel
import EgressPolicy

/// What a policy means, written down once more as plainly as can be, to hold ``resolve(_:accepted:carrying:now:)`` against.
struct NaiveEngine {
    let snapshot: ClusterSnapshot
    let carried: Set<IPFamily>

    enum Answer: Hashable {
        case nothing
        case exclude(policy: String)
        case bypass(policy: String)
        case drop(policy: String)
        case gateway(policy: String, node: String, egressIP: IPAddress?)
    }

    /// What becomes of the pod's packets to the address, in-cluster ranges aside; of several gateways any that may be.
    func answers(_ pod: Pod, to address: IPAddress) -> Set<Answer> {
        guard !pod.isHostNetwork, !pod.isFinished, pod.nodeName != nil, pod.addresses.contains(where: { $0.family == address.family })
        else {
            return [.nothing]
        }
        let policies = snapshot.policies.compactMap(\.policy).filter { selects($0, pod) }
        var best: (policy: EgressGatewayPolicy, length: Int)?
        for policy in policies {
            for prefix in policy.destinationCIDRs + policy.excludedCIDRs where prefix.contains(address) {
                if let known = best, known.length > prefix.length || known.length == prefix.length && !wins(policy, known.policy) {
                    continue
                }
                best = (policy, prefix.length)
            }
        }
        guard let best else { return [.nothing] }
        if best.policy.excludedCIDRs.contains(where: { $0.contains(address) && $0.length == best.length }) {
            return [.exclude(policy: best.policy.name)]
        }
        return leaves(best.policy, pod, address.family)
    }

    private func selects(_ policy: EgressGatewayPolicy, _ pod: Pod) -> Bool {
        policy.selectors.contains { rule in
            if rule.podSelector == nil && rule.namespaceSelector == nil { return false }
            var ofPod = pod.metadata.labels
            ofPod["io.kubernetes.pod.namespace"] = pod.namespace
            var ofNamespace = snapshot.namespaces.first { $0.name == pod.namespace }?.metadata.labels ?? [:]
            ofNamespace["kubernetes.io/metadata.name"] = pod.namespace
            guard rule.podSelector?.matches(ofPod) ?? true, rule.namespaceSelector?.matches(ofNamespace) ?? true else { return false }
            guard let selector = rule.nodeSelector else { return true }
            return snapshot.nodes.contains { $0.name == pod.nodeName && selector.matches($0.metadata.labels) }
        }
    }

    private func wins(_ policy: EgressGatewayPolicy, _ other: EgressGatewayPolicy) -> Bool {
        if policy.priority != other.priority { return policy.priority > other.priority }
        // No creation time is the youngest; RFC 3339 in UTC sorts as text.
        let (mine, theirs) = (policy.metadata.creationTimestamp ?? "~", other.metadata.creationTimestamp ?? "~")
        return mine != theirs ? mine < theirs : Array(policy.name.utf8).lexicographicallyPrecedes(Array(other.name.utf8))
    }

    private func leaves(_ policy: EgressGatewayPolicy, _ pod: Pod, _ family: IPFamily) -> Set<Answer> {
        guard carried.contains(family) else { return [.drop(policy: policy.name)] }
        let serving = policy.gateways.indices.compactMap { entry in chosen(policy, entry).map { (entry, $0) } }
        guard !serving.isEmpty else { return [policy.onNoGateway == .bypass ? .bypass(policy: policy.name) : .drop(policy: policy.name)] }
        return Set(
            serving.map { entry, node in
                let announced = snapshot.egressNodes.first { $0.name == node.name }?.resolutions
                    .first { $0.uid == policy.metadata.uid && $0.entry == entry }
                guard let announced, announced.id > 0, let address = announced.addresses(family).first else {
                    return .drop(policy: policy.name)
                }
                return .gateway(policy: policy.name, node: node.name, egressIP: address)
            })
    }

    private func chosen(_ policy: EgressGatewayPolicy, _ entry: Int) -> Node? {
        snapshot.nodes.filter { node in
            policy.gateways[entry].nodeSelector.matches(node.metadata.labels)
                && (node.internalAddresses + node.externalAddresses).contains { $0.family == .ipv4 } && node.isReady
                && !node.taintKeys.contains("ToBeDeletedByClusterAutoscaler")
                && ["false", nil].contains(node.metadata.annotations["kubectl-egress.dev/drain"])
        }.min { Array($0.name.utf8).lexicographicallyPrecedes(Array($1.name.utf8)) }
    }
}
