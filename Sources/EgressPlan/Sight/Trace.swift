public import EgressModel

/// One crafted packet for the loaded programs, on a copy of the maps.
public struct TraceRequest: Sendable, Hashable {
    /// Where the packet comes in.
    public enum Origin: Sendable, Hashable {
        /// A pod of this node sends it.
        case pod(namespace: String, name: String)
        /// Another node sends it through the tunnel, by an entry that this node announced.
        case node(name: String, entry: UInt32, source: IPAddress)
    }

    public var origin: Origin
    public var transport: IPProtocol
    public var destination: Endpoint
    /// Of the pod; with that of a living connection the trace meets its records.
    public var sourcePort: UInt16
    /// TCP: begins a connection (SYN); else it is one in its middle (ACK).
    public var opens: Bool

    public init(
        origin: Origin, transport: IPProtocol = .tcp, destination: Endpoint, sourcePort: UInt16 = TraceRequest.usualPort, opens: Bool = true
    ) {
        self.origin = origin
        self.transport = transport
        self.destination = destination
        self.sourcePort = sourcePort
        self.opens = opens
    }

    public static let usualPort: UInt16 = 50_000
}

/// One lookup on the packet's way.
public struct TraceStep: Sendable, Hashable {
    /// The table, or what was asked of the kernel: `cluster`, `pod`, `rule`, `flow` …
    public var lookup: String
    public var isFound: Bool
    /// What it was asked for, and what it said, in words.
    public var detail: String
    /// No lookup, and never found: here the node's stack routes the packet, and FORWARD decides. A trace runs neither.
    public static let stack = "stack"

    public init(lookup: String, isFound: Bool, detail: String) {
        self.lookup = lookup
        self.isFound = isFound
        self.detail = detail
    }
}

/// What became of the packet.
public struct TraceResult: Sendable, Hashable {
    public enum Verdict: String, Sendable, Hashable, CaseIterable {
        /// Not ours: it goes the ordinary way.
        case passed
        case dropped
        /// Into the tunnel, to the gateway.
        case tunnelled
        /// Out of this node, with an egress IP as its source.
        case translated
        /// To a pod of this node.
        case delivered
    }

    /// Whose maps and programs these were.
    public var node: String
    public var verdict: Verdict
    /// Of a drop: EG3 and three digits.
    public var code: ReasonCode?
    public var source: Endpoint
    public var destination: Endpoint
    public var transport: IPProtocol
    /// What the remote sees as the source, when it was translated here.
    public var egress: Endpoint?
    public var policy: String?
    /// Where the rest of the way is, when it goes into the tunnel.
    public var gatewayNode: String?
    /// By which the gateway knows the policy's entry; `nil` where it doesn't go through one.
    public var entry: UInt32?
    /// In the order in which they were made.
    public var steps: [TraceStep]
    /// The frame that was given, and as it left, in hexadecimal digits; the Ethernet header is ours, the tunnel's token isn't in it.
    public var given: String
    public var left: String

    public init(
        node: String, verdict: Verdict, code: ReasonCode? = nil, source: Endpoint, destination: Endpoint, transport: IPProtocol,
        egress: Endpoint? = nil, policy: String? = nil, gatewayNode: String? = nil, entry: UInt32? = nil, steps: [TraceStep],
        given: String = "", left: String = ""
    ) {
        self.node = node
        self.verdict = verdict
        self.code = code
        self.source = source
        self.destination = destination
        self.transport = transport
        self.egress = egress
        self.policy = policy
        self.gatewayNode = gatewayNode
        self.entry = entry
        self.steps = steps
        self.given = given
        self.left = left
    }
}
