import EgressModel
import EgressPorts
import JSONText
import Logging
import Synchronization

/// Writes Kubernetes Events (`events.k8s.io/v1`, KEP-383), best effort: one that repeats within ten minutes is counted in
/// the first one's series, and there is a limit to how many are written at all.
final class EventPublisher: Sendable {
    private let node: String
    private let client: KubeClient
    private let log: Logger
    private let state: Mutex<State>

    private struct State {
        var bucket = TokenBucket(capacity: 25, perSecond: 0.2)
        var series: [Subject: Series] = [:]
        var lastNumber = 0
        var isFull = false
        /// Where events of objects without a namespace are. Kubernetes before 1.21 took them in `kube-system` alone
        /// (kubernetes#100119), later ones also in `default`, where other reporters put them.
        var clusterNamespace = "default"
        /// Events are written one after the other.
        var last: Task<Void, Never>?
    }

    /// What makes two events the same.
    private struct Subject: Hashable {
        var object: ObjectReference
        var uid: String
        var code: ReasonCode
        var isWarning: Bool
        var message: String
    }

    private struct Series {
        var name: String
        var count: Int64 = 1
        var lastSeen = ContinuousClock.now
        var lastWritten = ContinuousClock.now
    }

    private static let window = Duration.seconds(600)
    /// Between two writes of a count.
    private static let countInterval = Duration.seconds(60)
    private static let reporter = "kubectl-egress.dev/agent"
    private static let subjectLimit = 1000
    private static let noteLimit = 1024

    init(node: String, client: KubeClient, log: Logger) {
        self.node = node
        self.client = client
        self.log = log
        state = Mutex(State())
    }

    /// Decides what is written, and returns; the writing goes on beside.
    func publish(_ events: [ClusterEvent]) {
        let writes = events.compactMap(write)
        guard !writes.isEmpty else { return }
        state.withLock { state in
            state.last = Task { [previous = state.last] in
                await previous?.value
                for write in writes { await self.perform(write) }
            }
        }
    }

    /// Until what was published is written; for tests and for the end.
    func flushed() async { await state.withLock { $0.last }?.value }

    private enum Write: Sendable {
        case event(JSONObject, namespace: String?)
        case count(JSONValue, name: String, namespace: String?)
    }

    private func write(_ event: ClusterEvent) -> Write? {
        let subject = Subject(
            object: event.object, uid: event.uid, code: event.code, isWarning: event.isWarning, message: event.message)
        return state.withLock { state in
            let now = ContinuousClock.now
            if var series = state.series[subject], series.lastSeen.duration(to: now) < Self.window {
                series.count += 1
                series.lastSeen = now
                let isDue = series.count == 2 || series.lastWritten.duration(to: now) >= Self.countInterval
                defer { state.series[subject] = series }
                guard isDue, state.bucket.take() else { return nil }
                series.lastWritten = now
                let count: JSONValue = ["series": ["count": .integer(series.count), "lastObservedTime": .string(Timestamp.now())]]
                return .count(count, name: series.name, namespace: event.object.namespace)
            }
            guard state.bucket.take() else {
                if !state.isFull { log.warning("more events than are written: some are left out") }
                state.isFull = true
                return nil
            }
            state.isFull = false
            if state.series.count >= Self.subjectLimit {
                state.series = state.series.filter { $1.lastSeen.duration(to: now) < Self.window }
            }
            if state.series.count >= Self.subjectLimit { state.series = [:] }
            state.lastNumber += 1
            let name = Self.name(of: event.object, number: state.lastNumber)
            state.series[subject] = Series(name: name)
            return .event(body(event, name), namespace: event.object.namespace)
        }
    }

    private func body(_ event: ClusterEvent, _ name: String) -> JSONObject {
        var regarding: JSONObject = [
            "apiVersion": .string(event.apiVersion), "kind": .string(event.object.kind), "name": .string(event.object.name),
        ]
        if let namespace = event.object.namespace { regarding["namespace"] = .string(namespace) }
        if !event.uid.isEmpty { regarding["uid"] = .string(event.uid) }
        return [
            "apiVersion": "events.k8s.io/v1", "kind": "Event", "metadata": ["name": .string(name)],
            "eventTime": .string(Timestamp.now()), "reportingController": .string(Self.reporter), "reportingInstance": .string(node),
            "action": "Govern", "reason": .string(event.code.rawValue), "type": event.isWarning ? "Warning" : "Normal",
            "note": .string(Self.cut(event.message)), "regarding": .object(regarding),
        ]
    }

    /// `NAME.` and hexadecimal digits, as other reporters name theirs; unique by the time.
    private static func name(of object: ObjectReference, number: Int) -> String {
        let unique =
            String(UInt64(Timestamp.secondsNow()) << 24 | UInt64(number & 0xff_ffff), radix: 16)
            + String(UInt16.random(in: .min ... .max), radix: 16)
        return "\(object.name.prefix(220)).\(unique)"
    }

    /// At most 1024 octets, no half characters.
    private static func cut(_ text: String) -> String {
        var text = text
        while text.utf8.count > noteLimit { text.removeLast(max(1, (text.utf8.count - noteLimit) / 4)) }
        return text
    }

    private func perform(_ write: Write) async {
        do throws(APIError) {
            switch write {
            case .event(let body, let namespace):
                try await create(body, namespace)
            case .count(let body, let name, let namespace):
                let place = namespace ?? state.withLock { $0.clusterNamespace }
                _ = try await client.patch(ResourcePath.events.inside(place).named(name), .merge, body)
            }
        } catch {
            log.debug("an event isn't written: \(error.message)")
        }
    }

    private func create(_ body: JSONObject, _ namespace: String?) async throws(APIError) {
        do throws(APIError) {
            try await create(body, in: namespace ?? state.withLock { $0.clusterNamespace })
        } catch {
            let isRefusedThere = error.status == 422 && error.causes.contains { $0.field == "involvedObject.namespace" }
            guard namespace == nil, isRefusedThere else { throw error }
            state.withLock { $0.clusterNamespace = "kube-system" }
            try await create(body, in: "kube-system")
        }
    }

    private func create(_ body: JSONObject, in namespace: String) async throws(APIError) {
        var body = body
        var metadata = body["metadata"]?.objectValue ?? [:]
        metadata["namespace"] = .string(namespace)
        body["metadata"] = .object(metadata)
        _ = try await client.create(ResourcePath.events.inside(namespace), .object(body), dryRun: false)
    }
}

/// Lets so many through at once, and so many a second in the long run.
struct TokenBucket: Sendable {
    private let capacity: Double
    private let perSecond: Double
    private var tokens: Double
    private var filledAt = ContinuousClock.now

    init(capacity: Double, perSecond: Double) {
        self.capacity = capacity
        self.perSecond = perSecond
        tokens = capacity
    }

    mutating func take(at now: ContinuousClock.Instant = .now) -> Bool {
        tokens = min(capacity, tokens + filledAt.duration(to: now) / .seconds(1) * perSecond)
        filledAt = now
        guard tokens >= 1 else { return false }
        tokens -= 1
        return true
    }
}
