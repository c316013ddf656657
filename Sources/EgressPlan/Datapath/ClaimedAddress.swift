public import EgressModel

/// An egress address that the helper put on an interface: a cluster's address, which this node has while it holds its lock.
public struct ClaimedAddress: Sendable, Hashable, Comparable {
    public var address: IPAddress
    public var interfaceIndex: Int

    public init(_ address: IPAddress, interfaceIndex: Int) {
        self.address = address
        self.interfaceIndex = interfaceIndex
    }

    public static func < (a: ClaimedAddress, b: ClaimedAddress) -> Bool {
        (a.address, a.interfaceIndex) < (b.address, b.interfaceIndex)
    }
}
