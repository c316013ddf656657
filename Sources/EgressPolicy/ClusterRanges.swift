import EgressModel

extension InClusterRange {
    /// Everything inside the cluster, whatever a policy says: sorted, each prefix once.
    ///
    /// Nodes' agents don't see every pod, so ranges come first; a pod outside all of them is added by itself.
    static func all(in snapshot: ClusterSnapshot) -> [InClusterRange] {
        var kinds: [IPPrefix: Kind] = [:]
        func add(_ prefixes: some Sequence<IPPrefix>, _ kind: Kind) {
            for prefix in prefixes where kinds[prefix] == nil { kinds[prefix] = kind }
        }
        add(local, .local)
        for node in snapshot.nodes { add((node.internalAddresses + node.externalAddresses).map(IPPrefix.init(host:)), .node) }
        for node in snapshot.egressNodes { add(node.ranges.services, .service) }
        for service in snapshot.services { add(service.addresses.map(IPPrefix.init(host:)), .service) }
        let ranges = podRanges(snapshot)
        add(ranges, .pod)
        for pod in snapshot.pods where !pod.isHostNetwork && !pod.isFinished {
            for address in pod.addresses where !Self.holds(ranges, address) {
                add([IPPrefix(host: address)], .pod)
            }
        }
        return kinds.map { InClusterRange($0.key, $0.value) }.sorted()
    }

    /// Pod ranges that nodes were given or hold, sorted, none inside another.
    static func podRanges(_ snapshot: ClusterSnapshot) -> [IPPrefix] {
        let all = Set(snapshot.nodes.flatMap(\.podCIDRs) + snapshot.egressNodes.flatMap(\.ranges.pods)).sorted()
        var outer: [IPPrefix] = []
        for prefix in all where !(outer.last?.contains(prefix) ?? false) { outer.append(prefix) }
        return outer
    }

    /// Whether one of the ranges holds the address; they are sorted and disjoint, so halving finds the only one that could.
    private static func holds(_ ranges: [IPPrefix], _ address: IPAddress) -> Bool {
        var (low, high) = (0, ranges.count)
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].address <= address { low = middle + 1 } else { high = middle }
        }
        return low > 0 && ranges[low - 1].contains(address)
    }

    /// Loopback, link-local, multicast, broadcast and "this network" of both families (RFC 6890, RFC 4291).
    private static let local: [IPPrefix] = [
        "0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "255.255.255.255/32", "::1/128", "fe80::/10", "ff00::/8",
    ].compactMap { IPPrefix($0) }
}
