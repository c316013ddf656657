extension ClusterSnapshot {
    /// This cluster with other objects put over it: one of the same name takes the place of the one that is there, and keeps
    /// its uid and the time of its creation, as when it is applied.
    ///
    /// A policy that asks for something else has the next generation. What `other` says of itself (findings, ranges) is added.
    public func overlaid(by other: ClusterSnapshot) -> ClusterSnapshot {
        var result = self
        result.nodes.put(other.nodes, \.metadata)
        result.namespaces.put(other.namespaces, \.metadata)
        result.pods.put(other.pods, \.metadata)
        result.services.put(other.services, \.metadata)
        result.egressNodes.put(other.egressNodes, \.metadata)
        result.policies.put(other.policies)
        result.mesh = mesh.overlaid(by: other.mesh)
        result.networkPolicies = networkPolicies.overlaid(by: other.networkPolicies)
        result.findings += other.findings
        result.apiServers += other.apiServers.filter { !apiServers.contains($0) }
        result.ranges += other.ranges.filter { !ranges.contains($0) }
        result.ciliumEgressGateway = ciliumEgressGateway ?? other.ciliumEgressGateway
        return result
    }

    /// This cluster without some of its objects.
    public func without(_ objects: Set<ObjectReference>) -> ClusterSnapshot {
        func stays(_ kind: String, _ metadata: ObjectMetadata) -> Bool {
            !objects.contains(ObjectReference(kind: kind, namespace: metadata.namespace, name: metadata.name))
        }
        var result = self
        result.nodes.removeAll { !stays("Node", $0.metadata) }
        result.namespaces.removeAll { !stays("Namespace", $0.metadata) }
        result.pods.removeAll { objects.contains($0.reference) }
        result.services.removeAll { !stays("Service", $0.metadata) }
        result.egressNodes.removeAll { !stays("EgressNode", $0.metadata) }
        result.policies.removeAll { !stays("CiliumEgressGatewayPolicy", $0.metadata) }
        result.networkPolicies.policies.removeAll { objects.contains($0.reference) }
        result.mesh.gateways.removeAll { objects.contains($0.reference) }
        result.mesh.serviceEntries.removeAll { objects.contains($0.reference) }
        result.mesh.virtualServices.removeAll { objects.contains($0.reference) }
        result.mesh.entryRoutes.removeAll { objects.contains($0.reference) }
        return result
    }
}

/// What tells an object from others of its kind.
private struct ObjectName: Hashable {
    let namespace: String?
    let name: String

    init(_ metadata: ObjectMetadata) { (namespace, name) = (metadata.namespace, metadata.name) }
}

extension Array where Element: Sendable {
    /// Nothing to put is the usual case, and then nothing is looked at.
    fileprivate mutating func put(_ others: [Element], _ metadata: WritableKeyPath<Element, ObjectMetadata>) {
        put(others, name: { ObjectName($0[keyPath: metadata]) }) { other, present in
            other[keyPath: metadata].takeIdentity(of: present[keyPath: metadata])
        }
    }

    fileprivate mutating func put(
        _ others: [Element], name: (Element) -> ObjectName, becoming: (inout Element, _ present: Element) -> Void
    ) {
        guard !others.isEmpty else { return }
        var positions = Dictionary(enumerated().map { (name($0.element), $0.offset) }) { first, _ in first }
        for var other in others {
            if let position = positions[name(other)] {
                becoming(&other, self[position])
                self[position] = other
            } else {
                positions[name(other)] = count
                append(other)
            }
        }
    }
}

extension [PolicyObject] {
    fileprivate mutating func put(_ others: [PolicyObject]) {
        put(others, name: { ObjectName($0.metadata) }) { other, present in
            other.metadata.takeIdentity(of: present.metadata)
            other.metadata.labels = present.metadata.labels.merging(other.metadata.labels) { _, own in own }
            other.policy?.metadata = other.metadata
            guard !other.asksTheSame(as: present) else { return }
            other.metadata.generation = Swift.max(0, present.metadata.generation) &+ 1
            other.policy?.metadata = other.metadata
        }
    }
}

extension PolicyObject {
    /// Whether both ask for the same, whoever made them and when.
    public func asksTheSame(as other: PolicyObject) -> Bool {
        guard var mine = policy, let theirs = other.policy else { return policy == nil && other.policy == nil }
        mine.metadata = theirs.metadata
        return mine == theirs
    }
}

extension ObjectMetadata {
    fileprivate mutating func takeIdentity(of present: ObjectMetadata) {
        (uid, creationTimestamp, generation) = (present.uid, present.creationTimestamp, present.generation)
    }
}
