/// Our VXLAN device, as the kernel has it.
public struct TunnelDevice: Sendable, Hashable {
    public var index: Int
    /// Largest inner IP packet, in bytes, that needs no outer fragment on the default route's interface.
    public var innerMTU: Int

    public init(index: Int, innerMTU: Int) {
        self.index = index
        self.innerMTU = innerMTU
    }
}
