public import EgressModel

extension DatapathLimits {
    /// Source ports of an address that is an entry's alone, to one address and port outside. Connections to different remotes
    /// use the same ports.
    public static let portsOfDedicatedAddress = 64512
    /// The same of an address that the node uses too: those that are reserved from its sockets.
    public static let portsOfSharedAddress = 8192
}

/// How many connections to one remote (address, port and protocol) an egress IP can have at a time. The same port may serve
/// any number of remotes.
public struct PortCapacity: Sendable {
    private let shared: Set<IPAddress>

    public init(_ effective: EffectivePolicy) { shared = Self.shared(effective) }

    /// Whether a node uses the address itself.
    public func isShared(_ address: IPAddress) -> Bool { shared.contains(address) }

    public func ports(of address: IPAddress) -> Int {
        isShared(address) ? DatapathLimits.portsOfSharedAddress : DatapathLimits.portsOfDedicatedAddress
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
