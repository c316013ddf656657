/// How much of the tables one pod or one entry may have, in IPv4; in IPv6 it is half as much, as its tables are half as
/// large. 0: any number. A connection beyond it is refused with its reason, living ones go on.
public struct ConnectionLimits: Sendable, Hashable {
    /// Connections that leave by gateways; as many others (that came in, or are exempt) are remembered.
    public var connectionsPerPod: UInt32
    /// On the gateway. As many claims of others on ports of shared addresses are noted.
    public var translationsPerEntry: UInt32

    /// An eighth of the table of connections, and half of that of translations.
    public static let standard = ConnectionLimits(connectionsPerPod: 32_768, translationsPerEntry: 131_072)

    public init(connectionsPerPod: UInt32, translationsPerEntry: UInt32) {
        self.connectionsPerPod = connectionsPerPod
        self.translationsPerEntry = translationsPerEntry
    }
}
