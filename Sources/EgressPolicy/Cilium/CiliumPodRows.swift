import EgressModel

/// A policy and the gateways that were found for it.
struct CiliumClaims {
    let policy: CiliumPolicy
    let gateways: [CiliumGateway]

    init(_ policy: CiliumPolicy, _ gateways: [CiliumGateway]) { (self.policy, self.gateways) = (policy, gateways) }
}

/// One endpoint's part of the table.
struct CiliumPodRows {
    private struct Claim {
        let entry: CiliumEntry
        let isHashed: Bool
    }

    private let pod: Pod
    private let uids: CiliumEndpointUIDs

    init(_ pod: Pod, _ uids: CiliumEndpointUIDs) { (self.pod, self.uids) = (pod, uids) }

    func rows(_ policies: [CiliumClaims]) -> [CiliumRow] {
        pod.addresses.sorted().flatMap { source in
            var claims: [IPPrefix: [Claim]] = [:]
            for policy in policies {
                for (prefix, isExclusion) in Self.prefixes(policy.policy) where prefix.family == source.family {
                    claims[prefix, default: []] += entries(policy, prefix, isExclusion)
                }
            }
            return claims.sorted { $0.key < $1.key }.map { row(source, $0.key, $0.value) }
        }
    }

    private static func prefixes(_ policy: CiliumPolicy) -> [(IPPrefix, Bool)] {
        policy.destinations.map { ($0, false) } + policy.exclusions.map { ($0, true) }
    }

    private func entries(_ policy: CiliumClaims, _ prefix: IPPrefix, _ isExclusion: Bool) -> [Claim] {
        let name = policy.policy.policy.name
        let gateways = self.gateways(policy)
        guard !gateways.isEmpty else {
            let none = CiliumEntry(
                policy: name, isExclusion: isExclusion, gatewayNode: nil, gatewayIP: nil, egressIP: .none("there is no gateway"),
                interfaceIndex: 0)
            return [Claim(entry: none, isHashed: false)]
        }
        return gateways.map { gateway in
            let entry = CiliumEntry(
                policy: name, isExclusion: isExclusion, gatewayNode: gateway.node, gatewayIP: gateway.address,
                egressIP: gateway.derivation[prefix.family], interfaceIndex: gateway.derivation.interfaceIndex ?? 0)
            return Claim(entry: entry, isHashed: gateways.count > 1)
        }
    }

    /// Those that the endpoint may have: one, where its UID is known.
    private func gateways(_ policy: CiliumClaims) -> [CiliumGateway] {
        guard uids == .ofPods, policy.gateways.count > 1 else { return policy.gateways }
        return [policy.gateways[CiliumGateways.place(of: pod.metadata.uid, among: policy.gateways.count)]]
    }

    private func row(_ source: IPAddress, _ prefix: IPPrefix, _ claims: [Claim]) -> CiliumRow {
        var entries: [CiliumEntry] = []
        for claim in claims where !entries.contains(where: { $0.writesSame(as: claim.entry) }) { entries.append(claim.entry) }
        let policies = Array(Set(claims.map(\.entry.policy))).sorted()
        let isOverlap = policies.count > 1 || Set(claims.map(\.entry.isExclusion)).count > 1
        let doubt: CiliumRow.Doubt? = entries.count < 2 ? nil : isOverlap ? .overlap : .endpointUID
        return CiliumRow(pod: pod, source: source, prefix: prefix, entries: entries, doubt: doubt, policies: policies)
    }
}
