public import EgressModel

extension Node {
    /// Where the tunnel reaches the node: its first internal address of the family, else its first external one.
    public func tunnelAddress(_ family: IPFamily) -> IPAddress? {
        internalAddresses.first { $0.family == family } ?? externalAddresses.first { $0.family == family }
    }
}

extension Sequence<Node> {
    /// Family of the tunnel's outer header: the first one that every node has an address of, IPv4 before IPv6, as its header is
    /// shorter. Where nodes share none it is IPv4, and those without are no gateways.
    public var tunnelFamily: IPFamily {
        [.ipv4, .ipv6].first { family in allSatisfy { $0.tunnelAddress(family) != nil } } ?? .ipv4
    }
}

/// Order of the octets of two names: the order in which a gateway is chosen, whatever the locale.
func bytewise(_ a: String, _ b: String) -> Bool {
    a.utf8.withContiguousStorageIfAvailable { a in b.utf8.withContiguousStorageIfAvailable { a.lexicographicallyPrecedes($0) } }
        .flatMap(\.self) ?? a.utf8.lexicographicallyPrecedes(b.utf8)
}
