import EgressModel

/// The prefixes that a group of policies claims together, conflicts settled: each prefix stands once.
///
/// Pods that the same policies select share one table.
struct ClaimTable: Sendable {
    struct Claim: Sendable {
        var prefix: IPPrefix
        /// Position of the policy that decides.
        var policy: Int
        var isExclusion: Bool
        /// Positions of policies whose equal prefix lost, best first.
        var beats: [Int] = []
        /// Those of them for which it makes a difference: both excluding is no conflict.
        var conflicts: [Int] = []
    }

    /// By prefix: family, address, wider first.
    let claims: [Claim]

    /// `selected` are positions in `policies`.
    init(_ selected: [Int], _ policies: [EgressGatewayPolicy]) {
        var byPrefix: [IPPrefix: Claim] = [:]
        for index in selected.sorted(by: { policies[$0].precedes(policies[$1]) }) {
            for (prefix, isExclusion) in Self.own(policies[index]) {
                guard var winner = byPrefix[prefix] else {
                    byPrefix[prefix] = Claim(prefix: prefix, policy: index, isExclusion: isExclusion)
                    continue
                }
                winner.beats.append(index)
                if !(winner.isExclusion && isExclusion) { winner.conflicts.append(index) }
                byPrefix[prefix] = winner
            }
        }
        claims = byPrefix.values.sorted { ($0.prefix.family, $0.prefix) < ($1.prefix.family, $1.prefix) }
    }

    /// One policy's prefixes; of an equal destination and exclusion the exclusion wins.
    private static func own(_ policy: EgressGatewayPolicy) -> [IPPrefix: Bool] {
        var prefixes = Dictionary(policy.destinationCIDRs.map { ($0, false) }, uniquingKeysWith: { first, _ in first })
        for prefix in policy.excludedCIDRs { prefixes[prefix] = true }
        return prefixes
    }
}
