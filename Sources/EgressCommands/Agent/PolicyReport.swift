import EgressModel
import EgressPlan
import EgressPolicy

/// How taking a plan on went.
enum PlanOutcome: Sendable, Hashable {
    /// The kernel has it. Pods of the plan that no device was found for; and those whose open connections ended.
    case inForce(notGoverned: [ObjectReference], ended: [EndedConnections] = [])
    /// The helper, or the way to it, said no.
    case failed(Reason)
}

extension PlanOutcome {
    /// The reason for a user; a helper that isn't there is another matter than one that refuses.
    init(_ error: HelperError) {
        let code: ReasonCode =
            switch error.code {
            case "unreachable", "timeout": .helperUnreachable
            case "foreign_owner": .ciliumOwnsPolicies
            default: .helperRefused
            }
        self = .failed(Reason(code, error.description))
    }
}

/// `status.policies`: what is in force here of each policy of the plan, by name.
func policiesInForce(_ plan: NodePlan, _ outcome: PlanOutcome, _ effective: EffectivePolicy) -> [PolicyInForce] {
    plan.policies.map { planned in
        let metadata = planned.accepted.metadata
        var report = PolicyInForce(
            name: metadata.name, uid: metadata.uid, generation: metadata.generation, programmed: !passing.contains(planned.code),
            pods: planned.pods, code: planned.code, reason: planned.reason)
        switch outcome {
        case .failed(let reason):
            report.programmed = false
            report.code = reason.code.rawValue
            report.reason = reason.text
        case .inForce(let notGoverned, let ended):
            func isSelected(_ pod: ObjectReference) -> Bool {
                effective.pods.contains { $0.pod.reference == pod && $0.policies.contains(metadata.name) }
            }
            let missing = notGoverned.filter(isSelected)
            guard let first = missing.first else {
                if report.code.isEmpty, let first = ended.first(where: { isSelected($0.pod) }) {
                    report.code = ReasonCode.openConnectionsEnded.rawValue
                    report.reason = "connections that \(first.pod) had open ended: \(first.reason)"
                    break
                }
                guard report.code.isEmpty, let last = lastAnswer(metadata.uid, plan.node, effective) else { break }
                (report.programmed, report.code, report.reason) = (!passing.contains(last.code), last.code, last.reason)
                break
            }
            report.programmed = false
            report.code = ReasonCode.podNotGoverned.rawValue
            report.reason = "no device of this node leads to \(first)" + (missing.count > 1 ? " and \(missing.count - 1) more" : "")
        }
        return report
    }
}

/// A module's last good answer that is in force here: pods leave by it, so the plan knows nothing of it.
private func lastAnswer(_ policyUID: String, _ node: String, _ effective: EffectivePolicy) -> EntryResolution? {
    effective.egressNodes.first { $0.name == node }?.resolutions.first { $0.uid == policyUID && $0.isLastAnswer }
}

/// Codes of what a plan lacks only until another node, or a module, has spoken: not in force yet. Others are how the policy stands here.
private let passing: Set<String> = Set(
    [.entryNotAnnounced, .noNodeReports, .addressUnknown, .notYetProgrammed].map { (code: ReasonCode) in code.rawValue })

/// What stays of an earlier report while nothing is known of the kernel.
func policiesNotInForce(_ policies: [PolicyInForce], _ reason: Reason) -> [PolicyInForce] {
    policies.map { policy in
        var policy = policy
        policy.programmed = false
        policy.code = reason.code.rawValue
        policy.reason = reason.text
        return policy
    }
}
