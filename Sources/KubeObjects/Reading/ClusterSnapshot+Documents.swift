public import EgressModel

/// The cluster that these documents describe. Of several documents for one object the last counts, with a finding.
///
/// A document that matters and can't be understood makes the snapshot incomplete; a policy with invalid fields doesn't,
/// it is known and rejected.
public func clusterSnapshot(from reading: KubeReading) -> ClusterSnapshot {
    var snapshot = ClusterSnapshot(findings: reading.findings, isComplete: reading.isComplete)
    let (documents, duplicates) = lastOfEach(reading.documents)
    snapshot.findings += duplicates
    for document in documents {
        let (object, findings) = document.decoded()
        switch object {
        case .node(let node): snapshot.nodes.append(node)
        case .namespace(let namespace): snapshot.namespaces.append(namespace)
        case .pod(let pod): snapshot.pods.append(pod)
        case .service(let service): snapshot.services.append(service)
        case .egressNode(let node): snapshot.egressNodes.append(node)
        case .policy(let policy): snapshot.policies.append(policy)
        case .other: continue
        case .unreadable: snapshot.isComplete = false
        }
        // A policy carries its findings itself.
        if case .policy = object { continue }
        snapshot.findings += findings
    }
    return snapshot
}

private func lastOfEach(_ documents: [KubeDocument]) -> (documents: [KubeDocument], findings: [Finding]) {
    var positions: [ObjectReference: Int] = [:]
    var kept: [KubeDocument] = []
    var findings: [Finding] = []
    for document in documents {
        guard case .foreign = KnownKind.recognize(apiVersion: document.apiVersion, kind: document.kind) else {
            if let position = positions[document.reference] {
                findings.append(
                    Finding(
                        .warning, .duplicateObject, object: document.reference, place: kept[position].place,
                        message: "is described again\(document.place.map { " at \($0)" } ?? ""); the last one counts",
                        hint: "remove one of them"))
                kept[position] = document
            } else {
                positions[document.reference] = kept.count
                kept.append(document)
            }
            continue
        }
    }
    return (kept, findings)
}
