public import EgressModel

/// Our VXLAN device, as the kernel has it.
public struct TunnelDevice: Sendable, Hashable {
    public var index: Int
    /// Largest inner IP packet, in bytes, that needs no outer fragment on the default route's interface, under an outer IPv4
    /// header.
    public var innerMTU: Int

    public init(index: Int, innerMTU: Int) {
        self.index = index
        self.innerMTU = innerMTU
    }

    /// The same under a header of this family: IPv6's is 20 bytes longer.
    public func innerMTU(under outer: IPFamily) -> Int {
        outer == .ipv4 ? innerMTU : max(0, innerMTU - 20)
    }
}
