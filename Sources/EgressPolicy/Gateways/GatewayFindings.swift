import EgressModel

/// What a policy's author should know about its gateways.
struct GatewayFindings {
    let policy: EgressGatewayPolicy
    let entries: [ResolvedEntry]
    let view: GatewayView

    /// In no order.
    var all: [Finding] {
        guard view.unknown == nil else { return [] }
        return entries.flatMap(findings) + (policy.strategy.map(answers) ?? [])
    }

    private func answers(_ strategy: StrategyReference) -> [Finding] {
        StrategyFindings(policy: policy, strategy: strategy, entries: entries, view: view).all
    }

    private func findings(_ entry: ResolvedEntry) -> [Finding] {
        guard !entry.candidates.isEmpty else { return [noMatch(entry)] }
        guard let gateway = entry.gateway else { return [noneEligible(entry)] }
        let own = [cordon(gateway, entry), silence(gateway, entry), silentEntry(gateway, entry)].compactMap(\.self)
        return own + (policy.strategy == nil ? addresses(gateway, entry) : [])
    }

    /// With several entries one that is missing costs capacity, not the traffic.
    private var severity: Finding.Severity { entries.contains { $0.gateway != nil } ? .warning : .error }

    private func noMatch(_ entry: ResolvedEntry) -> Finding {
        let selector = policy.gateways[entry.entry].nodeSelector
        let unmet = selector.requirements.map(\.description).joined(separator: " ")
        return finding(
            severity, .noGatewayMatches, entry, "nodeSelector", "no node matches \(selector)",
            "label the gateway: kubectl label node NODE \(unmet), or correct the selector")
    }

    private func noneEligible(_ entry: ResolvedEntry) -> Finding {
        let whys = entry.candidates.compactMap(\.ineligible?.text).joined(separator: "; ")
        return finding(
            severity, .noGatewayEligible, entry, "nodeSelector", "no gateway is eligible: \(whys)",
            "make one of these nodes ready, or let the selector match another node")
    }

    private func cordon(_ gateway: GatewayCandidate, _ entry: ResolvedEntry) -> Finding? {
        guard view.cordoned.contains(gateway.node) else { return nil }
        return finding(
            .warning, .gatewayCordoned, entry, "nodeSelector", "gateway \(gateway.node) is cordoned and stays the gateway",
            "to move its traffic: kubectl annotate node \(gateway.node) \(EgressAnnotation.drain)=true")
    }

    private func silence(_ gateway: GatewayCandidate, _ entry: ResolvedEntry) -> Finding? {
        guard view.silent.contains(gateway.node) else { return nil }
        return finding(
            .warning, .nodeSilent, entry, "nodeSelector",
            "gateway \(gateway.node) is silent, and stays the gateway as no other matching node reports",
            "look at the agent on \(gateway.node)")
    }

    private func addresses(_ gateway: GatewayCandidate, _ entry: ResolvedEntry) -> [Finding] {
        guard view.hasReports else { return [] }
        let missing = policy.families.compactMap { family -> Reason? in
            switch gateway.egressAddress(family) {
            case .missing(let reason): reason
            case .unknown, .addresses, .notNeeded: nil
            }
        }
        let field =
            switch policy.gateways[entry.entry].source {
            case .address: "egressIP"
            case .interface: "interface"
            case .defaultRoute: ""
            }
        return Set(missing).map { reason in
            finding(.error, reason.code, entry, field, reason.text, Self.hint(reason.code, gateway.node))
        }
    }

    private func silentEntry(_ gateway: GatewayCandidate, _ entry: ResolvedEntry) -> Finding? {
        guard view.hasReports, gateway.entryID == nil, !hasSaidWhy(gateway, entry) else { return nil }
        return finding(
            .warning, .entryNotAnnounced, entry, "nodeSelector", GatewayCandidate.notAnnounced(gateway.node).text,
            "look at the agent on \(gateway.node); it announces within seconds")
    }

    /// It announces the entry without an id: all are used up.
    private func hasSaidWhy(_ gateway: GatewayCandidate, _ entry: ResolvedEntry) -> Bool {
        view.resolution(of: policy, entry: entry.entry, by: gateway.node)?.code == ReasonCode.entryIDsUsedUp.rawValue
    }

    private static func hint(_ code: ReasonCode, _ node: String) -> String {
        switch code {
        case .addressOnNoInterface: "put the address on an interface of \(node), or name one that it has"
        case .interfaceNotFound: "name an interface of \(node) that is up"
        case .interfaceWithoutAddress: "give the interface a global address of that family, or leave the family out of destinationCIDRs"
        case .noDefaultRoute: "give \(node) a default route of that family, or set egressIP or interface"
        case .entryIDsUsedUp: "see that every node is Ready and reports: then ids that are free rest for 15 minutes, and count again"
        default: "look at the agent on \(node)"
        }
    }

    private func finding(
        _ severity: Finding.Severity, _ code: ReasonCode, _ entry: ResolvedEntry, _ field: String, _ message: String, _ hint: String
    ) -> Finding {
        let base = policy.gateways.count > 1 ? "spec.egressGateways[\(entry.entry)]" : "spec.egressGateway"
        return Finding(
            severity, code, object: policy.reference, field: field.isEmpty ? base : "\(base).\(field)", message: message, hint: hint)
    }
}
