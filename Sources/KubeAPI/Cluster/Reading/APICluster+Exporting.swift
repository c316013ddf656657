import EgressModel
public import EgressPorts
import JSONText

extension APICluster: ClusterExporting {
    /// One object a line, kind by kind, chunk by chunk. A kind that may not be read, or isn't there, is left out: whoever
    /// needs to know asks ``snapshot()``.
    public func manifests() -> AsyncThrowingStream<String, any Error> {
        AsyncThrowingStream { continuation in
            let work = Task {
                do {
                    try await Self.export(client) { continuation.yield($0.text(sorted: true)) }
                    try await exportNetworkPolicies { continuation.yield($0.text(sorted: true)) }
                    continuation.finish()
                } catch {
                    continuation.finish(throwing: (error as? APIError)?.clusterError() ?? error)
                }
            }
            continuation.onTermination = { _ in work.cancel() }
        }
    }

    private static func export(_ client: KubeClient, _ take: (JSONValue) -> Void) async throws {
        let all = ClusterCollection.listed(for: .cluster)
        let renewals = await renewals(client)
        for collection in all where collection.slot != .leases {
            var read = false
            for path in collection.paths where !read {
                read = try await export(collection, path, client) { object in
                    let name = object["metadata"]?["name"]?.stringValue ?? ""
                    take(collection.slot == .egressNodes ? ManifestPruning.withHeartbeat(object, renewed: renewals[name]) : object)
                }
            }
        }
    }

    /// Whether it was read, or is known not to be readable.
    private static func export(
        _ collection: ClusterCollection, _ path: ResourcePath, _ client: KubeClient, _ take: (JSONValue) -> Void
    ) async throws -> Bool {
        do {
            try await list(collection, path, client, take)
            return true
        } catch {
            let failure = APIError(reading: error)
            if failure.isNotFound { return false }
            guard failure.isForbidden else { throw error }
            // Rights in one namespace give what is there.
            guard path.namespace == nil, collection.slot == .pods || collection.slot == .services else { return true }
            do {
                try await list(collection, path.inside(client.namespace), client, take)
            } catch {
                guard APIError(reading: error).isForbidden else { throw error }
            }
            return true
        }
    }

    /// An object is given once: after a list that had to start again, those that were given already are left out.
    private static func list(
        _ collection: ClusterCollection, _ path: ResourcePath, _ client: KubeClient, _ take: (JSONValue) -> Void
    ) async throws {
        var given: Set<ObjectKey> = []
        var isAgain = false
        _ = try await client.list(path, collection.query, restart: { isAgain = true }) { page in
            for object in page.items {
                guard let key = ItemDecoder.key(of: object), !(isAgain && given.contains(key)),
                    let pruned = ManifestPruning.pruned(object, in: collection.slot, apiVersion: page.apiVersion, kind: page.kind)
                else { continue }
                given.insert(key)
                take(pruned)
            }
        }
    }

    /// When each node's Lease was renewed; empty where that may not be read.
    private static func renewals(_ client: KubeClient) async -> [String: String] {
        var renewals: [String: String] = [:]
        _ = try? await client.list(.leases.inside(EgressObjects.namespace), ListQuery(), restart: {}) { page in
            for lease in page.items {
                if let name = lease["metadata"]?["name"]?.stringValue,
                    let renewed = lease["spec"]?["renewTime"]?.stringValue.flatMap(Timestamp.wholeSeconds)
                {
                    renewals[name] = renewed
                }
            }
        }
        return renewals
    }
}
