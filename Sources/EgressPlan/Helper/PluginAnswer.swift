public import EgressModel

/// What a module answered for one gateway entry.
public struct PluginAnswer: Sendable, Hashable {
    /// The module's own version.
    public var version: String
    public var ipv4: [IPAddress]
    public var ipv6: [IPAddress]
    public var interface: String?
    /// The addresses aren't on the interface yet: whoever holds their locks puts them there and announces them.
    public var claim: Bool
    /// Seconds that the answer holds; `nil`: until something changes.
    public var validSeconds: Int64?

    public init(
        version: String = "", ipv4: [IPAddress] = [], ipv6: [IPAddress] = [], interface: String? = nil, claim: Bool = false,
        validSeconds: Int64? = nil
    ) {
        self.version = version
        self.ipv4 = ipv4
        self.ipv6 = ipv6
        self.interface = interface
        self.claim = claim
        self.validSeconds = validSeconds
    }
}
