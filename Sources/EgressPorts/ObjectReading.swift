public import EgressModel

/// Single objects of a cluster, of any kind, and the server that has them.
public protocol ObjectReading: Sendable {
    /// The object as canonical JSON, managed fields included; `nil` where it isn't there, or its kind isn't served.
    /// Throws ``ClusterError``.
    func object(_ reference: ObjectReference, apiVersion: String) async throws -> String?

    /// `v1.32.4`, as `/version` says it; `nil`: a folder, which no server has.
    func serverVersion() async throws -> String?
}
