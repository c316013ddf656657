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

/// How the stack is told to route claimed packets into the tunnel device.
public struct StackRoutes: Sendable, Hashable {
    /// Index of the tunnel device.
    public var tunnelIndex: Int
    /// The bit, or bits, of the packet mark.
    public var mark: UInt32

    public init(tunnelIndex: Int, mark: UInt32) {
        self.tunnelIndex = tunnelIndex
        self.mark = mark
    }
}
