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
    /// Largest inner IP packet, in bytes, that needs no outer fragment; 0: as large as the device takes. The stack cuts what is
    /// larger, or tells its sender: the device itself takes any size, and netfilter puts a pod's fragments together.
    public var mtu: Int

    public init(tunnelIndex: Int, mark: UInt32, mtu: Int) {
        self.tunnelIndex = tunnelIndex
        self.mark = mark
        self.mtu = mtu
    }
}
