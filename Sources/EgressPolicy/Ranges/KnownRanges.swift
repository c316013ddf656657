import EgressModel

/// The ranges of pods and services as anybody says them.
///
/// What nodes publish is what they use, so where one does, this counts, and the cluster's own configuration is asked only
/// without. Nodes' `podCIDRs` come on top of either.
struct KnownRanges: Sendable {
    /// Sorted, none inside another.
    let pods: [IPPrefix]
    let services: Set<IPPrefix>
    /// No range of pods is known, so everything private counts as inside: steering what is the cluster's own would break it.
    let isAssumed: Bool
    /// What the configuration says of pods though nodes report and publish none.
    let unused: [DiscoveredRange]

    init(_ snapshot: ClusterSnapshot) {
        let published = Set(snapshot.egressNodes.flatMap(\.ranges.pods))
        let publishedServices = Set(snapshot.egressNodes.flatMap(\.ranges.services))
        let discovered = snapshot.ranges.filter { $0.use == .pods }
        let discoveredServices = snapshot.ranges.filter { $0.use == .services }.map(\.prefix)
        let doReport = snapshot.egressNodes.contains { $0.reportedAt != nil }
        var all = Set(snapshot.nodes.flatMap(\.podCIDRs)).union(published)
        if published.isEmpty, !doReport { all.formUnion(discovered.map(\.prefix)) }
        pods = Self.outermost(all)
        services = publishedServices.isEmpty && !doReport ? Set(discoveredServices) : publishedServices
        // Without the nodes and what they publish, what they take for granted isn't known either.
        isAssumed = pods.isEmpty && snapshot.unread(.node) == nil && snapshot.unread(.egressNode) == nil
        unused = pods.isEmpty ? discovered : []
    }

    private static func outermost(_ all: Set<IPPrefix>) -> [IPPrefix] {
        var outer: [IPPrefix] = []
        for prefix in all.sorted() where !(outer.last?.contains(prefix) ?? false) { outer.append(prefix) }
        return outer
    }

    /// Whether one of the pods' ranges holds the address; they are disjoint, so halving finds the only one that could.
    func holdsPod(_ address: IPAddress) -> Bool {
        var (low, high) = (0, pods.count)
        while low < high {
            let middle = (low + high) / 2
            if pods[middle].address <= address { low = middle + 1 } else { high = middle }
        }
        return low > 0 && pods[low - 1].contains(address)
    }

    /// RFC 1918, RFC 6598 and RFC 4193: where clusters have their addresses.
    static let privateRanges: [IPPrefix] = ["10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"]
        .compactMap { IPPrefix($0) }
}

// MARK: Findings

extension KnownRanges {
    func findings(_ snapshot: ClusterSnapshot) -> [Finding] { [unknownPods, unknownServices(snapshot)].compactMap(\.self) }

    private var unknownPods: Finding? {
        guard isAssumed else { return nil }
        let ranges = Self.privateRanges.map(\.description).joined(separator: ", ")
        let hint = unused.first.map {
            "\($0.source) says \($0.prefix), which no node uses: start the agents with --cluster-cidr \($0.prefix)"
        }
        return Finding(
            .error, .rangesUnknown,
            message: "no range of pods is known, so \(ranges) count as inside the cluster and are not steered",
            hint: hint ?? "nodes without spec.podCIDRs: start the agents with --cluster-cidr, once for each range of pods")
    }

    /// Only where there are services: a cluster without any has nothing to lose.
    private func unknownServices(_ snapshot: ClusterSnapshot) -> Finding? {
        guard services.isEmpty, let example = snapshot.services.first(where: { !$0.addresses.isEmpty }), snapshot.unread(.egressNode) == nil
        else { return nil }
        let name = "\(example.metadata.namespace ?? "default")/\(example.metadata.name)"
        return Finding(
            .warning, .rangesUnknown,
            message:
                "no range of services is known: their addresses count as inside one by one, such as \(name)'s, a new one only once it is seen",
            hint: "start the agents with --service-cidr, once for each range of services")
    }
}
