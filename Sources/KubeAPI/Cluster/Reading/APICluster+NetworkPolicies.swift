public import EgressModel
import EgressPorts
import JSONText
import KubeObjects

extension APICluster {
    /// Reads network policies now: nothing else needs them, so nobody follows them.
    public func withNetworkPolicies(_ snapshot: ClusterSnapshot, namespace: String?) async throws -> ClusterSnapshot {
        let (collections, unread) = await NetworkPolicyKinds(client: client, kinds: kinds).collections()
        var snapshot = snapshot
        snapshot.unread += unread
        for collection in collections {
            let path = collection.isNamespaced ? collection.path.inside(namespace) : collection.path
            do {
                snapshot.networkPolicies.add(try await facts(path))
            } catch {
                let failure = APIError(reading: error)
                if failure.isNotFound { continue }
                if failure.isUnauthorized { throw failure.clusterError() }
                let code: ReasonCode = failure.isForbidden ? .readForbidden : .readFailed
                snapshot.unread.append(UnreadKind(kind: collection.kind, namespace: path.namespace, code: code, reason: failure.message))
            }
        }
        return snapshot
    }

    private func facts(_ path: ResourcePath) async throws -> NetworkPolicyFacts {
        var facts = NetworkPolicyFacts()
        _ = try await client.list(path, ListQuery(), restart: { facts = NetworkPolicyFacts() }) { page in
            for object in page.items {
                let document = KubeDocument(object: object, source: client.server, apiVersion: page.apiVersion, kind: page.kind)
                if case .connections(let found)? = document?.decoded().object { facts.add(found) }
            }
        }
        return facts
    }

    /// Gives network policies for a support file: of kinds that aren't evaluated only that they are there.
    func exportNetworkPolicies(_ take: (JSONValue) -> Void) async throws {
        for collection in await NetworkPolicyKinds(client: client, kinds: kinds).collections().found {
            do {
                try await export(collection, collection.path, take)
            } catch {
                let failure = APIError(reading: error)
                guard failure.isForbidden || failure.isNotFound else { throw error }
                guard collection.isNamespaced, failure.isForbidden else { continue }
                // Rights in one namespace give what is there.
                try await unlessForbidden { try await export(collection, collection.path.inside(client.namespace), take) }
            }
        }
    }

    private func unlessForbidden(_ body: () async throws -> Void) async throws {
        do {
            try await body()
        } catch {
            guard APIError(reading: error).isForbidden else { throw error }
        }
    }

    private func export(_ collection: NetworkPolicyCollection, _ path: ResourcePath, _ take: (JSONValue) -> Void) async throws {
        var given: Set<ObjectKey> = []
        _ = try await client.list(path, ListQuery(), restart: {}) { page in
            for object in page.items {
                guard let key = ItemDecoder.key(of: object), given.insert(key).inserted,
                    let pruned = ManifestPruning.pruned(
                        networkPolicy: object, isEvaluated: collection.kind != .otherNetworkPolicy, apiVersion: page.apiVersion,
                        kind: page.kind)
                else { continue }
                take(pruned)
            }
        }
    }
}
