public import EgressModel

/// The entries that `node` has to ask plugin modules for: those of policies with a `strategy` whose selector matches it,
/// chosen as the gateway or not. By policy name, UID, entry.
public func strategyRequests(
    node name: String, in snapshot: ClusterSnapshot, accepted: [String: EgressGatewayPolicy] = [:]
) -> [StrategyRequest] {
    guard let node = snapshot.nodes.first(where: { $0.name == name }) else { return [] }
    return matchingEntries(of: node, PoliciesInForce(snapshot.policies, accepted: accepted).policies).compactMap { policy, entry in
        guard let strategy = policy.strategy else { return nil }
        return StrategyRequest(
            policy: policy.name, policyUID: policy.metadata.uid, entry: entry, strategy: strategy.name,
            configuration: strategy.configuration, families: policy.families, node: name, nodeLabels: node.metadata.labels,
            nodeAnnotations: node.metadata.annotations)
    }
}

/// Entries whose gateway selector matches the node, in the policies' order.
func matchingEntries(of node: Node, _ policies: [EgressGatewayPolicy]) -> [(policy: EgressGatewayPolicy, entry: Int)] {
    policies.flatMap { policy in
        policy.gateways.indices.filter { policy.gateways[$0].nodeSelector.matches(node.metadata.labels) }.map { (policy, $0) }
    }
}
