import EgressModel

/// Equal prefixes of two policies that select the same pods: who lost what to whom, and how many pods it concerns.
/// Policies go by numbers that the engine gives.
struct Overlaps: Sendable {
    struct Key: Hashable, Sendable {
        let winner: Int
        let loser: Int
        let prefix: IPPrefix
    }

    struct Concerned: Sendable {
        var pods = 0
        /// The first by name.
        var example: String?
        /// Groups of policies, by their numbers, whose pods these are.
        var tables: Set<[Int]> = []
    }

    private(set) var concerned: [Key: Concerned] = [:]
    private var lost: [Int: Set<Key>] = [:]

    mutating func add(_ key: Key, _ name: String, _ table: [Int]) {
        if concerned[key] == nil { lost[key.loser, default: []].insert(key) }
        concerned[key, default: Concerned()].add(name, table)
    }

    /// What is left, if another example is needed.
    mutating func remove(_ key: Key, _ name: String) -> Concerned? {
        concerned[key]?.pods -= 1
        guard let left = concerned[key] else { return nil }
        guard left.pods <= 0 else { return left.example == name ? left : nil }
        concerned[key] = nil
        lost[key.loser]?.remove(key)
        if lost[key.loser]?.isEmpty ?? false { lost[key.loser] = nil }
        return nil
    }

    mutating func setExample(_ name: String?, _ key: Key) { concerned[key]?.example = name }

    /// The group of policies has no pods any more.
    mutating func forget(_ table: [Int], _ key: Key) { concerned[key]?.tables.remove(table) }

    /// Of the policy that lost; one for each winner and prefix.
    func findings(of loser: Int, _ policy: (Int) -> EgressGatewayPolicy?) -> [Finding] {
        (lost[loser] ?? []).compactMap { key in
            guard let concerned = concerned[key], let winner = policy(key.winner), let loser = policy(key.loser) else { return nil }
            return Self.finding(key.prefix, concerned, winner, loser)
        }
    }

    private static func finding(
        _ prefix: IPPrefix, _ concerned: Concerned, _ winner: EgressGatewayPolicy, _ loser: EgressGatewayPolicy
    ) -> Finding {
        let example = concerned.example ?? ""
        let whom = concerned.pods == 1 ? "pod \(example)" : "\(concerned.pods) pods, such as \(example)"
        return Finding(
            .warning, .overlapLost, object: loser.reference, field: loser.field(of: prefix),
            message: "policy \(winner.name) decides \(prefix) for \(whom) (\(winner.advantage(over: loser)))",
            hint: "give one of them a narrower prefix or selector, or raise \(EgressAnnotation.priority)")
    }
}

extension Overlaps.Concerned {
    fileprivate mutating func add(_ name: String, _ table: [Int]) {
        pods += 1
        example = min(example ?? name, name)
        tables.insert(table)
    }
}

extension EgressGatewayPolicy {
    /// Path of the field that holds the prefix; the exclusion where both do.
    func field(of prefix: IPPrefix) -> String? {
        if let index = excludedCIDRs.firstIndex(of: prefix) { return "spec.excludedCIDRs[\(index)]" }
        return destinationCIDRs.firstIndex(of: prefix).map { "spec.destinationCIDRs[\($0)]" }
    }
}
