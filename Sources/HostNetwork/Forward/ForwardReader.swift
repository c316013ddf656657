// SPDX-License-Identifier: Apache-2.0
import EgressPlan
import Glibc
import Synchronization

/// Reads which rules of netfilter decide about forwarded packets: nftables' and iptables-legacy's.
///
/// What can't be read is an answer too (`unreadable`). nft is asked only when the ruleset has changed since.
final class ForwardReader: Sendable {
    private struct Known {
        var generation: UInt32
        /// Not read again before: where reading takes long, as rules are many, it may not take more than a tenth of the time.
        var restsUntil: ContinuousClock.Instant
        var found: Set<ForwardPolicy>
    }

    private let nft: String
    private let legacy: LegacyRules
    private let known = Mutex<Known?>(nil)

    init(nft: String, legacy: LegacyRules = LegacyRules()) {
        self.nft = nft
        self.legacy = legacy
    }

    /// Sorted; a few are enough to know.
    func policies() -> [ForwardPolicy] {
        Array(nftables().union(legacy.policies()).sorted().prefix(Self.most))
    }

    private static let most = 8
    private static let quick = Duration.milliseconds(100)

    private func nftables() -> Set<ForwardPolicy> {
        // Before the rules: what changes while they are read makes another generation.
        let generation = try? NetlinkSocket.rulesetGeneration()
        let start = ContinuousClock.now
        if let known = known.withLock({ $0 }), known.generation == generation || start < known.restsUntil { return known.found }
        let found: Set<ForwardPolicy>
        do {
            found = try readTables()
        } catch {
            return [ForwardPolicy(.unreadable, place: "nft: \(error.message)")]
        }
        let end = ContinuousClock.now
        let rest = end - start > Self.quick ? (end - start) * 9 : .zero
        if let generation { known.withLock { $0 = Known(generation: generation, restsUntil: end + rest, found: found) } }
        return found
    }

    /// Whether rules changed since they were read last.
    var isBehind: Bool {
        guard let known = known.withLock({ $0 }) else { return false }
        return (try? NetlinkSocket.rulesetGeneration()) != known.generation
    }

    /// Chains first, which are few and quickly listed; then the rules of those tables that filter where packets are forwarded.
    private func readTables() throws(HostNetworkError) -> Set<ForwardPolicy> {
        var ruleset = try list(["chains"])
        for table in ruleset.filtering { ruleset.take(try list(["table", table.family, table.name])) }
        return ruleset.tables.values.reduce(into: []) { $0.formUnion($1.forwardPolicies()) }
    }

    private func list(_ what: [String]) throws(HostNetworkError) -> NftRuleset {
        let printed = try Command(path: nft, arguments: ["-j", "list"] + what).output()
        guard let ruleset = NftRuleset(json: printed) else {
            throw HostNetworkError("`\(nft) -j list \(what.joined(separator: " "))` printed no JSON")
        }
        return ruleset
    }
}
