import EgressModel
import EgressPlan
import EgressPorts
import Synchronization

/// A helper in memory: takes plans, says what it was told to say. A stand-in for the socket and the kernel behind it.
final class FakeHelper: HelperCalling {
    struct State {
        var facts = HostFacts()
        var revision: UInt64 = 0
        var plan: NodePlan?
        var applied: [NodePlan] = []
        var refusal: HelperError?
        var isDown = false
        /// Plans take so long.
        var applyDelay: Duration?
        var notGoverned: [ObjectReference] = []
        var ended: [EndedConnections] = []
        var answers: [String: Result<PluginAnswer, HelperError>] = [:]
        var questions: [String] = []
        /// Modules that never answer.
        var hanging: Set<String> = []
        var plugins: [PluginStatus] = []
        var happened: [FlowNews] = []
        var translations: [Translation] = []
        var ports: [PortUse] = []
        var traces: [TraceResult] = []
        var asked: [TraceRequest] = []
        var listeners: [AsyncThrowingStream<HostFacts, any Error>.Continuation] = []
    }

    let node: String
    let state: Mutex<State>

    init(node: String, facts: HostFacts) {
        self.node = node
        state = Mutex(State(facts: facts))
    }

    private static let gone = HelperError(code: "unreachable", message: "no helper answers at fake.sock", hint: "start it")

    func checked<Result: Sendable>(_ body: (inout State) throws -> Result) throws -> Result {
        try state.withLock { state in
            if state.isDown { throw Self.gone }
            return try body(&state)
        }
    }

    func change(_ body: (inout State) -> Void) {
        state.withLock { state in
            body(&state)
            state.listeners.forEach { $0.yield(state.facts) }
        }
    }

    /// Ends connections, as a restart does.
    func setDown(_ isDown: Bool) {
        state.withLock { state in
            state.isDown = isDown
            guard isDown else { return }
            state.listeners.forEach { $0.finish(throwing: Self.gone) }
            state.listeners = []
        }
    }

    var applied: [NodePlan] { state.withLock { $0.applied } }
    var questions: [String] { state.withLock { $0.questions } }

    func status() async throws -> HelperStatus {
        try checked { state in
            HelperStatus(
                helper: HelperVersion(version: "0.1.0", abi: 3, datapath: "tcx"), node: node, uptimeSeconds: 5, revision: state.revision,
                notGoverned: state.notGoverned, endedConnections: state.ended)
        }
    }

    func facts() async throws -> HostFacts { try checked { $0.facts } }

    func factsChanges() async throws -> AsyncThrowingStream<HostFacts, any Error> {
        try checked { state in
            let (stream, continuation) = AsyncThrowingStream<HostFacts, any Error>.makeStream()
            continuation.yield(state.facts)
            state.listeners.append(continuation)
            return stream
        }
    }

    func apply(_ plan: NodePlan, revision: UInt64) async throws -> PlanApplied {
        if let delay = state.withLock(\.applyDelay) { try await Task.sleep(for: delay) }
        return try checked { state in
            if let refusal = state.refusal { throw refusal }
            guard revision > state.revision else { throw HelperError(code: "stale_revision", message: "revision \(revision) is old") }
            (state.plan, state.revision) = (plan, revision)
            state.applied.append(plan)
            return PlanApplied(revision: revision, changed: 1)
        }
    }

    func plan() async throws -> (revision: UInt64, plan: NodePlan)? {
        try checked { state in state.plan.map { (state.revision, $0) } }
    }

    func state() async throws -> DatapathState { throw HelperError(code: "unknown_method", message: "not part of this fake") }
    func plugins() async throws -> [PluginStatus] { try checked { $0.plugins } }

    func resolve(strategy: String, requestJSON: String) async throws -> PluginAnswer {
        let hangs = try checked { state in
            state.questions.append(requestJSON)
            return state.hanging.contains(strategy)
        }
        if hangs { try await Task.sleep(for: .seconds(3600)) }
        return try checked { state in
            try state.answers[strategy, default: .failure(HelperError(code: "not_found", message: "no module \(strategy)"))].get()
        }
    }

    /// What a module answers from now on.
    func answer(_ strategy: String, _ answer: Result<PluginAnswer, HelperError>) { state.withLock { $0.answers[strategy] = answer } }
}
