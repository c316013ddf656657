import JSONText
import Synchronization

/// The Lease by which a node says that its agent works (`coordination.k8s.io/v1`), as kubelets do with theirs.
final class HeartbeatLease: Sendable {
    private let node: String
    private let client: KubeClient
    /// As the server had it last.
    private let known = Mutex<JSONValue?>(nil)

    private static let path = ResourcePath.leases.inside(EgressObjects.namespace)
    /// What readers take for silence (90 s); written for whoever looks.
    private static let durationSeconds: Int64 = 90

    init(node: String, client: KubeClient) {
        self.node = node
        self.client = client
    }

    /// One request in the ordinary case: it is replaced under the version that we know.
    func renew(announces: Bool, owner: JSONValue?) async throws(APIError) {
        let path = Self.path.named(node)
        if let lease = known.withLock({ $0 }) {
            do throws(APIError) {
                let renewed = try await client.replace(path, renewed(lease, announces, owner))
                return known.withLock { $0 = renewed }
            } catch {
                known.withLock { $0 = nil }
                guard error.status == 409 || error.isNotFound else { throw error }
            }
        }
        do throws(APIError) {
            let lease = try await client.get(path)
            let renewed = try await client.replace(path, renewed(lease, announces, owner))
            known.withLock { $0 = renewed }
        } catch {
            guard error.isNotFound else { throw error }
            let new: JSONValue = [
                "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
                "metadata": ["name": .string(node), "namespace": .string(EgressObjects.namespace)],
            ]
            let created = try await client.create(Self.path, renewed(new, announces, owner), dryRun: false)
            known.withLock { $0 = created }
        }
    }

    private func renewed(_ lease: JSONValue, _ announces: Bool, _ owner: JSONValue?) -> JSONValue {
        var object = lease.objectValue ?? [:]
        var metadata = object["metadata"]?.objectValue ?? [:]
        metadata["managedFields"] = nil
        var labels = metadata["labels"]?.objectValue ?? [:]
        labels[EgressObjects.gatewayLabel] = announces ? "true" : nil
        metadata["labels"] = labels.isEmpty ? nil : .object(labels)
        if let owner { metadata["ownerReferences"] = [owner] }
        object["metadata"] = .object(metadata)
        object["spec"] = [
            "holderIdentity": .string(node), "leaseDurationSeconds": .integer(Self.durationSeconds), "renewTime": .string(Timestamp.now()),
        ]
        return .object(object)
    }
}
