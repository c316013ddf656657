/// SplitMix64: the same cluster for the same seed, on every machine.
struct SampleRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

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
