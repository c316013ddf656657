import EgressModel
import EgressPolicy

/// What policies met on nodes when they came, as those report it: of policies that are in force all the same.
func arrivalFindings(_ effective: EffectivePolicy) -> [Finding] {
    effective.policies.flatMap { resolved in
        effective.egressNodes.compactMap { node -> Finding? in
            guard let said = node.policies.first(where: { $0.uid == resolved.policy.metadata.uid }),
                said.code == ReasonCode.openConnectionsEnded.rawValue
            else { return nil }
            return Finding(
                .warning, .openConnectionsEnded, object: resolved.policy.reference, message: "on \(node.name): \(said.reason)",
                hint: "kubectl egress explain code \(ReasonCode.openConnectionsEnded)")
        }
    }
}
