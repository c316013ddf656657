public import EgressModel

/// What a valid policy says against itself, or what only its author can judge; known from the policy alone.
///
/// For those who write policies. What is in force isn't judged by it, so it is no part of ``resolve(_:accepted:carrying:now:)``.
public func policyRemarks(_ policy: EgressGatewayPolicy) -> [Finding] {
    PolicyRemarks(policy: policy).all
}

private struct PolicyRemarks {
    let policy: EgressGatewayPolicy

    var all: [Finding] {
        destinations + exclusions + rules + policy.gateways.indices.flatMap(gateway)
    }

    // MARK: Destinations

    private var destinations: [Finding] {
        policy.destinationCIDRs.enumerated().compactMap { index, prefix in
            let field = "spec.destinationCIDRs[\(index)]"
            if policy.excludedCIDRs.contains(prefix) {
                return finding(
                    .warning, .claimedAndExcluded, field, "\(prefix) is excluded too, and the exclusion wins", hint: "remove one of the two"
                )
            }
            guard let use = Self.neverSteered.first(where: { $0.prefix.contains(prefix) })?.use else { return nil }
            return finding(.warning, .neverSteered, field, "\(prefix) is \(use): no gateway ever gets that", hint: "remove it")
        }
    }

    /// Ranges that mean something on one node or link only (RFC 1122, 3927, 4291, 5771).
    private static let neverSteered: [(prefix: IPPrefix, use: String)] = [
        ("127.0.0.0/8", "loopback"), ("::1/128", "loopback"), ("169.254.0.0/16", "link-local"), ("fe80::/10", "link-local"),
        ("224.0.0.0/4", "multicast"), ("ff00::/8", "multicast"), ("255.255.255.255/32", "broadcast"), ("0.0.0.0/8", "this host"),
    ].compactMap { text, use in IPPrefix(text).map { ($0, use) } }

    private var exclusions: [Finding] {
        policy.excludedCIDRs.enumerated().compactMap { index, excluded in
            guard let inner = policy.destinationCIDRs.first(where: { $0 != excluded && excluded.contains($0) }) else { return nil }
            return finding(
                .warning, .exclusionTooWide, "spec.excludedCIDRs[\(index)]",
                "\(excluded) does not exclude the destination \(inner), which is the longer prefix and wins",
                hint: "remove that destination, or write the exclusion as long as it is")
        }
    }

    // MARK: Selectors

    private var rules: [Finding] {
        policy.selectors.enumerated().compactMap { index, rule in
            let field = "spec.selectors[\(index)]"
            let constraints = RuleConstraints(rule)
            if let key = constraints.contradiction {
                return finding(
                    .warning, .selectorNeverMatches, field, "no pod can meet what is asked of \(key)",
                    hint: "remove one of the requirements that contradict each other")
            }
            guard constraints.asksNothing else { return nil }
            return finding(
                .info, .selectsEveryPod, field, "selects every pod of every namespace, kube-system's too",
                hint: "nothing to do, if that is meant; else name labels or namespaces")
        }
    }

    // MARK: Gateways

    private func gateway(_ index: Int) -> [Finding] {
        let entry = policy.gateways[index]
        let base = policy.gateways.count > 1 ? "spec.egressGateways[\(index)]" : "spec.egressGateway"
        return [contradiction(entry, base), anyNode(entry, base), unusedFamily(entry, base)].compactMap(\.self)
    }

    private func contradiction(_ entry: GatewayEntry, _ base: String) -> Finding? {
        guard RuleConstraints(EgressSelector(nodeSelector: entry.nodeSelector)).contradiction != nil else { return nil }
        return finding(
            .warning, .selectorNeverMatches, base + ".nodeSelector", "no node can match \(entry.nodeSelector)",
            hint: "remove one of the requirements that contradict each other")
    }

    private func anyNode(_ entry: GatewayEntry, _ base: String) -> Finding? {
        guard entry.nodeSelector.selectsEverything else { return nil }
        return finding(
            .info, .anyNodeIsGateway, base + ".nodeSelector", "matches every node: the first eligible one by name is the gateway",
            hint: "label the nodes that are meant as gateways, and select that label")
    }

    private func unusedFamily(_ entry: GatewayEntry, _ base: String) -> Finding? {
        guard case .address(let address) = entry.source, !policy.families.isEmpty, !policy.families.contains(address.family) else {
            return nil
        }
        let others = policy.families.map(\.title).joined(separator: " and ")
        return finding(
            .warning, .addressFamilyUnused, base + ".egressIP",
            "\(address) is \(address.family.title) and all destinations are \(others): packets leave by another address of its interface",
            hint: "add destinations of its family, or name an address of theirs")
    }

    private func finding(
        _ severity: Finding.Severity, _ code: ReasonCode, _ field: String, _ message: String, hint: String
    ) -> Finding {
        Finding(severity, code, object: policy.reference, field: field, message: message, hint: hint)
    }
}
