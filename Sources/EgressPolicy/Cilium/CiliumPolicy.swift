import EgressModel

/// A policy as one release of Cilium takes it: without what that release doesn't know.
struct CiliumPolicy {
    let policy: EgressGatewayPolicy
    let destinations: [IPPrefix]
    let exclusions: [IPPrefix]
    let gateways: [GatewayEntry]

    /// Families that some destination has; exclusions don't ask for one (cilium#39246).
    var families: [IPFamily] { IPFamily.allCases.filter { family in destinations.contains { $0.family == family } } }

    enum Reading {
        case taken(CiliumPolicy)
        /// The API server with that release's definition refuses it, or the agent ignores it whole.
        case refused(String)
    }

    static func read(_ policy: EgressGatewayPolicy, _ form: GatewayForm, _ profile: CiliumProfile) -> Reading {
        let exclusions = profile.readsExclusions ? policy.excludedCIDRs : []
        if !profile.carriesIPv6, let six = (policy.destinationCIDRs + exclusions).first(where: { $0.family == .ipv6 }) {
            return .refused("its CIDRs are IPv4 only, and \(six) is none")
        }
        var gateways = policy.gateways
        if case .list(let single) = form {
            guard let single else { return .refused("egressGateway is required there, beside egressGateways too") }
            if !profile.readsGatewayList { gateways = [single] }
        }
        for case .address(let address) in gateways.map(\.source) where address.family == .ipv6 && !profile.takesIPv6EgressIP {
            return .refused("it takes no IPv6 address as egressIP")
        }
        return .taken(CiliumPolicy(policy: policy, destinations: policy.destinationCIDRs, exclusions: exclusions, gateways: gateways))
    }
}
