import EgressModel
import JSONText
import KubeObjects
import Logging
import Synchronization

/// Writes a node's `EgressNode` and its heartbeat, beside whoever reports: a server that is away holds nobody up, and the
/// newest report is never lost.
final class NodeReporter: Sendable {
    let node: String
    private let client: KubeClient
    private let informers: Weak<Informers>
    private let log: Logger
    private let heartbeat: HeartbeatLease
    private let state = Mutex(State())

    private struct State {
        /// What is to be written; `nil` once it is.
        var due: EgressNode?
        /// What the server has, as far as we know.
        var written: EgressNode?
        var wake: AsyncStream<Void>.Continuation?
        var work: Task<Void, Never>?
        var lastSign = ContinuousClock.now
        var announces = false
        var isEnded = false
    }

    /// Seconds between two writes, so that a burst of changes is one.
    private static let writeInterval = 1.0
    private static let heartbeatInterval = 10.0
    /// The heartbeat says that the agent works, not just that its process is there.
    private static let longestTurn = Duration.seconds(60)

    init(node: String, client: KubeClient, informers: Informers, log: Logger) {
        self.node = node
        self.client = client
        self.informers = Weak(informers)
        self.log = log
        heartbeat = HeartbeatLease(node: node, client: client)
    }

    deinit { end() }

    func isAlive() { state.withLock { $0.lastSign = .now } }

    func report(_ report: EgressNode) {
        // What the server has may have been deleted by somebody.
        let isThere = informers.value?.read { $0.ownEgressNode(report.name) != nil } ?? true
        let wake = state.withLock { state -> AsyncStream<Void>.Continuation? in
            state.lastSign = .now
            state.announces = !report.resolutions.isEmpty
            guard !state.isEnded else { return nil }
            if state.due == nil, isThere, let written = state.written, written.saysSame(as: report) { return nil }
            state.due = report
            if state.work == nil { start(&state) }
            return state.wake
        }
        wake?.yield()
    }

    func end() {
        let work = state.withLock { state in
            state.isEnded = true
            state.wake?.finish()
            return state.work
        }
        work?.cancel()
    }

    /// Writes what waits, if that takes no longer than two seconds.
    func close() async {
        if let due = state.withLock({ $0.due }) {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { try? await self.write(due) }
                group.addTask { _ = await Task.waited(2) }
                await group.next()
                group.cancelAll()
            }
        }
        end()
    }

    private func start(_ state: inout State) {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        state.wake = continuation
        let reporter: @Sendable () -> NodeReporter? = { [weak self] in self }
        state.work = Task {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await Self.writeReports(stream, reporter) }
                group.addTask { await Self.beat(reporter) }
            }
        }
    }
}

extension NodeReporter {
    private static func writeReports(_ wakes: AsyncStream<Void>, _ reporter: @Sendable () -> NodeReporter?) async {
        var backOff = BackOff(from: 0.5, to: 15)
        for await _ in wakes {
            while let due = reporter()?.state.withLock({ $0.due }) {
                let failure = await reporter()?.attempt(due)
                if let failure {
                    guard await Task.waited(backOff.wait(retryAfter: failure.retryAfter)) else { return }
                } else {
                    backOff.reset()
                    guard await Task.waited(writeInterval) else { return }
                }
            }
        }
    }

    /// One write; what went wrong, or `nil`.
    private func attempt(_ due: EgressNode) async -> APIError? {
        do throws(APIError) {
            try await write(due)
            state.withLock { state in
                state.written = due
                if let next = state.due, next.saysSame(as: due) { state.due = nil }
            }
            return nil
        } catch {
            if !Task.isCancelled { log.warning("the report of node \(node) isn't written yet: \(error.message)") }
            return error
        }
    }

    /// Metadata first, which makes the object, then the status: they are two resources, and one may not write the other.
    private func write(_ report: EgressNode) async throws(APIError) {
        let path = ResourcePath.egressNodes.named(node)
        let old = state.withLock { $0.written }
        let isThere = informers.value?.read { $0.ownEgressNode(node) != nil } ?? false
        if old == nil || !isThere || old?.resolutions.isEmpty != report.resolutions.isEmpty { try await writeMetadata(report) }
        do throws(APIError) {
            try await writeStatus(report, path)
        } catch {
            guard error.isNotFound else { throw error }
            // Somebody deleted it in between.
            try await writeMetadata(report)
            try await writeStatus(report, path)
        }
    }

    private func writeMetadata(_ report: EgressNode) async throws(APIError) {
        var metadata: JSONObject = ["name": .string(node)]
        if !report.resolutions.isEmpty { metadata["labels"] = [EgressObjects.gatewayLabel: "true"] }
        if let owner = await owner() { metadata["ownerReferences"] = [owner] }
        let body: JSONValue = ["apiVersion": "kubectl-egress.dev/v1alpha1", "kind": "EgressNode", "metadata": .object(metadata)]
        _ = try await client.apply(
            ResourcePath.egressNodes.named(node), body, manager: EgressObjects.agentManager, force: true, dryRun: false)
    }

    private func writeStatus(_ report: EgressNode, _ path: ResourcePath) async throws(APIError) {
        let body: JSONValue = [
            "apiVersion": "kubectl-egress.dev/v1alpha1", "kind": "EgressNode", "metadata": ["name": .string(node)],
            "status": report.manifest["status"] ?? [:],
        ]
        _ = try await client.apply(
            path.named(node, subresource: "status"), body, manager: EgressObjects.agentManager, force: true, dryRun: false)
    }

    private func owner() async -> JSONValue? {
        await nodeOwner(node, known: informers.value?.read { $0.node(node)?.metadata.uid }, client)
    }

    private static func beat(_ reporter: @Sendable () -> NodeReporter?) async {
        var backOff = BackOff(from: 1, to: heartbeatInterval / 2)
        while !Task.isCancelled {
            var wait = heartbeatInterval
            if let reporter = reporter() {
                let (lastSign, announces) = reporter.state.withLock { ($0.lastSign, $0.announces) }
                if lastSign.duration(to: .now) < longestTurn, let failure = await reporter.renew(announces: announces) {
                    wait = backOff.wait(retryAfter: failure.retryAfter)
                } else {
                    backOff.reset()
                }
            } else {
                return
            }
            guard await Task.waited(wait) else { return }
        }
    }

    private func renew(announces: Bool) async -> APIError? {
        do throws(APIError) {
            let owner = await owner()
            try await heartbeat.renew(announces: announces, owner: owner)
            return nil
        } catch {
            if !Task.isCancelled { log.warning("the Lease of node \(node) isn't renewed: \(error.message)") }
            return error
        }
    }
}

/// So that garbage collection removes what a node's agent wrote when the node itself goes.
func nodeOwner(_ node: String, known uid: String?, _ client: KubeClient) async -> JSONValue? {
    var uid = uid
    if uid == nil { uid = try? await client.get(ResourcePath.nodes.named(node))["metadata"]?["uid"]?.stringValue }
    guard let uid else { return nil }
    return ["apiVersion": "v1", "kind": "Node", "name": .string(node), "uid": .string(uid)]
}

extension EgressNode {
    /// The time of the report aside.
    fileprivate func saysSame(as other: EgressNode) -> Bool {
        var other = other
        other.reportedAt = reportedAt
        other.metadata = metadata
        return self == other
    }
}

/// A reference that keeps nothing alive.
///
/// Safe because it is set once; reading a weak reference is atomic.
struct Weak<Object: AnyObject & Sendable>: Sendable {
    private final class Box: Sendable {
        nonisolated(unsafe) private(set) weak var value: Object?

        init(_ value: Object) { self.value = value }
    }

    private let box: Box

    init(_ value: Object) { box = Box(value) }

    var value: Object? { box.value }
}
