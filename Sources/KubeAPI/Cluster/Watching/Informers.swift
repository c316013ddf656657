import EgressModel
import EgressPorts
import Logging
import Synchronization

/// Keeps what a scope needs of a cluster in memory, in step with the API server: one reflector for each collection.
///
/// What was read once stays, whatever happens to the server; a reader sees a state of its own at any moment.
final class Informers: Sendable {
    let client: KubeClient
    let scope: ClusterScope
    let log: Logger
    private let state: Mutex<State>

    struct State {
        var tables = ClusterTables()
        var status: [ClusterSlot: SlotStatus] = [:]
        var isSettled = false
        var readers: [Int: AsyncStream<Void>.Continuation] = [:]
        var waiting: [Int: CheckedContinuation<Void, Never>] = [:]
        var lastNumber = 0
        var work: Task<Void, Never>?
        var isEnded = false
    }

    /// How far a collection is known.
    enum SlotStatus: Sendable {
        case waiting
        /// Read whole once, or as far as it is allowed.
        case read([UnreadKind])
        case notServed(UnreadKind?)
        /// Never read so far.
        case failed(APIError, [UnreadKind])
        /// Read once; now the server refuses it. What was read stays.
        case stale([UnreadKind])

        var isRead: Bool {
            switch self {
            case .read, .stale: true
            case .waiting, .notServed, .failed: false
            }
        }
    }

    init(client: KubeClient, scope: ClusterScope, log: Logger) {
        self.client = client
        self.scope = scope
        self.log = log
        state = Mutex(State())
    }

    deinit { end() }

    /// Begins to follow; once is enough.
    func start() {
        let collections = ClusterCollection.all(for: scope)
        state.withLock { state in
            guard state.work == nil, !state.isEnded else { return }
            for collection in collections { state.status[collection.slot] = .waiting }
            // The reflectors hold the informers weakly: what follows a cluster ends when nobody reads it any more.
            let sink: @Sendable () -> (any ReflectorSink)? = { [weak self] in self }
            state.work = Task { [client, scope, log] in
                await withTaskGroup(of: Void.self) { group in
                    for collection in collections {
                        let lister = CollectionLister(
                            client: client, collection: collection, fallbackNamespace: scope == .cluster ? client.namespace : nil)
                        let reflector = Reflector(lister: lister, sink: sink, log: log)
                        group.addTask { await reflector.run() }
                    }
                }
            }
        }
    }

    func end() {
        let (work, readers, waiting) = state.withLock { state in
            state.isEnded = true
            defer {
                state.work = nil
                state.readers = [:]
                state.waiting = [:]
            }
            return (state.work, state.readers, state.waiting)
        }
        work?.cancel()
        for continuation in readers.values { continuation.finish() }
        for continuation in waiting.values { continuation.resume() }
    }
}

// MARK: - For readers

extension Informers {
    /// One element at once, then one whenever something changed since the reader took the last.
    func changes() -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let number: Int? = state.withLock { state in
            guard !state.isEnded else { return nil }
            state.lastNumber += 1
            state.readers[state.lastNumber] = continuation
            return state.lastNumber
        }
        guard let number else {
            continuation.finish()
            return stream
        }
        continuation.onTermination = { [weak self] _ in self?.state.withLock { _ = $0.readers.removeValue(forKey: number) } }
        continuation.yield()
        return stream
    }

    var hasReaders: Bool { state.withLock { !$0.readers.isEmpty } }

    /// Wakes readers, as a change would.
    func signal() {
        let readers = state.withLock { Array($0.readers.values) }
        for continuation in readers { continuation.yield() }
    }

    /// Until each collection was read or refused once, or so many seconds passed.
    func settled(within seconds: Double) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.settled() }
            group.addTask { _ = await Task.waited(seconds) }
            await group.next()
            group.cancelAll()
        }
    }

    private func settled() async {
        let number = state.withLock { state in
            state.lastNumber += 1
            return state.lastNumber
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isNow = state.withLock { state in
                    if state.isSettled || state.isEnded || Task.isCancelled { return true }
                    state.waiting[number] = continuation
                    return false
                }
                if isNow { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiting.removeValue(forKey: number) }?.resume()
        }
    }

    /// What is known now. Throws ``ClusterError`` while nothing was ever reached.
    func snapshot() throws -> ClusterSnapshot {
        var (snapshot, status) = state.withLock { state in (state.tables.snapshot(), state.status) }
        if !status.values.contains(where: \.wasAnswered), let error = status.values.lazy.compactMap(\.failure).first {
            throw error.clusterError()
        }
        for (slot, status) in status {
            snapshot.unread += status.unread
            // What may be there and wasn't heard of yet, a range for one, would be steered.
            if slot.kind.isNeededToPlan ? !status.isWhole : status.isOpen { snapshot.isComplete = false }
        }
        snapshot.unread = snapshot.unread.joined()
        if case .node(let name) = scope { snapshot.podScope = .node(name) }
        return snapshot
    }

    func read<Result>(_ body: (borrowing ClusterTables) -> Result) -> Result { state.withLock { body($0.tables) } }
}

extension Informers.SlotStatus {
    fileprivate var unread: [UnreadKind] {
        switch self {
        case .waiting: []
        case .read(let unread), .stale(let unread), .failed(_, let unread): unread
        case .notServed(let unread): unread.map { [$0] } ?? []
        }
    }

    /// Known as far as it can be: a part that is forbidden isn't whole, a kind that isn't there is.
    fileprivate var isWhole: Bool {
        switch self {
        case .read(let unread): unread.isEmpty
        case .notServed, .stale: true
        case .waiting, .failed: false
        }
    }

    /// Nobody knows yet; a refusal is an answer.
    fileprivate var isOpen: Bool {
        switch self {
        case .waiting: true
        case .failed(let error, _): !error.isForbidden
        case .read, .notServed, .stale: false
        }
    }

    /// Whether the server said anything of it but that we aren't known.
    fileprivate var wasAnswered: Bool {
        if let failure { failure.status != nil && !failure.isUnauthorized } else if case .waiting = self { false } else { true }
    }

    fileprivate var failure: APIError? { if case .failed(let error, _) = self { error } else { nil } }
}

// MARK: - For reflectors

extension Informers: ReflectorSink {
    var nodeCount: Int { state.withLock { $0.tables.nodeCount } }

    func replace(_ collection: ClusterCollection, with reading: CollectionLister.Reading) {
        change(collection.slot) { state in
            let hadStatus = state.status[collection.slot]?.unread
            state.status[collection.slot] = .read(reading.unread)
            return state.tables.replace(collection.slot, from: reading.tables) || hadStatus != reading.unread
        }
    }

    func take(_ item: DecodedItem, in slot: ClusterSlot) {
        change(slot) { $0.tables.take(item, in: slot) }
    }

    func remove(_ key: ObjectKey, in slot: ClusterSlot) {
        change(slot) { $0.tables.remove(key, in: slot) }
    }

    func isEmpty(_ slot: ClusterSlot) -> Bool { state.withLock { $0.tables.isEmpty(slot) } }

    func notServed(_ collection: ClusterCollection) {
        change(collection.slot) { state in
            let isChanged = state.status[collection.slot]?.isRead ?? false
            // For an agent it is the same as a kind without objects: where policies can't be, none is in force.
            let isSaid = scope == .cluster && !collection.isOptional
            state.status[collection.slot] = .notServed(isSaid ? collection.notServed : nil)
            return state.tables.replace(collection.slot, from: ClusterTables()) || isChanged
        }
    }

    func failed(_ collection: ClusterCollection, _ error: APIError, _ unread: [UnreadKind]) {
        change(collection.slot) { state in
            let old = state.status[collection.slot] ?? .waiting
            // A server that can't be reached isn't news of the objects.
            let isStale = old.isRead && error.isForbidden
            if isStale {
                state.status[collection.slot] = .stale(unread)
            } else if !old.isRead {
                state.status[collection.slot] = .failed(error, unread)
            }
            return state.status[collection.slot]?.unread != old.unread
        }
    }

    /// Changes the state, and says so to readers once the first round is over.
    private func change(_ slot: ClusterSlot, _ body: (inout State) -> Bool) {
        let (isChanged, waiting) = state.withLock { state -> (Bool, [CheckedContinuation<Void, Never>]) in
            let isChanged = body(&state)
            guard !state.isSettled else { return (isChanged, []) }
            guard state.status.values.allSatisfy(\.isSettled) else { return (false, []) }
            state.isSettled = true
            defer { state.waiting = [:] }
            return (true, Array(state.waiting.values))
        }
        for continuation in waiting { continuation.resume() }
        if isChanged { signal() }
    }
}

extension Informers.SlotStatus {
    fileprivate var isSettled: Bool { if case .waiting = self { false } else { true } }
}
