import EgressModel

/// What Istio's ambient mode does with a connection: ztunnel opens it inside of the pod's network, or sends it to the
/// waypoint of the ServiceEntry that names the host.
struct AmbientPath {
    let pod: Pod
    let host: String?
    let snapshot: ClusterSnapshot

    private static let label = "istio.io/use-waypoint"
    private static let namespaceLabel = "istio.io/use-waypoint-namespace"

    func path(to destination: Destination?) -> MeshPath {
        let own = "ztunnel opens the pod's connections from the pod's own address, but for what has a waypoint"
        let base = MeshPath([Reason(.ambientLeavesAsPod, own)])
        guard let destination else { return base }
        if let transport = destination.transport, transport != "tcp" {
            return MeshPath([Reason(.pastTheProxy, "ztunnel takes TCP alone: \(transport) leaves past it, from the pod's own address")])
        }
        if let unread = snapshot.mesh.unread.first { return base.unknown(unread.reason, unread.code) }
        guard let host else {
            let entries = snapshot.serviceEntries(at: destination.address, from: pod.namespace)
            guard let entry = entries.first, entries.count == 1 else { return byAddress(base) }
            let path = path(by: entry, destination, base)
            return entry.keepsAddress ? path : path.elsewhere(entry)
        }
        return snapshot.serviceEntries(for: host, from: pod.namespace).first.map { path(by: $0, destination, base) } ?? base
    }

    private func path(by entry: ServiceEntry, _ destination: Destination, _ base: MeshPath) -> MeshPath {
        guard let waypoint = waypoint(of: entry) else { return base }
        guard destination.port == nil || entry.ports.contains(where: { $0.number == destination.port }) else { return base }
        return through(waypoint, entry, destination, base)
    }

    private func byAddress(_ base: MeshPath) -> MeshPath {
        let seen = snapshot.mesh.serviceEntries.filter {
            MeshHost.isVisible($0.exportTo, of: $0.namespace, from: pod.namespace) && waypoint(of: $0) != nil
        }
        guard let first = seen.min(by: { $0.reference < $1.reference }) else { return base }
        return base.unknown(
            "it goes by names, and \(first.reference) takes \(first.hosts.sorted().joined(separator: ", ")) to one; ask with --to HOST:PORT"
        )
    }

    /// By the entry's own label, else by its namespace's; `none` is no waypoint.
    private func waypoint(of entry: ServiceEntry) -> (namespace: String, name: String)? {
        let inherited = snapshot.namespaces.first { $0.name == entry.namespace }?.metadata.labels ?? [:]
        let labels = entry.metadata.labels[Self.label] == nil ? inherited : entry.metadata.labels
        guard let name = labels[Self.label], name != "none" else { return nil }
        return (labels[Self.namespaceLabel] ?? entry.namespace, name)
    }

    private func through(
        _ waypoint: (namespace: String, name: String), _ entry: ServiceEntry, _ destination: Destination, _ base: MeshPath
    ) -> MeshPath {
        let lead = "\(entry.reference) has waypoint \(waypoint.namespace)/\(waypoint.name)"
        if let unread = snapshot.unread(.pod, namespace: waypoint.namespace) {
            return base.unknown("\(lead), and \(unread.reason)", unread.code)
        }
        let pods = GatewayPods.labelled(waypoint.name, namespace: waypoint.namespace, snapshot).pods
        guard !pods.isEmpty else { return base.unknown("\(lead), of which no pod is known") }
        let text = "\(lead), and its pod opens the connection that leaves"
        return MeshPath(
            [Reason(.meshSendsToGateway, text)], hop: MeshPath.Hop(object: entry.reference, pods: pods, destination: destination))
    }
}
