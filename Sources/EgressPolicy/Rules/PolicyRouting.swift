import EgressModel

/// How one policy's claimed packets leave, for pods of nodes that reach the same gateways.
final class PolicyRouting: Sendable {
    struct Option: Sendable {
        var entry: Int
        var candidate: GatewayCandidate

        /// `nil`: the tunnel can't reach it.
        var ranked: RankedGateway? {
            candidate.address.map { RankedGateway(node: candidate.node, address: $0, entry: entry, entryID: candidate.entryID) }
        }
    }

    let policy: EgressGatewayPolicy
    /// With one entry its eligible nodes, best first; with several the node of each entry.
    let options: [Option]
    /// Why there is no option; meaningful when there is none.
    let nothing: Reason
    let hasReports: Bool
    /// What gateways are or say couldn't be read.
    let unknown: Reason?
    let carried: Set<IPFamily>

    /// `node` is the pods' node, which may know of gateways that it can't reach; `nil` when it has no opinion.
    init(_ policy: EgressGatewayPolicy, _ entries: [ResolvedEntry], _ view: GatewayView, podNode: String?) {
        func usable(_ candidate: GatewayCandidate) -> Bool {
            candidate.ineligible == nil && !(podNode.map { view.isUnreachable(candidate.node, from: $0) } ?? false)
        }
        self.policy = policy
        hasReports = view.hasReports
        unknown = view.unknown
        carried = view.carried
        let single = entries.count == 1
        options = entries.flatMap { entry in
            entry.candidates.filter(usable).prefix(single ? Int.max : 1).map { Option(entry: entry.entry, candidate: $0) }
        }
        nothing = Self.nothing(policy, entries, podNode)
    }

    /// Best first for the pod of this UID: by the pod's hash where there are several entries.
    func ranked(for pod: String) -> [Option] {
        guard policy.gateways.count > 1 else { return options }
        let scored = options.map { option in
            (option, Rendezvous.score(pod: pod, policy: policy.metadata.uid, entry: option.entry))
        }
        return scored.sorted { $0.1 != $1.1 ? $0.1 > $1.1 : $0.0.entry < $1.0.entry }.map(\.0)
    }

    func decision(_ source: IPAddress, _ best: Option?) -> RuleDecision { RuleDecision(source, self, best) }

    private static func nothing(_ policy: EgressGatewayPolicy, _ entries: [ResolvedEntry], _ podNode: String?) -> Reason {
        let candidates = entries.flatMap(\.candidates)
        guard !candidates.isEmpty else {
            let selectors = policy.gateways.map(\.nodeSelector.description).joined(separator: " or ")
            return Reason(.noGatewayMatches, "no node matches the gateway selector \(selectors)")
        }
        let unreachable = candidates.filter { $0.ineligible == nil }.map { "\($0.node) is unreachable from \(podNode ?? "the pod's node")" }
        let whys = candidates.compactMap(\.ineligible?.text) + unreachable
        return Reason(.noGatewayEligible, "no gateway is eligible: " + Set(whys).sorted().joined(separator: "; "))
    }
}
