public import EgressModel

/// What a node's agent says to the cluster.
public protocol NodeReporting: Sendable {
    /// Writes what a node says of itself, whole.
    ///
    /// Called when something changed, and every ten seconds besides, with nothing but `reportedAt` new: a folder writes it
    /// then; in a cluster with an API the node's Lease is renewed instead, and `reportedAt` stays the time of the last
    /// change. Turns don't wait for it, and after a failure it is called again with the newest report.
    func report(_ node: EgressNode) async throws

    /// Makes these known as Kubernetes Events; best effort, a store without events ignores them. Each is told once.
    func publish(_ events: [ClusterEvent]) async

    /// Whether this node speaks for all nodes in matters that are nobody's own: it holds the Lease. A folder has no leader.
    func isLeader() async -> Bool

    /// The node's pods are governed now: the start-up taint ``EgressTaint/notReady`` may go.
    func nodeIsGoverned() async throws
}

public enum EgressTaint {
    /// On a node that pods must not come to before its datapath is there.
    public static let notReady = "kubectl-egress.dev/not-ready"
}

/// Something that happened to an object, for its Events.
public struct ClusterEvent: Sendable, Hashable {
    public var object: ObjectReference
    public var apiVersion: String
    /// Empty where it isn't known.
    public var uid: String
    /// `Warning`, else `Normal`.
    public var isWarning: Bool
    public var code: ReasonCode
    /// One sentence, at most 1024 octets.
    public var message: String

    public init(object: ObjectReference, apiVersion: String, uid: String, isWarning: Bool, code: ReasonCode, message: String) {
        self.object = object
        self.apiVersion = apiVersion
        self.uid = uid
        self.isWarning = isWarning
        self.code = code
        self.message = message
    }
}

/// The cluster's secrets that a node needs.
public protocol TunnelSecretReading: Sendable {
    /// Tokens of the tunnel as 12 octets each, the one to write first. Made on first use.
    func tunnelTokens() async throws -> [[UInt8]]
}
