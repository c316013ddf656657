import EgressModel
import EgressPolicy
import EgressPorts

extension CommandEnvironment {
    /// The cluster's state as it is now. What couldn't be read is noted on standard error, once a run, and is no failure.
    func snapshot(of cluster: any Cluster) async throws -> ClusterSnapshot {
        let snapshot = try await cluster.snapshot()
        noteWhatIsKnown(of: snapshot)
        return snapshot
    }

    /// Of when a snapshot is, and what it lacks; each once a run.
    func noteWhatIsKnown(of snapshot: ClusterSnapshot) {
        if let takenAt = snapshot.takenAt {
            let line = "note: this is the cluster as it was at \(takenAt)"
            if notes.take(line) { note(line) }
        }
        noteUnread(snapshot.unread.filter { !$0.kind.isOfConnections })
    }

    func noteUnread(_ kinds: [UnreadKind]) {
        for unread in kinds {
            let place = unread.namespace.map { " of namespace \($0)" } ?? ""
            let line = "note: \(unread.kind.inWords)\(place) can't be read; what depends on them is unknown [\(unread.code)]"
            if notes.take(line) { note(line) }
        }
    }

    /// What the cluster's state means. A command line has no memory, so a policy that is broken now has no last good
    /// version here.
    func effectivePolicy(of snapshot: ClusterSnapshot) -> EffectivePolicy {
        EgressPolicy.resolve(snapshot, accepted: [:], now: moment(of: snapshot))
    }

    /// The moment that a snapshot shows, in seconds since 1970: now, but for one that was taken to look at later.
    func moment(of snapshot: ClusterSnapshot) -> Int64 {
        snapshot.takenAt.flatMap(RFC3339.seconds) ?? clock.secondsSinceEpoch()
    }
}

extension ClusterSnapshot {
    /// Whether a kind couldn't be read, or only in part.
    func lacks(_ kind: ClusterKind) -> Bool { unread.contains { $0.kind == kind } }

    /// Throws for a name that no policy has, where all could be read.
    func requirePolicies(_ names: [String]) throws(CommandError) {
        let there = Set(policies.map(\.metadata.name))
        guard let missing = names.first(where: { !there.contains($0) }), !lacks(.policy) else { return }
        throw .notFound("ciliumegressgatewaypolicies.cilium.io", missing, hints: ["policies: " + namesInWords(there.sorted())])
    }
}

extension ClusterKind {
    /// In the plural.
    var inWords: String {
        switch self {
        case .policy: "egress policies"
        case .egressNode: "reports of nodes (egressnodes)"
        case .lease: "heartbeats of nodes (leases)"
        case .ranges: "objects that say the cluster's own ranges"
        case .mesh: "objects of meshes and gateways"
        case .networkPolicy: "network policies"
        case .ciliumNetworkPolicy: "Cilium's network policies"
        case .ciliumClusterwideNetworkPolicy: "Cilium's clusterwide network policies"
        case .otherNetworkPolicy: "other kinds of network policies"
        case .node, .namespace, .pod, .service: rawValue
        }
    }
}

extension GlobalOptions {
    /// The namespace to look at alone; `nil`: all. Policies are the cluster's, so all is what no flag means, whatever
    /// namespace the kubeconfig's context has.
    var onlyNamespace: String? { allNamespaces || namespace == "" ? nil : namespace }

    /// The namespace of one named object.
    func namespace(in cluster: any Cluster) -> String {
        namespace.flatMap { $0.isEmpty ? nil : $0 } ?? cluster.currentNamespace ?? "default"
    }
}

/// `a, b and c`; `none` for no names; cut after ten.
func namesInWords(_ names: [String]) -> String {
    let shown = names.prefix(10)
    let more = names.count - shown.count
    if shown.isEmpty { return "none" }
    return shown.joined(separator: ", ") + (more > 0 ? " and \(more) more" : "")
}
