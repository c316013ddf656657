/// The cluster as far as it was read, at one moment.
public struct ClusterSnapshot: Sendable, Hashable {
    public var nodes: [Node]
    public var namespaces: [Namespace]
    public var pods: [Pod]
    public var services: [Service]
    public var policies: [PolicyObject]
    public var egressNodes: [EgressNode]
    /// What is wrong with the input itself; never a reason to stop.
    public var findings: [Finding]
    /// False while some kind could not be read whole: planning from it changes nothing, and never removes.
    public var isComplete: Bool
    /// What the cluster's own configuration says of its ranges; nodes' podCIDRs and what EgressNodes publish come on top.
    public var ranges: [DiscoveredRange]
    /// Kinds that couldn't be read, and why.
    public var unread: [UnreadKind]
    /// Where the API server is reached behind the service `default/kubernetes`; empty: nobody says.
    public var apiServers: [IPAddress]
    public var podScope: PodScope
    /// Which object says that Cilium's own egress gateway is on; `nil`: it isn't, or Cilium isn't there.
    public var ciliumEgressGateway: String?
    /// When it was read, RFC 3339 in UTC, where that was some time ago: it came from a file. How fresh nodes' reports are
    /// is judged by this moment.
    public var takenAt: String?
    /// What service meshes and gateways say; read for the whole cluster's commands alone.
    public var mesh = MeshConfiguration()
    /// Which connections pods may make; nothing is planned by it. From an API only what somebody asked for is here.
    public var networkPolicies = NetworkPolicyFacts()

    public init(
        nodes: [Node] = [], namespaces: [Namespace] = [], pods: [Pod] = [], services: [Service] = [], policies: [PolicyObject] = [],
        egressNodes: [EgressNode] = [], findings: [Finding] = [], isComplete: Bool = true, ranges: [DiscoveredRange] = [],
        unread: [UnreadKind] = [], podScope: PodScope = .cluster, ciliumEgressGateway: String? = nil,
        apiServers: [IPAddress] = []
    ) {
        self.nodes = nodes
        self.namespaces = namespaces
        self.pods = pods
        self.services = services
        self.policies = policies
        self.egressNodes = egressNodes
        self.findings = findings
        self.isComplete = isComplete
        self.ranges = ranges
        self.unread = unread
        self.podScope = podScope
        self.ciliumEgressGateway = ciliumEgressGateway
        self.apiServers = apiServers
    }
}

extension ClusterSnapshot {
    /// Whether a node's plan can be made from this: nothing that it takes is missing. Otherwise nothing is changed.
    public var canBePlanned: Bool { isComplete && !unread.contains(where: \.kind.isNeededToPlan) }

    /// Why objects of the kind may be missing; `nil`: all that there are were read. Without a namespace, any that is missing
    /// somewhere counts.
    public func unread(_ kind: ClusterKind, namespace: String? = nil) -> UnreadKind? {
        unread.first { $0.kind == kind && ($0.namespace == nil || namespace == nil || $0.namespace == namespace) }
    }

    /// Takes in what an object of the cluster's configuration says.
    public mutating func add(_ facts: ConfigurationFacts) {
        ranges += facts.ranges
        apiServers += facts.apiServers.filter { !apiServers.contains($0) }
        ciliumEgressGateway = ciliumEgressGateway ?? facts.ciliumEgressGateway
        networkPolicies.cilium = networkPolicies.cilium ?? facts.ciliumEnforcement
    }
}
