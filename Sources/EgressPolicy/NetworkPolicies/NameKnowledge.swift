import EgressModel

/// Which names the snapshot knows addresses of, for rules by names.
struct NameKnowledge: Sendable {
    let names: [NamedAddresses]
    let isComplete: Bool

    init(_ facts: NetworkPolicyFacts) {
        names = facts.names
        isComplete = facts.hasEveryName
    }

    func judge(name: String, _ address: IPAddress, path: String) -> Judgement {
        let known = names.filter { $0.name == name }
        if let fact = known.first(where: { $0.addresses.contains(address) }) {
            return Judgement(.yes, "\(path): \(name) has \(address) (\(fact.source))")
        }
        if let fact = known.first { return Judgement(.no, "\(path): \(name) doesn't have \(address) (\(fact.source))") }
        if isComplete { return Judgement(.no, "\(path): nobody resolves \(name)") }
        return .unknown(.nameUnknown, "\(path): which addresses \(name) has isn't known")
    }

    func judge(pattern: String, _ address: IPAddress, path: String) -> Judgement {
        if let fact = names.first(where: { $0.addresses.contains(address) && Self.matches(pattern, $0.name) }) {
            return Judgement(.yes, "\(path): \(pattern) holds \(fact.name), which has \(address) (\(fact.source))")
        }
        if isComplete { return Judgement(.no, "\(path): no name that \(pattern) holds has \(address)") }
        return .unknown(.nameUnknown, "\(path): which names \(pattern) holds, and their addresses, isn't known")
    }

    /// `*` is any run of characters without a dot; alone it is every name, and `**.` in front is one label or more.
    static func matches(_ pattern: String, _ name: String) -> Bool {
        if pattern == "*" { return !name.isEmpty }
        var patterns = pattern.split(separator: ".", omittingEmptySubsequences: false)[...]
        var labels = name.split(separator: ".", omittingEmptySubsequences: false)[...]
        if patterns.first == "**" {
            patterns.removeFirst()
            guard labels.count > patterns.count else { return false }
            labels = labels.suffix(patterns.count)
        }
        return labels.count == patterns.count && zip(patterns, labels).allSatisfy { matches(label: Array($0.utf8), Array($1.utf8)) }
    }

    /// Goes back to the last star only, so it takes no more steps than the product of both lengths.
    private static func matches(label pattern: [UInt8], _ text: [UInt8]) -> Bool {
        var (at, position) = (0, 0)
        var star: (after: Int, taken: Int)?
        while position < text.count {
            if at < pattern.count, pattern[at] == UInt8(ascii: "*") {
                star = (at + 1, position)
                at += 1
            } else if at < pattern.count, pattern[at] == text[position] {
                (at, position) = (at + 1, position + 1)
            } else if let last = star {
                star = (last.after, last.taken + 1)
                (at, position) = (last.after, last.taken + 1)
            } else {
                return false
            }
        }
        return pattern[at...].allSatisfy { $0 == UInt8(ascii: "*") }
    }
}
