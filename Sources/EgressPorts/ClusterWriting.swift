public import EgressModel

/// A cluster that can be changed.
public protocol ClusterWriting: Sendable {
    /// Creates or updates the policies and other objects of these manifests. A folder changes nothing when one is invalid;
    /// an API server takes them one by one, in their order, and the error says which were applied.
    func apply(_ manifests: [Manifest], _ options: ApplyOptions) async throws -> [AppliedObject]

    /// Removes these objects, in their order; those that aren't there are left out of the answer.
    func delete(_ objects: [Manifest]) async throws -> [ObjectReference]
}

extension ClusterWriting {
    public func apply(_ manifests: [Manifest]) async throws -> [AppliedObject] { try await apply(manifests, ApplyOptions()) }
}

public struct ApplyOptions: Sendable, Hashable {
    /// Everything but keeping it: the server validates, and answers what would be.
    public var isDryRun: Bool
    /// Takes fields over that another manager owns.
    public var forcesConflicts: Bool
    /// Who owns the fields (server-side apply); at most 128 characters.
    public var fieldManager: String

    /// Of users' applies.
    public static let standardManager = "kubectl-egress"

    public init(isDryRun: Bool = false, forcesConflicts: Bool = false, fieldManager: String = Self.standardManager) {
        self.isDryRun = isDryRun
        self.forcesConflicts = forcesConflicts
        self.fieldManager = fieldManager
    }
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
