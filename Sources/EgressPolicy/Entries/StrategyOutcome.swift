public import EgressModel

/// What a plugin module made of one ``StrategyRequest``.
public enum StrategyOutcome: Sendable, Hashable {
    case answer(StrategyAnswer)
    /// The module says that this node has no address (EG1205), or another node holds it (EG1207): what it said before doesn't count.
    case noAddress(Reason)
    /// EG1201 to EG1203 or EG1208, and what the module said: its last good answer stays in force.
    case failed(Reason)
}

/// Addresses that a plugin module gave.
public struct StrategyAnswer: Sendable, Hashable {
    /// The module's own.
    public var version: String
    public var ipv4: [IPAddress]
    public var ipv6: [IPAddress]
    public var interface: String?
    /// The node holds their locks, and its helper puts them on the interface.
    public var claims: Bool

    public init(version: String, ipv4: [IPAddress] = [], ipv6: [IPAddress] = [], interface: String? = nil, claims: Bool = false) {
        self.version = version
        self.ipv4 = ipv4
        self.ipv6 = ipv6
        self.interface = interface
        self.claims = claims
    }
}
