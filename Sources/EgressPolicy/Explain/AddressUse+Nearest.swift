import EgressModel

extension AddressUse {
    /// Policies that name the address, each with what keeps it from being used; then nodes that have it and could serve it.
    static func nearest(_ address: IPAddress, _ effective: EffectivePolicy) -> [Nearest] {
        let named = effective.policies.flatMap { resolved in
            resolved.policy.gateways.enumerated().compactMap { index, entry -> Nearest? in
                guard entry.source == .address(address) else { return nil }
                return nearest(resolved, entry: index, address, effective)
            }
        }
        let announced = effective.egressNodes.flatMap { report in
            report.resolutions.filter { $0.addresses(address.family).contains(address) }.map { resolution in
                let reason = Reason(
                    .entryNotAnnounced, "\(report.name) announces it for policy \(resolution.policy), and no pod of that uses it")
                return Nearest(policy: resolution.policy, node: report.name, reason: reason)
            }
        }
        let known = Set(named.compactMap(\.policy))
        let others = announced.filter { $0.policy.map { !known.contains($0) } ?? true }
        let holders = effective.egressNodes.filter { report in
            report.interfaces.contains { $0.isUp && $0.addresses.contains { $0.address == address } }
        }.map { report in
            let text =
                "\(report.name) has it on an interface: a policy whose gateway is \(report.name), with egressIP \(address), would use it"
            return Nearest(policy: nil, node: report.name, reason: Reason(.noPolicyClaims, text))
        }
        return named + others + (named.isEmpty && others.isEmpty ? holders : [])
    }

    private static func nearest(_ resolved: ResolvedPolicy, entry index: Int, _ address: IPAddress, _ effective: EffectivePolicy) -> Nearest
    {
        let policy = resolved.policy
        let field = policy.gateways.count > 1 ? "spec.egressGateways[\(index)]" : "spec.egressGateway"
        let entry = resolved.entries.first { $0.entry == index }
        func because(_ reason: Reason, _ node: String? = nil) -> Nearest {
            Nearest(
                policy: policy.name, node: node,
                reason: Reason(reason.code, "policy \(policy.name) names it (\(field)), but \(reason.text)"))
        }
        guard let gateway = entry?.gateway else {
            guard let candidate = entry?.candidates.first, let why = candidate.ineligible else {
                return because(Reason(.noGatewayMatches, "no node matches its gateway selector"))
            }
            return because(Reason(why.code, "\(candidate.node) can't be its gateway: \(why.text)"), candidate.node)
        }
        switch gateway.egressAddress(address.family) {
        case .missing(let why), .unknown(let why, _): return because(why, gateway.node)
        case .notNeeded:
            return because(Reason(.noPolicyClaims, "none of its destinations is \(address.family.title)"), gateway.node)
        case .addresses(let all) where !all.contains(address):
            return because(Reason(.byGateway, "\(gateway.node) leaves by other addresses"), gateway.node)
        case .addresses: break
        }
        guard resolved.selectedPods > 0 else { return because(Reason(.selectsNothing, "it selects no pod"), gateway.node) }
        return because(
            Reason(
                .overlapLost, "its pods leave by other entries, or other policies decide (kubectl egress explain policy \(policy.name))"),
            gateway.node)
    }
}
