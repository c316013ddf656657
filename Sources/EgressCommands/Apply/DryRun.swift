import EgressModel
import EgressPorts

/// What applying would do, without doing it.
struct DryRun {
    let cluster: any ClusterReading

    /// Policies are compared by what they mean; of other kinds only whether they are there is known.
    func compare(_ manifests: CheckedManifests) async throws -> [AppliedObject] {
        let snapshot = try await cluster.snapshot()
        let policies = Dictionary(snapshot.policies.map { ($0.metadata.name, $0) }) { _, last in last }
        let others = Set(
            snapshot.nodes.map { ObjectReference(kind: "Node", name: $0.name) }
                + snapshot.namespaces.map { ObjectReference(kind: "Namespace", name: $0.name) } + snapshot.pods.map(\.reference))
        return manifests.items.map { item in
            let object = item.manifest.object
            guard let policy = item.policy else { return Self.applied(object, others.contains(object) ? .configured : .created) }
            guard let present = policies[object.name] else { return Self.applied(object, .created) }
            return Self.applied(object, present.policy.map { Self.isSame($0, policy) } == true ? .unchanged : .configured)
        }
    }

    private static func applied(_ object: ObjectReference, _ change: AppliedObject.Change) -> AppliedObject {
        AppliedObject(object: object, change: change, uid: "", generation: 0)
    }

    /// Equal but for what the store sets.
    private static func isSame(_ a: EgressGatewayPolicy, _ b: EgressGatewayPolicy) -> Bool {
        var b = b
        b.metadata.uid = a.metadata.uid
        b.metadata.generation = a.metadata.generation
        b.metadata.creationTimestamp = a.metadata.creationTimestamp
        return a == b
    }
}
