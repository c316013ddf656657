public import EgressModel

/// Equal prefixes of two policies that pods could be selected by both, told from the policies alone: without pods nobody
/// knows whether there are such pods.
///
/// A warning where every pod of one policy is one of the other's too, so that it can never decide; else information. At
/// most one finding for two policies, at the one that would lose.
public func policyOverlaps(_ policies: [EgressGatewayPolicy]) -> [Finding] {
    let sorted = policies.sorted { $0.precedes($1) }
    let claims = sorted.map(Claims.init)
    var byPrefix: [IPPrefix: [Int]] = [:]
    var findings: [Finding] = []
    for (loser, claim) in claims.enumerated() {
        // Winners in order, each with the first prefix that it shares.
        var shared: [Int: IPPrefix] = [:]
        for prefix in claim.prefixes.keys.sorted() {
            for winner in byPrefix[prefix] ?? [] where shared[winner] == nil && claims[winner].conflicts(with: claim, at: prefix) {
                shared[winner] = prefix
            }
            byPrefix[prefix, default: []].append(loser)
        }
        var possible = 0
        for (winner, prefix) in shared.sorted(by: { $0.key < $1.key }).prefix(neighbourLimit) {
            guard let meeting = claim.meeting(claims[winner]) else { continue }
            if meeting == .perhaps { possible += 1 }
            guard meeting == .always || possible <= possibleLimit else { continue }
            findings.append(finding(sorted[winner], sorted[loser], prefix, meeting))
        }
    }
    return findings
}

/// Policies that one is compared with, the strongest first: hundreds with one prefix would be compared pair by pair.
private let neighbourLimit = 256
/// More guesses about one policy help nobody.
private let possibleLimit = 3

/// How the pods of two policies meet.
private enum Meeting {
    /// Each pod of the one is also the other's.
    case always
    case perhaps
}

private struct Claims {
    /// True for an exclusion.
    let prefixes: [IPPrefix: Bool]
    /// Rules that a pod can meet.
    let rules: [RuleConstraints]

    init(_ policy: EgressGatewayPolicy) {
        var prefixes = Dictionary(policy.destinationCIDRs.map { ($0, false) }, uniquingKeysWith: { first, _ in first })
        for prefix in policy.excludedCIDRs { prefixes[prefix] = true }
        self.prefixes = prefixes
        rules = policy.selectors.map(RuleConstraints.init).filter { $0.contradiction == nil }
    }

    /// Both excluding is no conflict.
    func conflicts(with other: Claims, at prefix: IPPrefix) -> Bool { !(prefixes[prefix] == true && other.prefixes[prefix] == true) }

    func meeting(_ winner: Claims) -> Meeting? {
        guard rules.contains(where: { mine in winner.rules.contains { mine.canMeet(with: $0) } }) else { return nil }
        return rules.allSatisfy { mine in winner.rules.contains { mine.implies($0) } } ? .always : .perhaps
    }
}

private func finding(_ winner: EgressGatewayPolicy, _ loser: EgressGatewayPolicy, _ prefix: IPPrefix, _ meeting: Meeting) -> Finding {
    let why = winner.advantage(over: loser)
    let hint = "give one of them a narrower prefix or selector, or raise \(EgressAnnotation.priority)"
    return switch meeting {
    case .always:
        Finding(
            .warning, .overlapLost, object: loser.reference, field: loser.field(of: prefix),
            message: "policy \(winner.name) selects the same pods and more, and decides \(prefix) (\(why))", hint: hint)
    case .perhaps:
        Finding(
            .info, .possibleOverlap, object: loser.reference, field: loser.field(of: prefix),
            message: "policy \(winner.name) decides \(prefix) for a pod that both select, if there is one (\(why))", hint: hint)
    }
}
