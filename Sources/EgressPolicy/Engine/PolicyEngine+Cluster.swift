public import EgressModel

extension PolicyEngine {
    public mutating func update(node: Node) {
        guard cluster.nodes.first(where: { $0.name == node.name }) != node else { return }
        change { $0.nodes.put(node) { $0.name == node.name } }
    }

    public mutating func remove(node name: String) {
        guard cluster.nodes.contains(where: { $0.name == name }) else { return }
        change { $0.nodes.removeAll { $0.name == name } }
    }

    public mutating func update(namespace: Namespace) {
        guard cluster.namespaces.first(where: { $0.name == namespace.name }) != namespace else { return }
        change { $0.namespaces.put(namespace) { $0.name == namespace.name } }
    }

    public mutating func remove(namespace name: String) {
        guard cluster.namespaces.contains(where: { $0.name == name }) else { return }
        change { $0.namespaces.removeAll { $0.name == name } }
    }

    /// A node's report. What comes every 30 s from each node, that it still lives and what is in force there, costs next to
    /// nothing.
    public mutating func update(egressNode report: EgressNode) {
        let before = cluster.egressNodes.indices.filter { cluster.egressNodes[$0].name == report.name }
        guard before.count == 1, let index = before.first, let place = effective.egressNodes.firstIndex(where: { $0.name == report.name })
        else { return change { $0.egressNodes.put(report) { $0.name == report.name } } }
        let known = cluster.egressNodes[index]
        guard known != report else { return }
        guard known.decidesAs(report), !ReportTime.isSilent(known, now: now), !ReportTime.isSilent(report, now: now) else {
            return change { $0.egressNodes[index] = report }
        }
        cluster.egressNodes[index] = report
        effective.egressNodes[place] = report
        view.reports[report.name] = report
    }

    public mutating func remove(egressNode name: String) {
        guard cluster.egressNodes.contains(where: { $0.name == name }) else { return }
        change { $0.egressNodes.removeAll { $0.name == name } }
    }

    /// Anything of the cluster but its pods and policies, which aren't in what is given here. Costs a whole resolve.
    public mutating func change(_ change: (inout ClusterSnapshot) -> Void) {
        change(&cluster)
        var changed = cluster
        changed.pods = effective.pods.map(\.pod)
        changed.policies = policies.objects.values.flatMap(\.self)
        self = PolicyEngine(changed, accepted: accepted, carrying: families, now: now)
    }
}

extension EgressNode {
    /// Whether rules, gateways and ranges are the same by both reports, as long as neither is silent.
    fileprivate func decidesAs(_ other: EgressNode) -> Bool {
        guard (reportedAt == nil) == (other.reportedAt == nil) else { return false }
        var same = other
        same.reportedAt = reportedAt
        same.helper = helper
        same.steering = steering
        same.policies = policies
        same.lastEntryID = lastEntryID
        return self == same
    }
}

extension Array {
    fileprivate mutating func put(_ element: Element, where isSame: (Element) -> Bool) {
        if let index = firstIndex(where: isSame) { self[index] = element } else { append(element) }
    }
}
