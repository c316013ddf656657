import EgressModel

extension DatapathLimits {
    /// Source ports of an address that is an entry's alone, to one address and port outside. Connections to different remotes
    /// use the same ports.
    public static let portsOfDedicatedAddress = 64512
    /// The same of an address that the node uses too: those that are reserved from its sockets.
    public static let portsOfSharedAddress = 8192
    /// With fewer ports for each pod, pods that all talk to one remote are worth a warning.
    public static let fewPortsPerPod = 128
}

/// How many pods share each egress IP, and how many ports that leaves for one of them.
///
/// An estimate from objects alone: how many connections a pod has, and to how many remotes, isn't known here.
struct PortDemand {
    /// Pods that leave by each address, to whatever destination.
    let pods: [IPAddress: Int]
    private let shared: Set<IPAddress>

    init(_ effective: EffectivePolicy) {
        var pods: [IPAddress: Int] = [:]
        for pod in effective.pods where !pod.rules.isEmpty {
            var own: [IPAddress] = []
            var last: IPAddress?
            for rule in pod.rules where rule.action == .gateway {
                // Mostly all rules of a pod have the same.
                guard let address = rule.egressIP, address != last else { continue }
                last = address
                if !own.contains(address) { own.append(address) }
            }
            for address in own { pods[address, default: 0] += 1 }
        }
        self.pods = pods
        shared = Self.shared(effective)
    }

    func ports(of address: IPAddress) -> Int {
        shared.contains(address) ? DatapathLimits.portsOfSharedAddress : DatapathLimits.portsOfDedicatedAddress
    }

    /// Addresses that nodes use themselves.
    private static func shared(_ effective: EffectivePolicy) -> Set<IPAddress> {
        var shared = Set(effective.nodes.flatMap { $0.internalAddresses + $0.externalAddresses })
        for resolved in effective.policies where resolved.policy.strategy == nil {
            for entry in resolved.entries where resolved.policy.gateways.indices.contains(entry.entry) {
                if case .address = resolved.policy.gateways[entry.entry].source { continue }
                for candidate in entry.candidates {
                    for family in IPFamily.allCases {
                        if case .addresses(let addresses) = candidate.egressAddress(family) { shared.formUnion(addresses) }
                    }
                }
            }
        }
        return shared
    }
}
