public import EgressModel

extension Node {
    /// Where the tunnel reaches the node: its first internal address of the family, else its first external one.
    public func tunnelAddress(_ family: IPFamily = DatapathLimits.tunnelFamily) -> IPAddress? {
        internalAddresses.first { $0.family == family } ?? externalAddresses.first { $0.family == family }
    }
}

/// Order of the octets of two names: the order in which a gateway is chosen, whatever the locale.
func bytewise(_ a: String, _ b: String) -> Bool {
    a.utf8.withContiguousStorageIfAvailable { a in b.utf8.withContiguousStorageIfAvailable { a.lexicographicallyPrecedes($0) } }
        .flatMap(\.self) ?? a.utf8.lexicographicallyPrecedes(b.utf8)
}
