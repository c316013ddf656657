import EgressModel
import EgressPolicy

/// The interfaces that lead out of the node: up, with a global address that is no pod's, or one that is about to be put
/// there.
///
/// A bridge of pods holds an address too, but inside the pods' range, and routes to pods. A veth isn't a pod's just because
/// its other end is in another network namespace: on a nested node the uplink is one as well, so the addresses decide.
struct Uplinks {
    private let plan: NodePlan
    private let facts: HostFacts
    private let podAddresses: Set<IPAddress>

    init(_ plan: NodePlan, _ facts: HostFacts) {
        self.plan = plan
        self.facts = facts
        podAddresses = Set(plan.pods.flatMap(\.addresses))
    }

    func interfaces(tunnel: TunnelDevice) -> [NetworkInterface] {
        let devices = facts.podDevices.filter { $0.addresses.contains(where: isPods) }
        let claiming = Set(plan.entries.filter(\.claims).compactMap(\.interface))
        let pods = Set(devices.map(\.index) + devices.compactMap(\.deliverIndex))
        return facts.interfaces.filter { interface in
            interface.facts.isUp && !interface.isLoopback && interface.facts.index != tunnel.index
                && !pods.contains(interface.facts.index)
                && (interface.facts.addresses.contains { $0.address.isGlobal && !inPodRange($0.address) }
                    || claiming.contains(interface.facts.name))
        }.map(\.facts)
    }

    private func isPods(_ address: IPAddress) -> Bool {
        podAddresses.contains(address) || inPodRange(address)
            || plan.cluster.contains { $0.kind == .pod && $0.prefix.contains(address) }
    }

    private func inPodRange(_ address: IPAddress) -> Bool { plan.ranges.pods.contains { $0.contains(address) } }
}
