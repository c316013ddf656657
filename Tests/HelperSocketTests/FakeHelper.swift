import EgressModel
import EgressPlan
import EgressPorts
import Synchronization

/// A fake: stands in for the helper's service, so that these tests are about the socket alone. The real service is in
/// `EgressHelperTests`, the real kernel in the packet and lab layers.
final class FakeHelper: HelperCalling {
    private struct State {
        var revision: UInt64 = 0
        var plan: NodePlan?
        var applied: [UInt64] = []
        var watchers: [AsyncThrowingStream<HostFacts, any Error>.Continuation] = []
        var flows: [AsyncThrowingStream<FlowNews, any Error>.Continuation] = []
        var queries: [FlowQuery] = []
        var gate: [CheckedContinuation<Void, Never>]?
    }

    private let inner = Mutex(State())

    var applied: [UInt64] { inner.withLock { $0.applied } }
    var watcherCount: Int { inner.withLock { $0.watchers.count } }

    /// From here `status` waits until ``release()``.
    func hold() { inner.withLock { $0.gate = [] } }

    func release() {
        let waiting = inner.withLock { state in
            defer { state.gate = nil }
            return state.gate ?? []
        }
        for continuation in waiting { continuation.resume() }
    }

    func tell(_ facts: HostFacts) {
        for watcher in inner.withLock({ $0.watchers }) { watcher.yield(facts) }
    }

    var flowWatcherCount: Int { inner.withLock { $0.flows.count } }
    var flowQueries: [FlowQuery] { inner.withLock { $0.queries } }

    func addFlows(_ watcher: AsyncThrowingStream<FlowNews, any Error>.Continuation, _ query: FlowQuery) {
        inner.withLock { state in
            state.flows.append(watcher)
            state.queries.append(query)
        }
    }

    func tell(_ news: FlowNews) {
        for watcher in inner.withLock({ $0.flows }) { watcher.yield(news) }
    }

    func endStreams(throwing error: HelperError? = nil) {
        for watcher in inner.withLock({ $0.watchers }) { watcher.finish(throwing: error) }
    }

    func status() async throws -> HelperStatus {
        await withCheckedContinuation { continuation in
            let isHeld = inner.withLock { state in
                guard state.gate != nil else { return false }
                state.gate?.append(continuation)
                return true
            }
            if !isHeld { continuation.resume() }
        }
        return HelperStatus(
            helper: HelperVersion(version: "0.1.0", abi: 1, datapath: "tcx"), node: "node-1", uptimeSeconds: 1,
            revision: inner.withLock { $0.revision }, counters: [DatapathCounter(name: "no_flow", code: .drop(3), packets: 1, bytes: 60)])
    }

    func facts() async throws -> HostFacts { .numbered(0) }

    func factsChanges() async throws -> AsyncThrowingStream<HostFacts, any Error> {
        let (stream, watcher) = AsyncThrowingStream<HostFacts, any Error>.makeStream()
        watcher.yield(.numbered(0))
        inner.withLock { $0.watchers.append(watcher) }
        return stream
    }

    func apply(_ plan: NodePlan, revision: UInt64) async throws -> PlanApplied {
        let before = inner.withLock { state in
            defer {
                if revision > state.revision {
                    (state.revision, state.plan) = (revision, plan)
                    state.applied.append(revision)
                }
            }
            return state.revision
        }
        guard revision > before else {
            throw HelperError(
                code: "stale_revision", message: "revision \(revision) is not newer than \(before), which is in force", hint: "newer")
        }
        return PlanApplied(revision: revision, changed: 1)
    }

    func plan() async throws -> (revision: UInt64, plan: NodePlan)? {
        inner.withLock { state in state.plan.map { (state.revision, $0) } }
    }

    func state() async throws -> DatapathState {
        throw HelperError(code: "kernel_refused", message: "the kernel refused to read the maps", hint: nil)
    }

    func plugins() async throws -> [PluginStatus] { [PluginStatus(name: "static", version: "1", module: "/m/static.so", isHealthy: true)] }

    func resolve(strategy: String, requestJSON: String) async throws -> PluginAnswer {
        guard strategy == "static" else { throw HelperError(code: "not_found", message: "no module \(strategy)") }
        return PluginAnswer(ipv4: [IPAddress(ipv4: 0xC633_6407)])
    }
}

extension HostFacts {
    /// Facts that can be told apart.
    static func numbered(_ number: Int, padding: Int = 0) -> HostFacts {
        let names = (0..<padding).map { "alternative-name-\($0)" }
        return HostFacts(interfaces: [HostInterface(facts: NetworkInterface(name: "eth0", altNames: names, index: number))])
    }
}
