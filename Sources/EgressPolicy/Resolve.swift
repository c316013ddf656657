public import EgressModel

/// What the policies of a cluster mean for its pods, with reasons.
///
/// Total and deterministic: a bad object becomes a finding, and the order of the input never matters.
/// - Parameters:
///   - accepted: the last good version of policies by UID; it stays in force while an object is invalid (EG2019).
///   - carrying: families that the datapath carries; what is claimed in another one is dropped (EG1106).
///   - now: seconds since 1970-01-01T00:00:00Z, to find nodes that fell silent; `nil` doesn't judge.
public func resolve(
    _ snapshot: ClusterSnapshot, accepted: [String: EgressGatewayPolicy] = [:],
    carrying families: Set<IPFamily> = DatapathLimits.carriedFamilies, now: Int64? = nil
) -> EffectivePolicy {
    PolicyEngine(snapshot, accepted: accepted, carrying: families, now: now, takesChanges: false).effective
}

/// What is said of no single policy. Pods make no difference.
func clusterFindings(_ snapshot: ClusterSnapshot, _ view: GatewayView, _ known: KnownRanges, hasPolicies: Bool) -> [Finding] {
    var findings = snapshot.unreadFindings + view.silent.map(silence(view))
    // What couldn't be listed has been said already, kind by kind.
    if !snapshot.isComplete, snapshot.unread.isEmpty {
        findings.append(
            Finding(
                .warning, .snapshotIncomplete, message: "some kinds of objects couldn't be read whole: nothing is planned from this",
                hint: "look at the other findings, and at what this user may list"))
    }
    if let owner = snapshot.ciliumEgressGateway { findings.append(twoOwners(owner)) }
    guard hasPolicies else { return findings }
    if !view.hasReports, snapshot.unread(.egressNode) == nil {
        findings.append(
            Finding(.info, .noNodeReports, message: Reason.noReports.text, hint: "with agents running there is an EgressNode for each node")
        )
    }
    return findings + known.findings(snapshot)
}

private func silence(_ view: GatewayView) -> (String) -> Finding {
    { name in
        Finding(
            .warning, .nodeSilent, object: ObjectReference(kind: "Node", name: name),
            message: "last reported at \(view.reports[name]?.reportedAt ?? "no time"); what is in force there isn't known",
            hint: "look at the agent on \(name)")
    }
}

private func twoOwners(_ owner: String) -> Finding {
    Finding(
        .error, .ciliumOwnsPolicies,
        message: "two owners of one policy: Cilium's own egress gateway is on (\(owner)), so no node programs egress policies here",
        hint: "turn one of them off: cilium's egressGateway.enabled=false, or kubectl egress uninstall")
}
