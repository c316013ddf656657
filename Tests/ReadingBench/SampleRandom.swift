import TestRandom

/// The same cluster for the same seed, on every machine.
extension SeededRandom {
    mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(max(bound, 1))) }

    mutating func isTrue(oneIn bound: Int) -> Bool { below(bound) == 0 }

    /// Lower-case letters and digits without the ones that spell words, as Kubernetes makes the ends of pods' names.
    mutating func suffix(_ count: Int) -> String {
        let letters = Array("bcdfghjklmnpqrstvwxz2456789".utf8)
        return String(decoding: (0..<count).map { _ in letters[below(letters.count)] }, as: UTF8.self)
    }

    mutating func uid() -> String {
        let digits = (0..<2).map { _ in
            let text = String(next(), radix: 16)
            return String(repeating: "0", count: 16 - text.count) + text
        }.joined()
        var parts: [Substring] = []
        var rest = digits[...]
        for length in [8, 4, 4, 4, 12] {
            parts.append(rest.prefix(length))
            rest = rest.dropFirst(length)
        }
        return parts.joined(separator: "-")
    }

    mutating func time() -> String {
        func two(_ number: Int) -> String { (number < 10 ? "0" : "") + String(number) }
        return "2026-\(two(1 + below(11)))-\(two(1 + below(28)))T\(two(below(24))):\(two(below(60))):\(two(below(60)))Z"
    }
}
