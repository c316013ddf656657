import Synchronization

/// Events between a source that never waits and a reader that may be slow: the oldest are lost, and counted.
final class EventQueue<Event: Sendable>: Sendable {
    let events: AsyncStream<Event>
    private let continuation: AsyncStream<Event>.Continuation
    private let lost = Mutex<UInt64>(0)

    init(capacity: Int) {
        (events, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(max(1, capacity)))
    }

    func put(_ event: Event) {
        if case .dropped = continuation.yield(event) { lost.withLock { $0 += 1 } }
    }

    func finish() { continuation.finish() }

    /// Events lost since this was asked the last time.
    func takeLost() -> UInt64 {
        lost.withLock { count in
            defer { count = 0 }
            return count
        }
    }
}

/// The streams of one connection, by the id of their requests.
final class OpenStreams: Sendable {
    private struct State {
        var isEnding = false
        var ends: [Int64: @Sendable () -> Void] = [:]
    }

    private let state = Mutex(State())

    /// False when the id has a stream already, or when the connection is ending.
    func open(_ id: Int64, end: @escaping @Sendable () -> Void) -> Bool {
        state.withLock {
            guard !$0.isEnding, $0.ends[id] == nil else { return false }
            $0.ends[id] = end
            return true
        }
    }

    func close(_ id: Int64) { state.withLock { $0.ends[id] = nil } }

    /// False when there is no such stream.
    func end(_ id: Int64) -> Bool {
        guard let end = state.withLock({ $0.ends[id] }) else { return false }
        end()
        return true
    }

    func endAll() {
        let ends = state.withLock {
            $0.isEnding = true
            return Array($0.ends.values)
        }
        for end in ends { end() }
    }
}
