public import EgressModel

/// The nodes as gateways: what the cluster and the nodes themselves say of them.
struct GatewayView {
    var index: NodeIndex
    let cordoned: Set<String>
    var reports: [String: EgressNode]
    /// What nodes announce, by node; by the policy's name where a hand-written report has no uid.
    private let announced: [String: [EntryKey: EntryResolution]]
    /// Nodes whose report is too old.
    let silent: Set<String>
    /// What gateways are or say couldn't be read, and so nothing of them is known to be missing.
    let unknown: Reason?
    /// Families that the datapath carries.
    let carried: Set<IPFamily>
    /// Of the tunnel's outer header.
    let tunnelFamily: IPFamily
    /// Nodes whose report is old, while the Leases that would make it young couldn't be read.
    let unsure: Set<String>
    /// Gateway to what nodes with a fresh report say: reporter to reachable or not.
    private let reachability: [String: [String: Bool]]

    /// By bytewise name; each name once.
    var nodes: [Node] { index.nodes }

    /// Somebody reports at all: then only what is announced counts. Offline, a policy's own words are all there is.
    var hasReports: Bool { !reports.isEmpty }

    /// `policies`: whose gateways will be asked about.
    init(_ snapshot: ClusterSnapshot, _ policies: [EgressGatewayPolicy], carrying families: Set<IPFamily>, now: Int64?) {
        carried = families
        tunnelFamily = snapshot.nodes.tunnelFamily
        index = NodeIndex(snapshot.nodes, for: policies.lazy.flatMap(\.gateways).map(\.nodeSelector))
        cordoned = Set(snapshot.nodes.lazy.filter(\.isCordoned).map(\.name))
        announced = Dictionary(
            snapshot.egressNodes.lazy.filter { !$0.resolutions.isEmpty }.map { ($0.name, $0.resolutionsByEntry) },
            uniquingKeysWith: { first, _ in first })
        reports = Dictionary(snapshot.egressNodes.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        let old = now == nil ? [] : Set(reports.values.lazy.filter { ReportTime.isSilent($0, now: now) }.map(\.name))
        (silent, unsure) = snapshot.unread(.lease) == nil ? (old, []) : ([], old)
        unknown = snapshot.unknownGateways
        var reachability: [String: [String: Bool]] = [:]
        for report in reports.values where !silent.contains(report.name) {
            for gateway in report.gateways { reachability[gateway.node, default: [:]][report.name] = gateway.reachable }
        }
        self.reachability = reachability
        var unreachable: [String: Set<String>] = [:]
        for (gateway, reports) in reachability {
            for (node, isReachable) in reports where !isReachable { unreachable[node, default: []].insert(gateway) }
        }
        self.unreachable = unreachable
    }

    /// What the node announces for an entry of the policy.
    func resolution(of policy: EgressGatewayPolicy, entry: Int, by node: String) -> EntryResolution? {
        announced[node]?.resolution(of: policy, entry: entry)
    }

    /// Why the node can't be the gateway of anything; silence aside.
    func ineligible(_ node: Node) -> Reason? {
        if node.tunnelAddress(tunnelFamily) == nil {
            return Reason(.noGatewayEligible, "\(node.name) has no \(tunnelFamily.title) address for the tunnel")
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

    /// By node, gateways that it says it can't reach; for all other nodes the gateways are the same.
    let unreachable: [String: Set<String>]
}

extension EgressNode {
    /// What it announces, by the policy's uid, or `name:` and its name where a hand-written report has no uid; of several for
    /// one entry the first counts.
    public var resolutionsByEntry: [EntryKey: EntryResolution] {
        Dictionary(
            resolutions.map { (EntryKey(policyUID: $0.uid.isEmpty ? "name:" + $0.policy : $0.uid, entry: $0.entry), $0) },
            uniquingKeysWith: { first, _ in first })
    }
}

extension [EntryKey: EntryResolution] {
    /// By the policy's uid, else by its name.
    public func resolution(of policy: EgressGatewayPolicy, entry: Int) -> EntryResolution? {
        self[EntryKey(policyUID: policy.metadata.uid, entry: entry)] ?? self[EntryKey(policyUID: "name:" + policy.name, entry: entry)]
    }
}
