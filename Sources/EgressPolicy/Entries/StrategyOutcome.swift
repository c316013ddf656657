public import EgressModel

/// What a plugin module made of one ``StrategyRequest``.
public enum StrategyOutcome: Sendable, Hashable {
    case answer(ipv4: [IPAddress], ipv6: [IPAddress], interface: String?)
    /// EG1201 to EG1203, and what the module said.
    case failed(Reason)
}
