import EgressModel

extension DatapathLimits {
    /// With fewer ports for each pod, pods that all talk to one remote are worth a warning.
    public static let fewPortsPerPod = 128
}

/// How many pods share each egress IP, and how many ports that leaves for one of them.
///
/// An estimate from objects alone: how many connections a pod has, and to how many remotes, isn't known here.
struct PortDemand {
    /// Pods that leave by each address, to whatever destination.
    let pods: [IPAddress: Int]
    private let capacity: PortCapacity

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
        capacity = PortCapacity(effective)
    }

    func ports(of address: IPAddress) -> Int { capacity.ports(of: address) }
}
