public import EgressModel

/// A connection that this node translates now.
public struct Translation: Sendable, Hashable {
    public enum State: String, Sendable, Hashable, CaseIterable {
        /// No answer yet.
        case opening
        case established
        /// One side of a TCP connection has sent FIN.
        case closing
        /// Both sides have, or one has reset it.
        case closed
    }

    public var transport: IPProtocol
    public var source: Endpoint
    public var remote: Endpoint
    public var egress: Endpoint
    public var state: State
    /// Seconds since its last packet, and since its first.
    public var idleSeconds: Int64
    public var ageSeconds: Int64?
    /// Known where the pod is on this node.
    public var pod: ObjectReference?
    public var policy: String?
    public var podNode: String?

    public init(
        transport: IPProtocol, source: Endpoint, remote: Endpoint, egress: Endpoint, state: State, idleSeconds: Int64,
        ageSeconds: Int64? = nil, pod: ObjectReference? = nil, policy: String? = nil, podNode: String? = nil
    ) {
        self.transport = transport
        self.source = source
        self.remote = remote
        self.egress = egress
        self.state = state
        self.idleSeconds = idleSeconds
        self.ageSeconds = ageSeconds
        self.pod = pod
        self.policy = policy
        self.podNode = podNode
    }

    /// The order of lists: by what the remote sees.
    public static func inOrder(_ a: Translation, _ b: Translation) -> Bool {
        (a.egress, a.remote, a.transport.number, a.source) < (b.egress, b.remote, b.transport.number, b.source)
    }
}

/// What `nat.list` is asked for.
public struct TranslationQuery: Sendable, Hashable {
    /// A line of the protocol has room for so many.
    public static let mostAtOnce = 100_000

    public var filter: ConnectionFilter
    /// At most so many, from 1 to ``mostAtOnce``.
    public var limit: Int

    public init(filter: ConnectionFilter = ConnectionFilter(), limit: Int = 10_000) {
        self.filter = filter
        self.limit = limit
    }
}

/// Some of the translations that fit, and how many do.
public struct TranslationList: Sendable, Hashable {
    /// By egress address, remote, protocol and source.
    public var translations: [Translation]
    /// That fit; more than are listed where the limit cut them.
    public var total: Int

    public init(_ translations: [Translation], total: Int) {
        self.translations = translations
        self.total = total
    }
}
