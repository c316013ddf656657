import EgressModel

extension DatapathState {
    /// Those of a pod's connections that its rules claim and that would end when they are enforced: what its program is told
    /// to leave alone, by the address that the pod sends to; and what the guard is, by the address behind a service, which
    /// the guard at an uplink has from the programs' records too.
    public func claimed(_ connections: [LiveConnection], of interfaceIndex: Int) -> (program: [LiveConnection], guarded: [LiveConnection]) {
        guard let pod = pods[interfaceIndex] else { return ([], []) }
        let own = connections.filter { pod.addresses.contains($0.pod) }
        let rules = Array(sets[pod.set] ?? [])
        let inside = Array(cluster.keys)
        func isClaimed(_ address: IPAddress) -> Bool {
            guard !inside.contains(where: { $0.contains(address) }) else { return false }
            let longest = rules.filter { $0.prefix.contains(address) }.max { $0.prefix.length < $1.prefix.length }
            return longest.map { $0.action != .exclude } ?? false
        }
        let guarded = own.filter { $0.isOpenedByPod && isClaimed($0.destination) }
        return (own.filter { isClaimed($0.remote) } + guarded.filter { !isClaimed($0.remote) }.map(\.behindService), guarded)
    }
}

extension LiveConnection {
    /// As its packets leave the node.
    fileprivate var behindService: LiveConnection {
        var connection = self
        (connection.remote, connection.remotePort) = (destination, destinationPort)
        return connection
    }
}
