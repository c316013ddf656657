import EgressModel

/// Equal prefixes of two policies that select the same pods: who lost what to whom, and how many pods it concerns.
struct Overlaps {
    private struct Key: Hashable {
        let winner: Int
        let loser: Int
        let prefix: IPPrefix
    }

    private var pods: [Key: (count: Int, example: String)] = [:]

    mutating func note(_ claim: ClaimTable.Claim, _ pod: Pod) {
        for loser in claim.conflicts {
            let key = Key(winner: claim.policy, loser: loser, prefix: claim.prefix)
            let name = "\(pod.namespace)/\(pod.name)"
            let before = pods[key]
            pods[key] = ((before?.count ?? 0) + 1, min(before?.example ?? name, name))
        }
    }

    /// By position of the policy that lost; one finding for each winner and prefix.
    func findings(_ policies: [EgressGatewayPolicy]) -> [Int: [Finding]] {
        var findings: [Int: [Finding]] = [:]
        for (key, concerned) in pods {
            let (winner, loser) = (policies[key.winner], policies[key.loser])
            let whom = concerned.count == 1 ? "pod \(concerned.example)" : "\(concerned.count) pods, such as \(concerned.example)"
            findings[key.loser, default: []].append(
                Finding(
                    .warning, .overlapLost, object: loser.reference, field: loser.field(of: key.prefix),
                    message: "policy \(winner.name) decides \(key.prefix) for \(whom) (\(winner.advantage(over: loser)))",
                    hint: "give one of them a narrower prefix or selector, or raise \(EgressAnnotation.priority)"))
        }
        return findings
    }
}

extension EgressGatewayPolicy {
    /// Path of the field that holds the prefix; the exclusion where both do.
    func field(of prefix: IPPrefix) -> String? {
        if let index = excludedCIDRs.firstIndex(of: prefix) { return "spec.excludedCIDRs[\(index)]" }
        return destinationCIDRs.firstIndex(of: prefix).map { "spec.destinationCIDRs[\($0)]" }
    }
}
