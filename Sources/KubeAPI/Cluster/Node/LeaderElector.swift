import EgressModel
import JSONText
import Logging
import Synchronization

/// Takes part in the election of the node that speaks for all, by the Lease `kubectl-egress/agent-leader`.
///
/// The rules are client-go's `leaderelection`: a Lease of 15 s, renewed each 2 s, given up when no renewal came through for
/// 10 s; another's Lease is over when it wasn't seen to change for 15 s *by our own clock*. One thing is different: thousands
/// of agents take part, and each looks only as often as all of them together make 25 requests a second, while the Lease is
/// fresh by the time written in it; once it looks old, the 2 s count. Clocks that differ cost requests, never a second leader.
final class LeaderElector: Sendable {
    private let node: String
    private let client: KubeClient
    private let nodeCount: @Sendable () -> Int
    private let log: Logger
    private let rules: Rules
    private let state = Mutex(State())

    struct Rules: Sendable {
        var durationSeconds: Int64 = 15
        var renewDeadline = Duration.seconds(10)
        var retrySeconds = 2.0
    }

    private struct State {
        var work: Task<Void, Never>?
        /// Until when we may say that we lead.
        var leadsUntil: ContinuousClock.Instant?
        /// The Lease as it was seen to change last, and when that was.
        var seen: Seen?
        var isEnded = false
    }

    private struct Seen: Sendable {
        var lease: JSONValue
        var at = ContinuousClock.now

        var holder: String { lease["spec"]?["holderIdentity"]?.stringValue ?? "" }
        var renewed: String? { lease["spec"]?["renewTime"]?.stringValue }
        var version: String? { lease["metadata"]?["resourceVersion"]?.stringValue }
        var duration: Int64 { lease["spec"]?["leaseDurationSeconds"]?.integerValue() ?? 15 }
    }

    private static let path = ResourcePath.leases.inside(EgressObjects.namespace)

    init(
        node: String, client: KubeClient, nodeCount: @escaping @Sendable () -> Int, log: Logger, rules: Rules = Rules()
    ) {
        self.node = node
        self.client = client
        self.nodeCount = nodeCount
        self.log = log
        self.rules = rules
    }

    deinit { end() }

    /// Takes part from the first question on. `false` whenever it isn't sure.
    func isLeader() -> Bool {
        state.withLock { state in
            if state.work == nil, !state.isEnded {
                state.work = Task { [weak self] in
                    while !Task.isCancelled {
                        guard let wait = await self?.round(), await Task.waited(wait) else { return }
                    }
                }
            }
            return state.leadsUntil.map { $0 > .now } ?? false
        }
    }

    func end() {
        state.withLock { state in
            state.isEnded = true
            state.leadsUntil = nil
            return state.work
        }?.cancel()
    }

    /// Gives the Lease back, so that another can lead at once.
    func close() async {
        let (led, work) = state.withLock { ($0.leadsUntil != nil, $0.work) }
        end()
        await work?.value
        guard led else { return }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.release() }
            group.addTask { _ = await Task.waited(2) }
            await group.next()
            group.cancelAll()
        }
    }
}

extension LeaderElector {
    /// One try to get or keep it; seconds until the next.
    private func round() async -> Double {
        let wasLeader = state.withLock { $0.leadsUntil != nil }
        do throws(APIError) {
            try await acquireOrRenew()
        } catch {
            if !Task.isCancelled { log.debug("the leader's Lease: \(error.message)") }
        }
        let (isLeader, isLost) = state.withLock { state in
            let isLeader = state.leadsUntil.map { $0 > .now } ?? false
            let isLost = wasLeader && !isLeader
            if !isLeader { state.leadsUntil = nil }
            return (isLeader, isLost)
        }
        if isLost { log.info("node \(node) doesn't speak for all nodes any more") }
        if isLeader, !wasLeader { log.info("node \(node) speaks for all nodes") }
        return isLeader ? rules.retrySeconds : waitAsFollower()
    }

    private func waitAsFollower() -> Double {
        let seen = state.withLock { $0.seen }
        let jitter = Double.random(in: 1...1.2)
        guard let seen, !seen.holder.isEmpty, let renewed = seen.renewed.flatMap(RFC3339.seconds),
            abs(Timestamp.secondsNow() - renewed) < seen.duration
        else { return rules.retrySeconds * jitter }
        return max(rules.retrySeconds, Double(nodeCount()) / 25) * jitter
    }

    private func acquireOrRenew() async throws(APIError) {
        let began = ContinuousClock.now
        let path = Self.path.named(EgressObjects.leaderLease)
        let lease: JSONValue
        do throws(APIError) {
            lease = try await client.get(path)
        } catch {
            guard error.isNotFound else { throw error }
            let created = try await client.create(Self.path, taken(nil), dryRun: false)
            return keep(created, since: began)
        }
        let isFree = state.withLock { state in
            if state.seen?.version != lease["metadata"]?["resourceVersion"]?.stringValue { state.seen = Seen(lease: lease) }
            guard let seen = state.seen else { return false }
            return seen.holder.isEmpty || seen.holder == node || seen.at.duration(to: .now) > .seconds(seen.duration)
        }
        guard isFree else {
            state.withLock { $0.leadsUntil = nil }
            return
        }
        // The version in it makes this fail when another was faster.
        keep(try await client.replace(path, taken(lease)), since: began)
    }

    private func keep(_ lease: JSONValue, since began: ContinuousClock.Instant) {
        state.withLock { state in
            state.seen = Seen(lease: lease)
            if !state.isEnded { state.leadsUntil = began + rules.renewDeadline }
        }
    }

    private func taken(_ lease: JSONValue?) -> JSONValue {
        let now = JSONValue.string(Timestamp.now())
        let old = lease?["spec"]
        let isOurs = old?["holderIdentity"]?.stringValue == node
        let transitions: Int64 = old?["leaseTransitions"]?.integerValue() ?? 0
        return body(
            lease,
            [
                "holderIdentity": .string(node), "leaseDurationSeconds": .integer(rules.durationSeconds),
                "acquireTime": isOurs ? old?["acquireTime"] ?? now : now, "renewTime": now,
                "leaseTransitions": .integer(lease == nil || isOurs ? transitions : transitions &+ 1),
            ])
    }

    private func body(_ lease: JSONValue?, _ spec: JSONValue) -> JSONValue {
        var object =
            lease?.objectValue ?? [
                "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
                "metadata": ["name": .string(EgressObjects.leaderLease), "namespace": .string(EgressObjects.namespace)],
            ]
        object["spec"] = spec
        return .object(object)
    }

    private func release() async {
        let path = Self.path.named(EgressObjects.leaderLease)
        guard let lease = try? await client.get(path), lease["spec"]?["holderIdentity"]?.stringValue == node else { return }
        let transitions: Int64 = lease["spec"]?["leaseTransitions"]?.integerValue() ?? 0
        let now = JSONValue.string(Timestamp.now())
        _ = try? await client.replace(
            path,
            body(
                lease,
                [
                    "holderIdentity": "", "leaseDurationSeconds": 1, "acquireTime": now, "renewTime": now,
                    "leaseTransitions": .integer(transitions),
                ]))
    }
}
