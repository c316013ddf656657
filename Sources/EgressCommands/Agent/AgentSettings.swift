import EgressModel

/// What an agent is told at its start.
struct AgentSettings: Sendable, Hashable {
    var node: String
    var socket: String
    /// Ranges of pods, in place of what the cluster's configuration says; nodes' own `podCIDRs` count as well.
    var clusterCIDRs: [IPPrefix] = []
    /// Ranges of services, in place of what the cluster's configuration says.
    var serviceCIDRs: [IPPrefix] = []

    /// The ranges that this node goes by, and where each is from.
    func ranges(_ discovered: [DiscoveredRange]) -> [DiscoveredRange] {
        let pods = clusterCIDRs.map { DiscoveredRange($0, .pods, source: "--cluster-cidr") }
        let services = serviceCIDRs.map { DiscoveredRange($0, .services, source: "--service-cidr") }
        return (pods.isEmpty ? discovered.filter { $0.use == .pods } : pods)
            + (services.isEmpty ? discovered.filter { $0.use == .services } : services)
    }
}

extension [DiscoveredRange] {
    /// For the log: `pods 10.244.0.0/16 (--cluster-cidr), services 10.96.0.0/12 (servicecidr/kubernetes spec.cidrs)`.
    var inWords: String {
        isEmpty ? "none but nodes' podCIDRs" : map { "\($0.use.rawValue) \($0.prefix) (\($0.source))" }.joined(separator: ", ")
    }
}
