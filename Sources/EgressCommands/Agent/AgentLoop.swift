import EgressModel
import EgressPlan
import EgressPolicy
import EgressPorts
import Logging

/// The agent of one node: follows the cluster and the helper, and keeps what the node says and does in step with both.
struct AgentLoop: Sendable {
    let settings: AgentSettings
    let cluster: any Cluster
    let openHelper: @Sendable (String) async throws -> any HelperCalling
    let clock: any WallClock
    let log: Logger

    /// A turn without an event, so that the node doesn't fall silent.
    static let refreshSeconds: Int64 = 10

    /// Runs until it is cancelled, or the cluster can't be followed any more.
    func run() async {
        let link = HelperLink()
        let wake = WakeUps()
        let voice = NodeVoice(cluster: cluster, clock: clock, log: log)
        let tokens = TunnelTokens(source: cluster)
        let asker = StrategyAsker(clock: clock, wake: wake, log: log)
        let claims = AddressClaims(locks: cluster, node: settings.node, clock: clock, log: log, wake: wake)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await HelperFollower(loop: self, link: link, wake: wake).run() }
            group.addTask { await follow(wake) }
            group.addTask { await refresh(wake, voice) }
            group.addTask { await refresh(tokens, wake) }
            group.addTask { await voice.run() }
            group.addTask { await asker.run() }
            group.addTask { await wake.runAlarms(clock) }
            group.addTask { await claims.run() }
            await AgentWorker(loop: self, link: link, wake: wake, voice: voice, tokens: tokens, asker: asker, claims: claims).run()
            group.cancelAll()
        }
    }

    private func follow(_ wake: WakeUps) async {
        for await _ in cluster.changes() { wake.now() }
        if !Task.isCancelled {
            log.error("\(plainText(cluster.source)) can't be followed any more: stopping")
            wake.finish()
        }
    }

    private func refresh(_ wake: WakeUps, _ voice: NodeVoice) async {
        while (try? await clock.sleep(seconds: Double(Self.refreshSeconds))) != nil {
            await voice.beat()
            wake.now()
        }
    }

    private func refresh(_ tokens: TunnelTokens, _ wake: WakeUps) async {
        while (try? await clock.sleep(seconds: Double(Self.refreshSeconds))) != nil {
            if await tokens.refresh() { wake.now() }
        }
    }
}

/// Reasons to take a turn. Those that come while one is taken are one.
struct WakeUps: Sendable {
    let turns: AsyncStream<Void>
    private let turn: AsyncStream<Void>.Continuation
    private let alarms: AsyncStream<Double>
    private let alarm: AsyncStream<Double>.Continuation

    init() {
        (turns, turn) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        (alarms, alarm) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    func now() { turn.yield() }
    func finish() { turn.finish() }
    /// A turn in so many seconds; of several that are asked for while one runs, the last counts.
    func after(_ seconds: Double) { alarm.yield(seconds) }

    func runAlarms(_ clock: any WallClock) async {
        for await seconds in alarms {
            guard (try? await clock.sleep(seconds: min(seconds, 5))) != nil else { return }
            now()
        }
    }
}
