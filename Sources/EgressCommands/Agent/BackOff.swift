/// Waits that grow: 0.1, 0.2, 0.4 … at most 5 seconds.
struct BackOff: Sendable {
    private(set) var failures = 0

    var seconds: Double { min(5, 0.1 * Double(1 << min(failures, 10))) }

    mutating func next() -> Double {
        defer { failures += 1 }
        return seconds
    }

    mutating func reset() { failures = 0 }
}
