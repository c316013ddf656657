import EgressModel

/// What each combination of policies comes to, worked out once for all pods that it selects, as long as there are any.
struct Standings: Sendable {
    fileprivate struct Context: Hashable, Sendable {
        var unsure: [Int: Reason]
        /// The pods' node, where it says that it can't reach a gateway of these policies.
        var judge: String?
    }

    fileprivate struct Table: Sendable {
        let claims: ClaimTable
        /// Prefixes that a policy lost, by family.
        let conflicts: [IPFamily: [Overlaps.Key]]
        var standings: [Context: PodStanding] = [:]
        var pods = 0
        /// Names of pods with an address of a family that has conflicts, in order unless the engine takes no changes.
        var names: [IPFamily: OrderedChunks<String>] = [:]
    }

    private var tables: [[Int]: Table] = [:]
    private var tablesOf: [Int: Set<[Int]>] = [:]
    private var routings: [Int: [String?: PolicyRouting]] = [:]
    private(set) var overlaps = Overlaps()
    /// Policies that lost something since it was last asked.
    private(set) var losers: Set<Int> = []

    mutating func standing(
        _ selected: [Int], _ unsure: [Int: Reason], judge: String?, _ policies: PoliciesInUse, _ view: GatewayView
    ) -> PodStanding {
        if selected.isEmpty, unsure.isEmpty { return .unselected }
        let context = Context(unsure: unsure, judge: judge)
        if let known = tables[selected]?.standings[context] { return known }
        if tables[selected] == nil { tables[selected] = Table(selected, policies) }
        for number in selected + unsure.keys { tablesOf[number, default: []].insert(selected) }
        let standing = make(selected, context, policies, view)
        tables[selected]?.standings[context] = standing
        return standing
    }

    private mutating func make(_ selected: [Int], _ context: Context, _ policies: PoliciesInUse, _ view: GatewayView) -> PodStanding {
        let claims = (tables[selected]?.claims.claims ?? []).compactMap { claim -> SettledClaim? in
            guard let use = policies[claim.policy] else { return nil }
            let routing = claim.isExclusion ? nil : routing(claim.policy, use, judge: context.judge, view)
            return SettledClaim(
                prefix: claim.prefix, policy: use.policy.name, policyUID: use.policy.metadata.uid, routing: routing,
                beats: claim.beats.compactMap { policies[$0]?.policy.name })
        }
        let undecided = policies.inOrder(context.unsure.keys).compactMap { number, policy in
            context.unsure[number].map { UndecidedPolicy(name: policy.name, uid: policy.metadata.uid, reason: $0) }
        }
        return PodStanding(
            policies: policies.inOrder(selected).map(\.policy.name), undecided: undecided, claims: claims, selected: selected,
            unsure: context.unsure.keys.sorted())
    }

    private mutating func routing(_ number: Int, _ use: PolicyInUse, judge: String?, _ view: GatewayView) -> PolicyRouting {
        if let known = routings[number]?[judge] { return known }
        let routing = PolicyRouting(use.policy, use.entries, view, podNode: judge)
        routings[number, default: [:]][judge] = routing
        return routing
    }

    /// Nothing is kept that rests on the policy; pods that have it keep what they have until they get something else.
    mutating func forget(_ number: Int, isGone: Bool) {
        routings[number] = nil
        for selected in tablesOf[number] ?? [] { tables[selected]?.standings = [:] }
        if isGone { tablesOf[number] = nil }
    }

    // MARK: Pods

    /// `keepsOrder`: names stay in order.
    mutating func enter(_ pod: Pod, _ standing: PodStanding, keepsOrder: Bool) {
        guard !standing.isUnselected, let conflicts = tables[standing.selected]?.conflicts else { return }
        tables[standing.selected]?.pods += 1
        guard !conflicts.isEmpty else { return }
        let name = pod.overlapName
        for (family, keys) in conflicts where pod.address(family) != nil {
            for key in keys { overlaps.add(key, name, standing.selected) }
            losers.formUnion(keys.map(\.loser))
            guard keepsOrder else {
                tables[standing.selected]?.names[family, default: OrderedChunks()].append(name)
                continue
            }
            let position = tables[standing.selected]?.names[family]?.firstPosition { $0 >= name } ?? 0
            tables[standing.selected]?.names[family, default: OrderedChunks()].insert(name, at: position)
        }
    }

    mutating func leave(_ pod: Pod, _ standing: PodStanding) {
        guard !standing.isUnselected, let conflicts = tables[standing.selected]?.conflicts else { return }
        let name = pod.overlapName
        for (family, keys) in conflicts where pod.address(family) != nil {
            if let position = tables[standing.selected]?.names[family]?.firstPosition(where: { $0 >= name }) {
                tables[standing.selected]?.names[family]?.remove(at: position)
            }
            for key in keys {
                if let left = overlaps.remove(key, name) { overlaps.setExample(first(family, left), key) }
            }
            losers.formUnion(keys.map(\.loser))
        }
        tables[standing.selected]?.pods -= 1
        if tables[standing.selected]?.pods == 0 { drop(standing) }
    }

    private func first(_ family: IPFamily, _ concerned: Overlaps.Concerned) -> String? {
        concerned.tables.compactMap { tables[$0]?.names[family] }.compactMap { $0.count > 0 ? $0[0] : nil }.min()
    }

    private mutating func drop(_ standing: PodStanding) {
        guard let table = tables.removeValue(forKey: standing.selected) else { return }
        for key in table.conflicts.values.joined() { overlaps.forget(standing.selected, key) }
        for number in Set(standing.selected).union(table.standings.keys.flatMap(\.unsure.keys)) {
            tablesOf[number]?.remove(standing.selected)
            if tablesOf[number]?.isEmpty ?? false { tablesOf[number] = nil }
        }
    }

    /// After pods entered in another order than their names'.
    mutating func putNamesInOrder() {
        for (selected, table) in tables where !table.names.isEmpty {
            tables[selected]?.names = table.names.mapValues { OrderedChunks($0.sorted()) }
        }
    }

    mutating func takeLosers() -> Set<Int> {
        defer { losers = [] }
        return losers
    }
}

extension Standings.Table {
    fileprivate init(_ selected: [Int], _ policies: PoliciesInUse) {
        claims = ClaimTable(selected.compactMap { number in policies[number].map { (number, $0.policy) } })
        var conflicts: [IPFamily: [Overlaps.Key]] = [:]
        for claim in claims.claims {
            for loser in claim.conflicts {
                conflicts[claim.prefix.family, default: []].append(
                    Overlaps.Key(winner: claim.policy, loser: loser, prefix: claim.prefix))
            }
        }
        self.conflicts = conflicts
    }
}

extension Pod {
    fileprivate var overlapName: String { "\(namespace)/\(name)" }
}
