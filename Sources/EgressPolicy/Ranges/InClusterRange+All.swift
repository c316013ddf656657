import EgressModel

extension InClusterRange {
    /// Everything inside the cluster, whatever a policy says: sorted, each prefix once.
    ///
    /// Nodes' agents don't see every pod, so these are ranges; a pod outside all of them comes on top (``StrayPods``).
    static func withoutPods(in snapshot: ClusterSnapshot, _ known: KnownRanges) -> [InClusterRange] {
        var ranges = local.map { InClusterRange($0, .local) }
        ranges.reserveCapacity(2 * snapshot.nodes.count + snapshot.services.count + known.pods.count)
        func add(_ prefixes: some Sequence<IPPrefix>, _ kind: Kind) {
            for prefix in prefixes { ranges.append(InClusterRange(prefix, kind)) }
        }
        add(snapshot.apiServers.lazy.map(IPPrefix.init(host:)), .node)
        for node in snapshot.nodes {
            add(node.internalAddresses.lazy.map(IPPrefix.init(host:)), .node)
            add(node.externalAddresses.lazy.map(IPPrefix.init(host:)), .node)
        }
        add(known.services, .service)
        for service in snapshot.services { add(service.addresses.lazy.map(IPPrefix.init(host:)), .service) }
        add(known.pods, .pod)
        if known.isAssumed { add(KnownRanges.privateRanges, .assumed) }
        return eachOnce(ranges)
    }

    /// Sorted; of several kinds of one prefix the most certain.
    static func eachOnce(_ ranges: [InClusterRange]) -> [InClusterRange] {
        let sorted = ranges.sorted { $0.prefix != $1.prefix ? $0.prefix < $1.prefix : $0.kind.rank < $1.kind.rank }
        var kept: [InClusterRange] = []
        kept.reserveCapacity(sorted.count)
        for range in sorted where kept.last?.prefix != range.prefix { kept.append(range) }
        return kept
    }

    /// Loopback, link-local, multicast, broadcast and "this network" of both families (RFC 6890, RFC 4291), and where clouds
    /// answer a machine about itself.
    private static let local: [IPPrefix] =
        [
            "0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "255.255.255.255/32", "::1/128", "fe80::/10", "ff00::/8",
        ].compactMap { IPPrefix($0) } + MetadataAddress.beyondLinkLocal.map(IPPrefix.init(host:))
}

extension InClusterRange.Kind {
    fileprivate var rank: Int {
        switch self {
        case .local: 0
        case .node: 1
        case .service: 2
        case .pod: 3
        case .assumed: 4
        }
    }
}
