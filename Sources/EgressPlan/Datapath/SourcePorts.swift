/// Source ports of translated packets.
public enum SourcePorts {
    /// Of an address that is an entry's alone.
    public static let dedicated: ClosedRange<UInt16> = 1024...65535
    /// A power of two of them, tried when the pod's own port is taken; the datapath passes over those below 1024.
    public static let dedicatedSlice: ClosedRange<UInt16> = 0...65535
    /// Of an address that the node uses too: 8192 ports that are reserved from its sockets.
    public static let shared: ClosedRange<UInt16> = 16384...24575
}
