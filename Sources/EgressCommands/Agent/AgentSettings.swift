import EgressModel

/// What an agent is told at its start.
struct AgentSettings: Sendable, Hashable {
    var node: String
    var socket: String
    /// In-cluster ranges beyond the nodes' own `podCIDRs`.
    var clusterCIDRs: [IPPrefix] = []
    var serviceCIDRs: [IPPrefix] = []
}
