public import EgressModel

/// What Cilium does with one pod's packets to one destination, and how we differ, in a sentence.
public struct CiliumAnswer: Sendable, Hashable {
    public var version: CiliumVersion
    /// More than one: it isn't defined which.
    public var fates: [EgressFate]
    public var policies: [String]
    /// `nil`: the same here.
    public var reason: Reason?
    public var sentence: String
}

extension CiliumComparison {
    private var title: String { "Cilium \(table.profile.version)" }

    /// One connection of a pod that the comparison's snapshot has.
    public func answer(_ pod: Pod, to destination: IPAddress) -> CiliumAnswer {
        let resolved =
            effective.pods.first { $0.pod.reference == pod.reference }
            ?? ResolvedPod(pod: pod, notApplicable: pod.notApplicable, policies: [], rules: [])
        switch PodWalk(resolved, to: destination, effective) {
        case .inCluster(let range) where range.kind == .pod || range.kind == .node || range.kind == .service:
            return same(.asNode, [], "packets to \(destination) stay inside the cluster")
        case .inCluster(let range): return inside(resolved, destination, range)
        case .unknown(let reason, _): return unknown(reason)
        case .rule(let rule) where rule.reason.code.isUnread: return unknown(rule.reason)
        case .rule(let rule): return answer(resolved, destination, rule)
        case .notApplicable, .unselected, .unmatched: return answer(resolved, destination, nil)
        }
    }

    private func unknown(_ reason: Reason) -> CiliumAnswer {
        CiliumAnswer(
            version: table.profile.version, fates: [], policies: [], reason: reason,
            sentence: "\(title) can't be compared: \(reason.text) [\(reason.code)].")
    }

    private func row(_ pod: Pod, _ destination: IPAddress) -> CiliumRow? {
        guard CiliumSelection.hasEndpoint(pod), let source = pod.address(destination.family) else { return nil }
        return table.row(for: destination, from: source)
    }

    private func answer(_ pod: ResolvedPod, _ destination: IPAddress, _ rule: ResolvedRule?) -> CiliumAnswer {
        let row = row(pod.pod, destination)
        let fates = Self.fates(row, table.profile)
        let ours = EgressFate(rule)
        let policies = row?.policies ?? []
        guard let source = pod.pod.address(destination.family),
            let difference = Self.difference(pod, source, IPPrefix(host: destination), rule, row, table, self.policies)
        else { return same(fates.first ?? ours, policies, "packets to \(destination) \((fates.first ?? ours).clause)") }
        return differing(fates, policies, difference.reason, destination, ours)
    }

    /// Link-local, multicast, and private ranges that may be the cluster's: never steered here.
    private func inside(_ pod: ResolvedPod, _ destination: IPAddress, _ range: InClusterRange) -> CiliumAnswer {
        let row = row(pod.pod, destination)
        let fates = Self.fates(row, table.profile)
        guard !fates.allSatisfy({ $0.looksLike(.asNode) }) else {
            return same(.asNode, row?.policies ?? [], "packets to \(destination) \(EgressFate.asNode.clause)")
        }
        let reason = Reason(
            .ciliumKnowsInsideOtherwise, "inside are pods, nodes and the API server there; here \(range.title) is never steered either")
        return differing(fates, row?.policies ?? [], reason, destination, .asNode)
    }

    private func same(_ fate: EgressFate, _ policies: [String], _ clause: String) -> CiliumAnswer {
        let by = policies.isEmpty ? "" : " (policy \(policies.joined(separator: ", ")))"
        return CiliumAnswer(
            version: table.profile.version, fates: [fate], policies: policies, reason: nil,
            sentence: "\(title) does the same: \(clause)\(by).")
    }

    private func differing(_ fates: [EgressFate], _ policies: [String], _ reason: Reason, _ destination: IPAddress, _ ours: EgressFate)
        -> CiliumAnswer
    {
        let verb = reason.code == .ciliumSpreadsOtherwise ? "may differ" : "differs"
        return CiliumAnswer(
            version: table.profile.version, fates: fates, policies: policies, reason: reason,
            sentence: "\(title) \(verb): packets to \(destination) \(Self.clause(fates)), and \(ours.clause("here")): "
                + "\(reason.text) [\(reason.code)].")
    }

    private static func clause(_ fates: [EgressFate]) -> String {
        switch fates.count {
        case 1: if case .dropped = fates[0] { "are dropped there" } else { fates[0].clause("there") }
        default: "either " + fates.map(\.clause).joined(separator: ", or ") + " there"
        }
    }
}
