public import EgressModel

/// The cluster that these documents describe. Of several documents for one object the last counts, with a finding.
///
/// A document that matters and can't be understood makes the snapshot incomplete; a policy with invalid fields doesn't,
/// it is known and rejected.
public func clusterSnapshot(from reading: KubeReading) -> ClusterSnapshot {
    var parts = SnapshotParts()
    let (documents, duplicates) = lastOfEach(reading.documents)
    for document in reading.documents { SnapshotHeader(document)?.add(to: &parts.snapshot) }
    for document in documents {
        let (object, findings) = document.decoded()
        parts.take(object, findings: findings)
    }
    return parts.snapshot(of: reading, duplicates: duplicates)
}

/// A snapshot as its objects come.
struct SnapshotParts {
    var snapshot = ClusterSnapshot()
    /// Of objects; what is wrong with the text stands before it.
    private var findings: [Finding] = []

    mutating func take(_ object: KubeObject, findings: [Finding]) {
        switch object {
        case .node(let node): snapshot.nodes.append(node)
        case .namespace(let namespace): snapshot.namespaces.append(namespace)
        case .pod(let pod): snapshot.pods.append(pod)
        case .service(let service): snapshot.services.append(service)
        case .egressNode(let node): snapshot.egressNodes.append(node)
        // It carries its findings itself.
        case .policy(let policy): return snapshot.policies.append(policy)
        case .configuration(let facts): snapshot.add(facts)
        case .mesh(let object): snapshot.mesh.add(object)
        case .connections(let facts):
            snapshot.networkPolicies.add(facts)
            // A policy carries its findings too.
            if !facts.policies.isEmpty { return }
        case .other: return
        case .unreadable: snapshot.isComplete = false
        }
        self.findings += findings
    }

    func snapshot(of reading: KubeReading, duplicates: [Finding]) -> ClusterSnapshot {
        var snapshot = snapshot
        snapshot.findings = reading.findings + duplicates + findings
        snapshot.isComplete = snapshot.isComplete && reading.isComplete
        return snapshot
    }
}

private func lastOfEach(_ documents: [KubeDocument]) -> (documents: [KubeDocument], findings: [Finding]) {
    var positions: [KubeDocument.Identity: Int] = [:]
    var kept: [KubeDocument] = []
    var findings: [Finding] = []
    for document in documents {
        guard let key = snapshotIdentity(of: document) else { continue }
        guard let position = positions[key] else {
            positions[key] = kept.count
            kept.append(document)
            continue
        }
        findings.append(
            Finding(
                .warning, .duplicateObject, object: document.reference, place: kept[position].place,
                message: "is described again\(document.place.map { " at \($0)" } ?? ""); the last one counts", hint: "remove one of them"))
        kept[position] = document
    }
    return (kept, findings)
}

/// What two documents of one object share; `nil` for kinds that aren't read. A kind of ours in a wrong group is still that kind.
func snapshotIdentity(of document: KubeDocument) -> KubeDocument.Identity? {
    if ConfigurationSource(of: document) != nil || ConnectionDocument(of: document) != nil { return document.identity }
    if MeshSource(apiVersion: document.apiVersion, kind: document.kind) != nil { return document.identity }
    if case .foreign = KnownKind.recognize(apiVersion: document.apiVersion, kind: document.kind) { return nil }
    return KubeDocument.Identity(group: "", reference: document.reference)
}
