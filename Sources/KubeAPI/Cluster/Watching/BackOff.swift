/// How long to wait before the next try of something that fails: doubling, with chance, so that many who failed at once
/// don't come back at once.
struct BackOff: Sendable {
    let shortest: Double
    let longest: Double
    private var next: Double

    /// Seconds; a watch begins as client-go's reflectors do, and waits no longer than 15 s.
    init(from shortest: Double = 0.8, to longest: Double = 15) {
        self.shortest = shortest
        self.longest = longest
        next = shortest
    }

    mutating func reset() { next = shortest }

    /// Between once and twice the base; never sooner than the server asked for.
    mutating func wait(retryAfter: Int? = nil) -> Double {
        let base = max(next, Double(min(max(retryAfter ?? 0, 0), 300)))
        next = min(next * 2, longest)
        return base * Double.random(in: 1...2)
    }
}

extension Task where Success == Never, Failure == Never {
    /// Whether the time passed, rather than the task was cancelled.
    static func waited(_ seconds: Double) async -> Bool {
        do {
            try await Task.sleep(nanoseconds: UInt64(max(0, min(seconds, 86_400)) * 1e9))
            return true
        } catch {
            return false
        }
    }
}
