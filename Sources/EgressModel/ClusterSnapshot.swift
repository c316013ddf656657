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

    public init(
        nodes: [Node] = [], namespaces: [Namespace] = [], pods: [Pod] = [], services: [Service] = [], policies: [PolicyObject] = [],
        egressNodes: [EgressNode] = [], findings: [Finding] = [], isComplete: Bool = true
    ) {
        self.nodes = nodes
        self.namespaces = namespaces
        self.pods = pods
        self.services = services
        self.policies = policies
        self.egressNodes = egressNodes
        self.findings = findings
        self.isComplete = isComplete
    }
}
