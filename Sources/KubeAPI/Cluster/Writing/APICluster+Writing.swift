public import EgressModel
public import EgressPorts

extension APICluster: ClusterWriting {
    /// Applies server side (KEP-555), one object after the other in their order. Throws ``ClusterError``: what went wrong
    /// with which object, and what was applied before it.
    public func apply(_ manifests: [Manifest], _ options: ApplyOptions) async throws -> [AppliedObject] {
        var applying = ObjectApplying(client: client, kinds: kinds, options: options)
        return try await applying.apply(manifests)
    }

    /// Removes objects in their order, what depends on them in the background. A kind that the server doesn't have any
    /// more counts as gone.
    public func delete(_ objects: [Manifest]) async throws -> [ObjectReference] {
        var deleted: [ObjectReference] = []
        for manifest in objects {
            do throws(APIError) {
                guard let path = try await kinds.path(of: manifest) else { continue }
                try await client.delete(path)
                deleted.append(manifest.object)
            } catch {
                if error.isNotFound { continue }
                let before = deleted.map(\.description).joined(separator: ", ")
                throw error.clusterError(about: manifest.object, hint: deleted.isEmpty ? nil : "deleted before this: \(before)")
            }
        }
        return deleted
    }
}
