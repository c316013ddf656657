public import EgressModel

/// Something that happened to a connection, as one node saw it. What that node doesn't know is `nil`.
public struct FlowEvent: Sendable, Hashable {
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        case opened
        /// Its record went: it timed out, or its pod, policy or address did.
        case closed
        /// A packet was dropped; the connection may live.
        case dropped
    }

    /// Microseconds since 1970-01-01T00:00:00Z.
    public var time: Int64
    public var kind: Kind
    public var transport: IPProtocol
    /// Known where the pod is on the node that saw it.
    public var pod: ObjectReference?
    /// The pod's own end.
    public var source: Endpoint?
    /// The other end, outside.
    public var remote: Endpoint?
    /// What the remote sees as the source; `nil` on the pod's node when another is the gateway.
    public var egress: Endpoint?
    /// Name of the policy.
    public var policy: String?
    /// The node that the pod is on, and the one that it leaves by.
    public var podNode: String?
    public var gatewayNode: String?
    /// Why it was dropped: EG3 and three digits.
    public var code: ReasonCode?

    public init(
        time: Int64, kind: Kind, transport: IPProtocol, pod: ObjectReference? = nil, source: Endpoint? = nil, remote: Endpoint? = nil,
        egress: Endpoint? = nil, policy: String? = nil, podNode: String? = nil, gatewayNode: String? = nil, code: ReasonCode? = nil
    ) {
        self.time = time
        self.kind = kind
        self.transport = transport
        self.pod = pod
        self.source = source
        self.remote = remote
        self.egress = egress
        self.policy = policy
        self.podNode = podNode
        self.gatewayNode = gatewayNode
        self.code = code
    }
}

/// An event of a stream that loses events when its reader is slow.
public struct FlowNews: Sendable, Hashable {
    /// `nil`: the watch is in place, and misses nothing from here on.
    public var event: FlowEvent?
    /// Events that were lost before this one since the last.
    public var lost: UInt64

    public init(_ event: FlowEvent?, lost: UInt64 = 0) {
        self.event = event
        self.lost = lost
    }
}
