import ArgumentParser
import EgressModel
import EgressPlan

/// Which connections a command shows.
struct ConnectionOptions: ParsableArguments {
    @Option(help: "The node whose helper is asked; {node} in --socket stands for it, and for every node without this.")
    var node: String?
    @Option(help: "Only connections of this pod, of the namespace of -n.") var pod: String?
    @Option(help: "Only connections of this policy.") var policy: String?
    @Option(name: .customLong("egress-ip"), help: "Only connections that leave by this address.") var egressIP: String?
    @Option(help: "Only connections to this ADDRESS[:PORT] or range.") var to: String?

    /// - Parameters:
    ///   - namespace: of the pod; without one it is any.
    ///   - addresses: of the pod, where they are known.
    func filter(namespace: String?, addresses: [IPAddress]) throws(CommandError) -> ConnectionFilter {
        var filter = ConnectionFilter(namespace: namespace, pod: pod, podAddresses: addresses, policy: policy)
        if let egressIP {
            guard let address = IPAddress(egressIP) else { throw CommandError("--egress-ip \(plainText(egressIP)): is not an IP address") }
            filter.egressIP = address
        }
        guard let to else { return filter }
        if let range = IPPrefix(to) {
            filter.remote = range
            return filter
        }
        let end = try DestinationText(to)
        guard case .address(let address) = end.host else {
            throw CommandError("--to \(plainText(to)): give an address; connections are known by addresses, not by names")
        }
        filter.remote = IPPrefix(host: address)
        filter.remotePort = end.port
        return filter
    }
}
