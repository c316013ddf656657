import EgressModel

/// What a policy's author should know about the plugin module that the policy names, on every node that could serve an
/// entry; the same on several nodes is one finding.
struct StrategyFindings {
    let policy: EgressGatewayPolicy
    let strategy: StrategyReference
    let entries: [ResolvedEntry]
    let view: GatewayView

    private struct Trouble {
        var severity: Finding.Severity
        var nodes: Set<String>
    }

    /// In no order.
    var all: [Finding] {
        var troubles: [Reason: Trouble] = [:]
        for entry in entries {
            for candidate in entry.candidates where isConcerned(candidate, entry) {
                guard let (reason, severity) = trouble(candidate, entry) else { continue }
                var trouble = troubles[reason] ?? Trouble(severity: severity, nodes: [])
                trouble.severity = min(trouble.severity, severity)
                trouble.nodes.insert(candidate.node)
                troubles[reason] = trouble
            }
        }
        return troubles.map { finding($0, $1.severity, $1.nodes.sorted()) }
    }

    /// A node that can't be chosen for another reason has that said of it already.
    private func isConcerned(_ candidate: GatewayCandidate, _ entry: ResolvedEntry) -> Bool {
        if candidate.node == entry.gateway?.node { return true }
        return candidate.ineligible.map { ReasonCode.refusals.contains($0.code) } ?? !view.silent.contains(candidate.node)
    }

    private func trouble(_ candidate: GatewayCandidate, _ entry: ResolvedEntry) -> (Reason, Finding.Severity)? {
        guard let announced = view.resolution(of: policy, entry: entry.entry, by: candidate.node), !announced.code.isEmpty else {
            return nil
        }
        let reason = Reason(ReasonCode(rawValue: announced.code), announced.reason)
        if announced.lacksAddress, candidate.node == entry.gateway?.node { return (reason, .error) }
        // A node that stands by without an address of its own is what such modules are for.
        return (reason, ReasonCode.refusals.contains(reason.code) ? .info : .warning)
    }

    private func finding(_ reason: Reason, _ severity: Finding.Severity, _ nodes: [String]) -> Finding {
        let cause = reason.code == .lastAnswerInForce ? LastAnswerReason.failure(in: reason.text) ?? reason.code : reason.code
        let annotation =
            cause == .pluginRefusedConfiguration ? EgressAnnotation.strategyConfiguration : EgressAnnotation.strategy
        let more = nodes.count > Self.mostNodes ? " and \(nodes.count - Self.mostNodes) more" : ""
        let names = nodes.prefix(Self.mostNodes).joined(separator: ", ") + more
        return Finding(
            severity, reason.code, object: policy.reference, field: "metadata.annotations[\(annotation)]",
            message: "on \(names): \(reason.text)", hint: hint(cause, nodes.first ?? "the node"))
    }

    private static let mostNodes = 8

    private func hint(_ code: ReasonCode, _ node: String) -> String {
        switch code {
        case .pluginUnknown:
            "put \(strategy.name).so into the folder of modules of \(node) and of every other gateway, or correct the strategy's name"
        case .pluginRefusedConfiguration:
            "correct the annotation \(EgressAnnotation.strategyConfiguration); the module's README says what it takes"
        case .pluginFailed:
            "look at the helper's log on \(node); egress-helper plugin-check MODULE says what is wrong with a module"
        case .pluginAddressOnNoInterface:
            "put the address on an interface of \(node), or correct what the module answers"
        case .pluginNoAddress:
            "give \(node) what the module looks for, or leave it out of the gateway's nodeSelector"
        case .addressHeldElsewhere: "nothing to do while the other node lives; \(node) takes the address when it is free"
        case .addressNotClaimed: "look at the logs of agent and helper on \(node)"
        case .interfaceNotFound: "set the interface of \(node) up, or correct what the module answers"
        default: "look at the agent on \(node)"
        }
    }
}
