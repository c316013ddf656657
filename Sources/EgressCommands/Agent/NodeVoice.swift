import EgressModel
import EgressPolicy
import EgressPorts
import Logging

/// What one turn has to say of the node, and of the policies.
struct Statement: Sendable {
    var node: EgressNode
    /// Seconds since 1970.
    var time: Int64
    /// Somebody removed what was said before.
    var isMissing = false
    /// What the cluster had of the node when the agent came.
    var before: EgressNode?
    /// Why no policy is in force here: the helper is gone, or refuses the plan.
    var failure: Reason?
    /// The datapath is there, with or without policies.
    var isGoverned = false
    /// `nil`: nothing can be said of policies, as the cluster wasn't read whole.
    var policies: PolicyNews?
}

/// Says to the cluster what a node has to say, apart from the turns: an API server that is slow or gone holds up no plan.
///
/// Of several statements that come while one is said the newest counts. Unchanged ones are said every ten seconds, so that
/// the node doesn't fall silent.
actor NodeVoice {
    private let cluster: any Cluster
    private let clock: any WallClock
    private let log: Logger
    private let signals: AsyncStream<Void>
    private let signal: AsyncStream<Void>.Continuation
    private var waiting: Statement?
    private var said: EgressNode?
    private var saidAt: Int64?
    private var isHeartbeatDue = false
    private var isGovernedSaid = false
    private var nodeEvents: NodeEvents?
    private var policyEvents = PolicyEvents()

    init(cluster: any Cluster, clock: any WallClock, log: Logger) {
        (self.cluster, self.clock, self.log) = (cluster, clock, log)
        (signals, signal) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    var hasReported: Bool { said != nil }

    /// Returns at once.
    func say(_ statement: Statement) {
        var statement = statement
        statement.isMissing = statement.isMissing || waiting?.isMissing == true
        waiting = statement
        signal.yield()
    }

    /// The next statement is said though nothing changed.
    func beat() { isHeartbeatDue = true }

    func run() async {
        var backOff = BackOff()
        for await _ in signals {
            guard let statement = waiting else { continue }
            waiting = nil
            do {
                try await report(statement)
                await publish(statement)
                try await govern(statement)
                backOff.reset()
            } catch is CancellationError {
                return
            } catch {
                complain(error, backOff)
                waiting = waiting ?? statement
                guard (try? await clock.sleep(seconds: backOff.next())) != nil else { return }
                signal.yield()
            }
        }
    }

    /// Said once a minute at most: 0.1 s to 5 s between tries.
    private func complain(_ error: any Error, _ backOff: BackOff) {
        guard backOff.failures == 0 || backOff.failures.isMultiple(of: 12) else { return }
        log.warning("the node's report isn't written, and is tried again: \(plainText(String(describing: error)))")
    }

    private func report(_ statement: Statement) async throws {
        var node = statement.node
        node.reportedAt = rfc3339(secondsSinceEpoch: statement.time)
        guard needsReport(node, statement) else { return }
        isHeartbeatDue = false
        try await cluster.report(node)
        (said, saidAt) = (node, statement.time)
    }

    private func needsReport(_ node: EgressNode, _ statement: Statement) -> Bool {
        guard var said, let saidAt, !statement.isMissing, !isHeartbeatDue else { return true }
        said.reportedAt = node.reportedAt
        return said != node || statement.time - saidAt >= AgentLoop.refreshSeconds
    }

    private func publish(_ statement: Statement) async {
        var events = nodeEvents ?? NodeEvents(before: statement.before ?? statement.node)
        var news = events.events(of: statement)
        nodeEvents = events
        if let policies = statement.policies { news += policyEvents.events(of: policies, isLeader: await cluster.isLeader()) }
        if !news.isEmpty { await cluster.publish(news) }
    }

    private func govern(_ statement: Statement) async throws {
        guard statement.isGoverned, !isGovernedSaid else { return }
        try await cluster.nodeIsGoverned()
        isGovernedSaid = true
    }
}
