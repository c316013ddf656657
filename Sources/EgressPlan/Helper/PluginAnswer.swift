public import EgressModel

/// What a module answered for one gateway entry.
public struct PluginAnswer: Sendable, Hashable {
    public var ipv4: [IPAddress]
    public var ipv6: [IPAddress]
    public var interface: String?
    /// Seconds that the answer holds; `nil`: until something changes.
    public var validSeconds: Int64?

    public init(ipv4: [IPAddress] = [], ipv6: [IPAddress] = [], interface: String? = nil, validSeconds: Int64? = nil) {
        self.ipv4 = ipv4
        self.ipv6 = ipv6
        self.interface = interface
        self.validSeconds = validSeconds
    }
}
