import Synchronization

/// Sentences that a run says once.
final class SaidOnce: Sendable {
    private let seen = Mutex<Set<String>>([])

    var count: Int { seen.withLock(\.count) }

    /// Whether it is the first of this text.
    func take(_ text: String) -> Bool { seen.withLock { $0.insert(text).inserted } }
}
