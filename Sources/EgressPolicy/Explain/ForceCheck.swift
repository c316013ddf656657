import EgressModel

/// Whether the nodes concerned say that a policy's version is in force.
struct ForceCheck {
    let effective: EffectivePolicy

    /// The pod's node, and the gateway where there is one.
    func step(_ policyUID: String, nodes: [String]) -> ExplanationStep {
        guard let policy = effective.policies.first(where: { $0.policy.metadata.uid == policyUID })?.policy else {
            return ExplanationStep(.inForce, .unknown, "the policy is not in this snapshot")
        }
        if let unread = effective.unread(.egressNode) {
            return ExplanationStep(.inForce, .unknown, unread.reason("what is in force").coded)
        }
        guard !effective.egressNodes.isEmpty else {
            return ExplanationStep(.inForce, .unknown, "no node reports, so what is in force isn't known (\(ReasonCode.noNodeReports))")
        }
        var details: [String] = []
        var result = ExplanationStep.Result.yes
        if let unread = effective.unread(.node) {
            details.append(unread.reason("whether the gateway has it").coded)
            result = .unknown
        }
        for node in nodes {
            let (answer, detail) = judge(node, policy)
            details.append(detail)
            if answer == .no || (answer == .unknown && result == .yes) { result = answer }
        }
        return ExplanationStep(.inForce, result, details.joined(separator: "; "))
    }

    private func judge(_ node: String, _ policy: EgressGatewayPolicy) -> (ExplanationStep.Result, String) {
        guard let report = effective.report(of: node) else {
            return (.unknown, "\(node) has not reported (\(ReasonCode.notYetProgrammed))")
        }
        if effective.isSilent(node) {
            return (.unknown, "\(node) is silent since \(report.reportedAt ?? "always") (\(ReasonCode.nodeSilent))")
        }
        if effective.isUnsure(report), let unread = effective.unread(.lease) {
            return (
                .unknown, "\(node) last said something at \(report.reportedAt ?? "no time"), and \(unread.reason("whether it lives").coded)"
            )
        }
        let said = report.policies.first {
            $0.uid.isEmpty ? $0.name == policy.name : $0.uid == policy.metadata.uid
        }
        guard let said else { return (.no, "\(node) has not taken it on yet (\(ReasonCode.notYetProgrammed))") }
        guard said.programmed else {
            let why = said.reason.isEmpty ? "" : ": \(said.reason)"
            return (.no, "\(node) has not programmed it\(why) (\(said.code.isEmpty ? ReasonCode.notYetProgrammed.rawValue : said.code))")
        }
        guard said.generation == policy.metadata.generation else {
            let text = "\(node) has generation \(said.generation), not \(policy.metadata.generation) (\(ReasonCode.notYetProgrammed))"
            return (.no, text)
        }
        return (.yes, "\(node) has generation \(said.generation) in force")
    }
}

extension EffectivePolicy {
    /// Whether the report is too old to be believed without its Lease, which couldn't be read.
    func isUnsure(_ report: EgressNode) -> Bool { unsureReports.contains(report.name) }

    /// Whether ``resolve(_:accepted:now:)`` found the node silent.
    func isSilent(_ node: String) -> Bool {
        findings.contains { $0.code == .nodeSilent && $0.object == ObjectReference(kind: "Node", name: node) }
    }
}
