public import EgressModel

/// A cluster that can be read: a folder of manifests, or the Kubernetes API.
public protocol ClusterReading: Sendable {
    /// What errors call it: a path, or a server's URL.
    var source: String { get }

    func snapshot() async throws -> ClusterSnapshot

    /// One element for each time that something may have changed, the first at once; ends when watching ends.
    /// Changes that come while the reader is busy are one element.
    func changes() -> AsyncStream<Void>
}

/// A cluster that can be changed.
public protocol ClusterWriting: Sendable {
    /// Creates or updates the policies and other objects of these manifests. Nothing is changed when one is invalid.
    func apply(_ manifests: [Manifest]) async throws -> [AppliedObject]

    /// Writes what a node says of itself, whole.
    func report(_ node: EgressNode) async throws
}

/// The cluster's secrets that a node needs.
public protocol TunnelSecretReading: Sendable {
    /// Tokens of the tunnel as 12 octets each, the one to write first. Made on first use where the store is a folder.
    func tunnelTokens() async throws -> [[UInt8]]
}

/// One document of a manifest as a user gave it.
public struct Manifest: Sendable, Hashable {
    public var object: ObjectReference
    public var apiVersion: String
    /// The object as canonical JSON text.
    public var json: String
    public var place: SourcePlace?

    public init(object: ObjectReference, apiVersion: String, json: String, place: SourcePlace? = nil) {
        self.object = object
        self.apiVersion = apiVersion
        self.json = json
        self.place = place
    }
}

public struct AppliedObject: Sendable, Hashable {
    public enum Change: String, Sendable, Hashable {
        case created
        case configured
        case unchanged
    }

    public var object: ObjectReference
    public var change: Change
    /// As the store has it now.
    public var uid: String
    public var generation: Int64

    public init(object: ObjectReference, change: Change, uid: String, generation: Int64) {
        self.object = object
        self.change = change
        self.uid = uid
        self.generation = generation
    }
}
