import EgressModel
import EgressPorts
import JSONText
import Logging

/// What a reflector tells of its collection.
protocol ReflectorSink: AnyObject, Sendable {
    /// For how far apart relists of many agents should be.
    var nodeCount: Int { get }
    func isEmpty(_ slot: ClusterSlot) -> Bool
    func replace(_ collection: ClusterCollection, with reading: CollectionLister.Reading)
    func take(_ item: DecodedItem, in slot: ClusterSlot)
    func remove(_ key: ObjectKey, in slot: ClusterSlot)
    func notServed(_ collection: ClusterCollection)
    func failed(_ collection: ClusterCollection, _ error: APIError, _ unread: [UnreadKind])
}

/// Follows one collection: lists it, then watches from the list's version, and lists again when that version is gone
/// (as client-go's reflectors do).
struct Reflector: Sendable {
    let lister: CollectionLister
    /// `nil` when nobody wants to know any more.
    let sink: @Sendable () -> (any ReflectorSink)?
    let log: Logger

    private var collection: ClusterCollection { lister.collection }
    private var slot: ClusterSlot { lister.collection.slot }

    init(lister: CollectionLister, sink: @escaping @Sendable () -> (any ReflectorSink)?, log: Logger) {
        self.lister = lister
        self.sink = sink
        self.log = log
    }

    func run() async {
        var memory = Memory(readsFromCache: collection.readsFromCache)
        while !Task.isCancelled, sink() != nil {
            guard let reading = await list(&memory) else { return }
            guard let pause = await watch(reading, &memory) else { return }
            guard await Task.waited(pause) else { return }
        }
    }

    /// What goes over from one list to the next.
    private struct Memory {
        var backOff = BackOff()
        /// What the next list asks for; `nil`: the newest.
        var listVersion: String?
        var readsFromCache: Bool

        init(readsFromCache: Bool) {
            self.readsFromCache = readsFromCache
            listVersion = readsFromCache ? "0" : nil
        }
    }
}

// MARK: - Lists

extension Reflector {
    /// Tries until it is read; `nil` when it is cancelled.
    private func list(_ memory: inout Memory) async -> (path: ResourcePath, resourceVersion: String)? {
        var absence = Absence(isOptional: collection.isOptional)
        while !Task.isCancelled {
            let wait: Double
            switch await lister.list(resourceVersion: memory.listVersion) {
            case .read(let reading):
                guard let sink = sink() else { return nil }
                sink.replace(collection, with: reading)
                memory.backOff.reset()
                if memory.readsFromCache { memory.listVersion = reading.resourceVersion }
                return (reading.path, reading.resourceVersion)
            case .notServed:
                wait = await absent(&absence)
            case .failed(let error, let unread):
                absence.isOver()
                guard !Task.isCancelled, let sink = sink() else { return nil }
                // A cache that isn't as far as we are, or no longer: the newest then, from etcd.
                if error.isExpired || error.isTooLargeVersion { memory.listVersion = nil }
                log.warning("can't list \(name): \(error.message)")
                sink.failed(collection, error, unread)
                wait = memory.backOff.wait(retryAfter: error.retryAfter)
            }
            guard await Task.waited(wait) else { return nil }
        }
        return nil
    }

    /// The server has no such kind; how long to wait before asking again.
    ///
    /// A server that just started doesn't know its custom resources for a moment, and answers 404 (before Kubernetes
    /// 1.23): believing that would remove every rule. So it has to say that it is ready, and then the same again; and
    /// what was known stays for a minute all the same.
    private func absent(_ absence: inout Absence) async -> Double {
        let isReady = await lister.client.isReady()
        guard let sink = sink() else { return 0 }
        let isKnown = !sink.isEmpty(slot)
        guard absence.confirm(isReady: isReady, isKnown: isKnown) else { return isKnown ? 5 : 0.2 }
        if !collection.isOptional, !absence.isSaid {
            log.warning("the server has no \(name): there are none until its definition is installed")
        }
        absence.isSaid = true
        sink.notServed(collection)
        return absence.nextPoll()
    }

    private var name: String { collection.paths.first?.fullResource ?? "" }
}

/// How sure it is that a kind isn't there.
private struct Absence {
    private static let patience = Duration.seconds(60)

    private var since: ContinuousClock.Instant?
    private var poll: BackOff
    var isSaid = false

    init(isOptional: Bool) {
        poll = BackOff(from: isOptional ? 30 : 1, to: isOptional ? 300 : 30)
    }

    mutating func isOver() { since = nil }

    /// One more answer that it isn't there.
    mutating func confirm(isReady: Bool, isKnown: Bool) -> Bool {
        guard isReady else {
            since = nil
            return false
        }
        guard let since else {
            since = .now
            return false
        }
        return !isKnown || since.duration(to: .now) >= Self.patience
    }

    mutating func nextPoll() -> Double { poll.wait() }
}

extension KubeClient {
    /// Whether the server says that all of it started. Where that may not be asked, nobody knows better.
    fileprivate func isReady() async -> Bool {
        do throws(APIError) {
            _ = try await getRaw("/readyz")
            return true
        } catch {
            // The answer is the word "ok", which isn't JSON.
            return error.kind == .malformed || error.isForbidden || error.isNotFound
        }
    }
}

extension APIError {
    /// The server's cache hasn't come to the version that was asked for (504, `ResourceVersionTooLarge`).
    fileprivate var isTooLargeVersion: Bool { causes.contains { $0.reason == "ResourceVersionTooLarge" } }
}

// MARK: - Watches

extension Reflector {
    /// Watches and resumes until it has to be listed again; how long to wait before that, or `nil` when it is cancelled.
    private func watch(_ reading: (path: ResourcePath, resourceVersion: String), _ memory: inout Memory) async -> Double? {
        var version = reading.resourceVersion
        var decoder = ItemDecoder(source: lister.client.server)
        while !Task.isCancelled {
            let began = ContinuousClock.now
            do {
                for try await event in lister.client.watch(reading.path, collection.query, from: version) {
                    guard let sink = sink() else { return nil }
                    if let seen = take(event, into: sink, &decoder) {
                        version = seen
                        if memory.readsFromCache { memory.listVersion = seen }
                        memory.backOff.reset()
                    }
                }
                guard !Task.isCancelled else { return nil }
                // The server closes a watch when its time is over; one that closes at once is a fault.
                if began.duration(to: .now) < .seconds(1) { guard await Task.waited(memory.backOff.wait()) else { return nil } }
            } catch {
                let error = APIError(reading: error)
                guard !Task.isCancelled, let sink = sink() else { return nil }
                if error.isExpired {
                    log.debug("\(slot.kind.rawValue) are listed again: \(error.message)")
                    memory.listVersion = nil
                    return Self.relistPause(nodes: sink.nodeCount)
                }
                log.warning("the watch of \(slot.kind.rawValue) broke: \(error.message)")
                // Rights or the kind may be gone: the list says.
                if let status = error.status, (400..<500).contains(status), status != 429 { return memory.backOff.wait() }
                guard await Task.waited(memory.backOff.wait(retryAfter: error.retryAfter)) else { return nil }
            }
        }
        return nil
    }

    /// Seconds at random, more in a larger cluster: an API server that restarts makes all agents list again.
    private static func relistPause(nodes: Int) -> Double { Double.random(in: 0...max(0.1, Double(nodes) / 1000)) }

    /// The version that the collection has now; `nil` where the event says none.
    private func take(_ event: WatchEvent, into sink: any ReflectorSink, _ decoder: inout ItemDecoder) -> String? {
        switch event {
        case .added(let object), .modified(let object):
            if let item = decoder.item(object, in: slot) { sink.take(item, in: slot) }
            return object["metadata"]?["resourceVersion"]?.stringValue
        case .deleted(let object):
            if let key = ItemDecoder.key(of: object) { sink.remove(key, in: slot) }
            return object["metadata"]?["resourceVersion"]?.stringValue
        case .bookmark(let version):
            return version
        }
    }
}
