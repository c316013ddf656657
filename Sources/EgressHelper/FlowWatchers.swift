import EgressPlan
import EgressPorts
import Synchronization

/// Who wants to hear of connections, and the names that they are told. The datapath is watched only while somebody does.
final class FlowWatchers: Sendable {
    /// Events that wait for one watcher. Whoever reads for a slow client takes each at once; this is a stop for when even
    /// that is too slow.
    private static let kept = 16_384

    fileprivate struct Watcher {
        var query: FlowQuery
        var events: AsyncThrowingStream<FlowNews, any Error>.Continuation
        var lost: UInt64 = 0
    }

    private struct State {
        var watchers: [Int: Watcher] = [:]
        var nextID = 0
        var names: FlowNames
        var watch: (any EventWatch)?
    }

    private let state: Mutex<State>
    /// Held while the watch of the datapath begins or ends, never while an event is told.
    private let changing = Mutex<Void>(())

    init(node: String) {
        state = Mutex(State(names: FlowNames(node: node)))
    }

    var names: FlowNames {
        get { state.withLock(\.names) }
        set { state.withLock { $0.names = newValue } }
    }

    func watch(_ query: FlowQuery, _ datapath: any DatapathSight) throws -> AsyncThrowingStream<FlowNews, any Error> {
        let (stream, events) = AsyncThrowingStream<FlowNews, any Error>.makeStream(bufferingPolicy: .bufferingNewest(Self.kept))
        let id = state.withLock { state in
            defer { state.nextID += 1 }
            state.watchers[state.nextID] = Watcher(query: query, events: events)
            return state.nextID
        }
        events.onTermination = { [weak self] _ in self?.forget(id) }
        do {
            try begin(datapath)
        } catch {
            events.finish()
            throw error
        }
        // From here on nothing is missed.
        events.yield(FlowNews(nil))
        return stream
    }

    private func begin(_ datapath: any DatapathSight) throws {
        try changing.withLock { _ in
            guard state.withLock({ $0.watch == nil }) else { return }
            let watch = try datapath.watchEvents { [weak self] in self?.tell($0, lost: $1) }
            state.withLock { $0.watch = watch }
        }
    }

    private func forget(_ id: Int) {
        changing.withLock { _ in
            let idle = state.withLock { state -> (any EventWatch)? in
                state.watchers[id] = nil
                guard state.watchers.isEmpty else { return nil }
                defer { state.watch = nil }
                return state.watch
            }
            idle?.end()
        }
    }

    private func tell(_ events: [DatapathEvent], lost: UInt64) {
        state.withLock { state in
            for id in state.watchers.keys { state.watchers[id]?.lost &+= lost }
            for event in events {
                let named = FlowEvent(event, state.names)
                for id in state.watchers.keys { state.watchers[id]?.tell(named) }
            }
        }
    }

    func endAll() {
        // Finishing calls `onTermination`, which takes the locks.
        for watcher in state.withLock({ Array($0.watchers.values) }) { watcher.events.finish() }
    }
}

extension FlowWatchers.Watcher {
    fileprivate mutating func tell(_ event: FlowEvent) {
        guard query.fits(event) else { return }
        // What is pushed out of a full buffer is the oldest, with what it would have said of lost ones.
        switch events.yield(FlowNews(event, lost: lost)) {
        case .dropped(let oldest): lost = oldest.lost &+ 1
        default: lost = 0
        }
    }
}
