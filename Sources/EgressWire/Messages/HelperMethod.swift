/// What the helper can be asked for.
public enum HelperMethod: String, Sendable, Hashable, CaseIterable {
    case status = "status.get"
    case facts = "facts.get"
    case watchFacts = "facts.watch"
    case applyPlan = "plan.apply"
    case plan = "plan.get"
    case state = "state.get"
    case counters = "counters.get"
    case translations = "nat.list"
    case ports = "ports.get"
    case watchFlows = "flows.watch"
    case trace = "trace.run"
    case plugins = "plugins.list"
    case resolve = "plugins.resolve"
    case cancel = "cancel"

    /// Whether it changes anything; such methods are for uid 0 and the agent, and `egress-helper ipc` never forwards them.
    public var changes: Bool { self == .applyPlan }

    /// Whether it is answered by a stream of events.
    public var streams: Bool { self == .watchFacts || self == .watchFlows }

    /// Longest request line, in bytes.
    public var lineLimit: Int { self == .applyPlan ? WireLimits.planLine : WireLimits.line }
}
