public import EgressModel

/// What the helper's facts say about the node, as its `EgressNode` has it and as modules are told it.
public struct NodeFacts: Sendable, Hashable {
    /// Our VXLAN device: its addresses are nobody's egress IP.
    public static let tunnelName = "egw0"

    public var interfaces: [NetworkInterface]
    public var defaultRoute: DefaultRoute
    public var steering: SteeringFact

    /// Leaves out the tunnel, the host sides of pods, and a loopback that holds loopback addresses only: they come and go
    /// with pods, and no packet leaves by them.
    public init(_ facts: HostFacts) {
        let podDevices = Set(facts.podDevices.map(\.index))
        interfaces = facts.interfaces.filter { interface in
            if interface.facts.name == Self.tunnelName || podDevices.contains(interface.facts.index) { return false }
            return !interface.isLoopback || interface.facts.addresses.contains { $0.address.isGlobal }
        }.map(\.facts)
        defaultRoute = facts.defaultRoute
        steering = facts.steering
    }
}
