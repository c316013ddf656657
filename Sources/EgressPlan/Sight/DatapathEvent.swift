public import EgressModel

/// A connection's event as the datapath says it, in its own numbers.
public struct DatapathEvent: Sendable, Hashable {
    /// Microseconds since 1970-01-01T00:00:00Z.
    public var time: Int64
    public var kind: FlowEvent.Kind
    public var transport: IPProtocol
    /// `EGRESS_DROP_*`; 0 for none.
    public var reason: UInt8
    /// The pod's, on its own node; 0 elsewhere.
    public var interfaceIndex: Int
    /// Slot of the policy; 0 where it isn't known.
    public var policy: UInt32
    public var entry: UInt32
    /// The tunnel's other end.
    public var peer: IPAddress?
    public var source: Endpoint?
    public var remote: Endpoint?
    public var egress: Endpoint?

    public init(
        time: Int64, kind: FlowEvent.Kind, transport: IPProtocol, reason: UInt8 = 0, interfaceIndex: Int = 0, policy: UInt32 = 0,
        entry: UInt32 = 0, peer: IPAddress? = nil, source: Endpoint? = nil, remote: Endpoint? = nil, egress: Endpoint? = nil
    ) {
        self.time = time
        self.kind = kind
        self.transport = transport
        self.reason = reason
        self.interfaceIndex = interfaceIndex
        self.policy = policy
        self.entry = entry
        self.peer = peer
        self.source = source
        self.remote = remote
        self.egress = egress
    }
}
