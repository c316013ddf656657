import EgressPlan
import Synchronization

/// Who wants to hear of changed facts.
final class FactsWatchers: Sendable {
    private struct State {
        var watchers: [Int: AsyncThrowingStream<HostFacts, any Error>.Continuation] = [:]
        var nextID = 0
    }

    private let state = Mutex(State())

    /// A stream that begins with these facts and is not bounded: whoever reads it for a slow client takes each event at
    /// once and counts what that client loses.
    func watch(from facts: HostFacts) -> AsyncThrowingStream<HostFacts, any Error> {
        let (stream, watcher) = AsyncThrowingStream<HostFacts, any Error>.makeStream()
        let id = state.withLock { state in
            defer { state.nextID += 1 }
            state.watchers[state.nextID] = watcher
            return state.nextID
        }
        watcher.onTermination = { [weak self] _ in self?.state.withLock { $0.watchers[id] = nil } }
        watcher.yield(facts)
        return stream
    }

    func tell(_ facts: HostFacts) {
        for watcher in state.withLock({ Array($0.watchers.values) }) { watcher.yield(facts) }
    }

    func endAll() {
        // Finishing calls `onTermination`, which takes the lock.
        for watcher in state.withLock({ Array($0.watchers.values) }) { watcher.finish() }
    }
}
