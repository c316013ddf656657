import EgressModel

/// The prefixes that a group of policies claims together, conflicts settled: each prefix stands once.
///
/// Pods that the same policies select share one table.
struct ClaimTable: Sendable {
    struct Claim: Sendable {
        var prefix: IPPrefix
        /// Number of the policy that decides.
        var policy: Int
        var isExclusion: Bool
        /// Numbers of policies whose equal prefix lost, best first.
        var beats: [Int] = []
        /// Those of them for which it makes a difference: both excluding is no conflict.
        var conflicts: [Int] = []
    }

    /// By prefix: family, address, wider first.
    let claims: [Claim]

    /// Policies with their numbers, in any order.
    init(_ policies: [(number: Int, policy: EgressGatewayPolicy)]) {
        var byPrefix: [IPPrefix: Claim] = [:]
        for (index, policy) in policies.sorted(by: { $0.policy.precedes($1.policy) }) {
            for (prefix, isExclusion) in Self.own(policy) {
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
