import EgressModel
import EgressPorts

/// Reads one collection whole.
struct CollectionLister: Sendable {
    let client: KubeClient
    let collection: ClusterCollection
    /// Where a cluster-wide list of namespaced objects is refused, this namespace may be allowed (namespaced RBAC).
    let fallbackNamespace: String?

    /// What a collection held at one moment.
    struct Reading: Sendable {
        /// Filled for this collection alone.
        var tables: ClusterTables
        /// Where it was read, and where a watch goes on.
        var path: ResourcePath
        var resourceVersion: String
        /// What of it couldn't be read, where only a part was allowed.
        var unread: [UnreadKind]
    }

    enum Outcome: Sendable {
        case read(Reading)
        /// The API server has no such kind.
        case notServed
        case failed(APIError, [UnreadKind])
    }

    /// - Parameter resourceVersion: see ``ListQuery``; for collections that may be read from the server's cache.
    func list(resourceVersion: String? = nil) async -> Outcome {
        for path in collection.paths {
            switch await list(path, resourceVersion: resourceVersion) {
            case .notServed: continue
            case .failed(let error, _) where error.isForbidden:
                let refused = unread(error, in: path.namespace)
                guard let namespace = fallbackNamespace, path.namespace == nil, collection.slot.isNamespaced else {
                    return .failed(error, [refused])
                }
                return await list(inside: namespace, of: path, refused)
            case let outcome: return outcome
            }
        }
        return .notServed
    }

    private func list(inside namespace: String, of path: ResourcePath, _ refused: UnreadKind) async -> Outcome {
        switch await list(path.inside(namespace), resourceVersion: nil) {
        case .read(var reading):
            var part = refused
            part.reason += "; read in namespace \"\(namespace)\" alone"
            reading.unread = [part]
            return .read(reading)
        case .failed(let error, _): return .failed(error, [refused, unread(error, in: namespace)])
        case .notServed: return .notServed
        }
    }

    private func list(_ path: ResourcePath, resourceVersion: String?) async -> Outcome {
        var query = collection.query
        query.resourceVersion = resourceVersion
        var tables = ClusterTables()
        var decoder = ItemDecoder(source: client.server, sharesStrings: true)
        do {
            let version = try await client.list(path, query, restart: { tables = ClusterTables() }) { page in
                for object in page.items {
                    guard let item = decoder.item(object, in: collection.slot, apiVersion: page.apiVersion, kind: page.kind) else {
                        continue
                    }
                    _ = tables.take(item, in: collection.slot)
                }
            }
            return .read(Reading(tables: tables, path: path, resourceVersion: version, unread: []))
        } catch {
            let error = APIError(reading: error)
            // A collection of a known kind is never missing, only empty.
            if error.isNotFound { return .notServed }
            return .failed(error, [unread(error, in: path.namespace)])
        }
    }

    private func unread(_ error: APIError, in namespace: String?) -> UnreadKind {
        UnreadKind(
            kind: collection.slot.kind, namespace: namespace, code: error.isForbidden ? .readForbidden : .readFailed, reason: error.message)
    }
}

extension ClusterSlot {
    /// Whose objects are in namespaces of users'.
    fileprivate var isNamespaced: Bool { self == .pods || self == .services }
}

extension APIError {
    /// Errors of the client's untyped calls.
    init(reading error: any Error) {
        self = error as? APIError ?? APIError(kind: .transport, message: String(describing: error))
    }
}
