public import EgressModel

/// A cluster as it will be once its agents have answered a change: gateways announce the entries that are new to them.
///
/// An entry that nobody has announced is dropped, for the seconds until its gateway has. Who asks what a change does wants
/// to know what comes after those. What isn't changed stays as it is announced today, also where that is nothing.
public struct Forecast: Sendable {
    public var snapshot: ClusterSnapshot
    /// UIDs of policies whose plugin module is asked only once they are applied: their addresses can't be foreseen.
    public var unasked: Set<String>

    /// - Parameters:
    ///   - before: the cluster as it is.
    ///   - after: the same cluster, changed.
    public init(from before: ClusterSnapshot, to after: ClusterSnapshot) {
        snapshot = after
        unasked = []
        let changed = Self.changedPolicies(before, after)
        let nodes = Self.changedNodes(before, after)
        guard !after.egressNodes.isEmpty, !changed.isEmpty || !nodes.isEmpty else { return }
        let byName = Dictionary(after.nodes.map { ($0.name, $0) }) { first, _ in first }
        for index in snapshot.egressNodes.indices {
            // A report written by hand, without interfaces, is all that there is to know.
            guard !snapshot.egressNodes[index].interfaces.isEmpty, let node = byName[snapshot.egressNodes[index].name] else { continue }
            let asked = nodes.contains(node.name) ? after.policies : changed
            announce(asked.filter { $0.hasGateway(node) }, at: index, on: node)
        }
    }

    private mutating func announce(_ policies: [PolicyObject], at index: Int, on node: Node) {
        guard !policies.isEmpty else { return }
        let report = snapshot.egressNodes[index]
        let own = ClusterSnapshot(nodes: [node], policies: policies, egressNodes: [report])
        let announcement = resolveEntries(node: node.name, in: own)
        let uids = Set(policies.map(\.metadata.uid))
        let names = Set(policies.map(\.metadata.name))
        let others = report.resolutions.filter { $0.uid.isEmpty ? !names.contains($0.policy) : !uids.contains($0.uid) }
        snapshot.egressNodes[index].resolutions = others + announcement.resolutions
        snapshot.egressNodes[index].lastEntryID = announcement.lastEntryID
        let asksModule = Set(policies.filter { $0.policy?.strategy != nil }.map(\.metadata.uid))
        for resolution in announcement.resolutions where asksModule.contains(resolution.uid) && !resolution.hasAddresses {
            unasked.insert(resolution.uid)
        }
    }

    private static func changedPolicies(_ before: ClusterSnapshot, _ after: ClusterSnapshot) -> [PolicyObject] {
        let present = Dictionary(before.policies.map { ($0.metadata.name, $0) }) { first, _ in first }
        return after.policies.filter { $0.policy != nil && !($0.asksTheSame(as: present[$0.metadata.name])) }
    }

    /// Nodes that may match other gateway selectors than before, or that have other addresses.
    private static func changedNodes(_ before: ClusterSnapshot, _ after: ClusterSnapshot) -> Set<String> {
        let labels = Dictionary(before.nodes.map { ($0.name, $0.metadata.labels) }) { first, _ in first }
        let reports = Dictionary(before.egressNodes.map { ($0.name, $0) }) { first, _ in first }
        let relabelled = after.nodes.lazy.filter { labels[$0.name] != $0.metadata.labels }.map(\.name)
        let readdressed = after.egressNodes.lazy.filter { report in
            reports[report.name].map { $0.interfaces != report.interfaces || $0.defaultRoute != report.defaultRoute } ?? true
        }.map(\.name)
        return Set(relabelled).union(readdressed)
    }
}

extension PolicyObject {
    fileprivate func hasGateway(_ node: Node) -> Bool {
        policy?.gateways.contains { $0.nodeSelector.matches(node.metadata.labels) } ?? false
    }

    fileprivate func asksTheSame(as other: PolicyObject?) -> Bool { other.map { asksTheSame(as: $0) } ?? false }
}
