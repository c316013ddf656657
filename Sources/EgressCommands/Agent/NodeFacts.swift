import EgressModel
import EgressPlan

/// What the helper's facts say about the node, as its `EgressNode` has it.
struct NodeFacts: Sendable, Hashable {
    /// Our VXLAN device: its addresses are nobody's egress IP.
    static let tunnelName = "egw0"

    var interfaces: [NetworkInterface]
    var defaultRoute: DefaultRoute

    /// Leaves out the tunnel, the host sides of pods, and a loopback that holds loopback addresses only: they come and go
    /// with pods, and no packet leaves by them.
    init(_ facts: HostFacts) {
        let podDevices = Set(facts.podDevices.map(\.index))
        interfaces = facts.interfaces.filter { interface in
            if interface.facts.name == Self.tunnelName || podDevices.contains(interface.facts.index) { return false }
            return !interface.isLoopback || interface.facts.addresses.contains { $0.address.isGlobal }
        }.map(\.facts)
        defaultRoute = facts.defaultRoute
    }
}
