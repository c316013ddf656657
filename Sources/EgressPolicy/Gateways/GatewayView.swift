import EgressModel

/// The nodes as gateways: what the cluster and the nodes themselves say of them.
struct GatewayView {
    /// By bytewise name; each name once.
    let nodes: [Node]
    let reports: [String: EgressNode]
    /// Nodes whose report is too old.
    let silent: Set<String>
    /// Gateway to what nodes with a fresh report say: reporter to reachable or not.
    private let reachability: [String: [String: Bool]]

    /// Somebody reports at all: then only what is announced counts. Offline, a policy's own words are all there is.
    var hasReports: Bool { !reports.isEmpty }

    init(_ snapshot: ClusterSnapshot, now: Int64?) {
        var names: Set<String> = []
        nodes = snapshot.nodes.sorted { bytewise($0.name, $1.name) }.filter { names.insert($0.name).inserted }
        reports = Dictionary(snapshot.egressNodes.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        silent = Set(reports.values.filter { ReportTime.isSilent($0, now: now) }.map(\.name))
        var reachability: [String: [String: Bool]] = [:]
        for report in reports.values where !silent.contains(report.name) {
            for gateway in report.gateways { reachability[gateway.node, default: [:]][report.name] = gateway.reachable }
        }
        self.reachability = reachability
    }

    /// Why the node can't be the gateway of anything; silence aside.
    func ineligible(_ node: Node) -> Reason? {
        if node.tunnelAddress() == nil {
            return Reason(.noGatewayEligible, "\(node.name) has no \(DatapathLimits.tunnelFamily.title) address for the tunnel")
        }
        if !node.isReady { return Reason(.noGatewayEligible, "\(node.name) is not Ready") }
        if node.taintKeys.contains("ToBeDeletedByClusterAutoscaler") {
            return Reason(.noGatewayEligible, "the autoscaler is about to delete \(node.name)")
        }
        if let value = node.metadata.annotations[EgressAnnotation.drain], value != "false" {
            return Reason(.noGatewayEligible, "\(node.name) is drained by the annotation \(EgressAnnotation.drain)")
        }
        if let said = reachability[node.name], !said.isEmpty, !said.values.contains(true) {
            return Reason(.noGatewayEligible, "\(node.name) is unreachable through the tunnel from \(said.keys.min() ?? "every node")")
        }
        return nil
    }

    /// Whether the pod's own node says that it can't reach the gateway.
    func isUnreachable(_ gateway: String, from node: String) -> Bool { reachability[gateway]?[node] == false }

    /// Nodes that have an opinion on reachability; for all others the gateways are the same.
    var judges: Set<String> { Set(reachability.values.flatMap(\.keys)) }
}
