public import EgressModel

/// One policy's value for a pod's address and a prefix, as Cilium's gateway has it.
public struct CiliumEntry: Sendable, Hashable {
    public var policy: String
    public var isExclusion: Bool
    /// `nil`: no node matches the policy's selectors.
    public var gatewayNode: String?
    public var gatewayIP: IPAddress?
    public var egressIP: CiliumEgressIP
    /// Of the interface on the gateway; 0: its routes decide.
    public var interfaceIndex: Int

    /// Whether two policies write the same: then it doesn't matter which of them does.
    func writesSame(as other: CiliumEntry) -> Bool {
        var other = other
        other.policy = policy
        return self == other
    }
}

/// What Cilium's table holds for one of a pod's addresses and a prefix.
public struct CiliumRow: Sendable, Hashable {
    public enum Doubt: Sendable, Hashable {
        /// Several policies, or a destination and an exclusion of one, write the same key: which one is there changes.
        case overlap
        /// The hash takes the CiliumEndpoint's UID, which isn't known.
        case endpointUID
    }

    public var pod: Pod
    public var source: IPAddress
    public var prefix: IPPrefix
    /// What may stand there, by policy; exactly one where that is defined.
    public var entries: [CiliumEntry]
    /// Why there are several.
    public var doubt: Doubt?

    /// Every policy that claims the key, also where all write the same.
    public var policies: [String]
}

/// One row as `cilium-dbg bpf egress list` prints it on a node.
public struct CiliumShownRow: Sendable, Hashable {
    public static let notFound = "Not Found"
    public static let excluded = "Excluded CIDR"

    public var sourceIP: String
    public var destinationCIDR: String
    public var egressIP: String
    public var gatewayIP: String
    /// The column `Egress Ifindex` of 1.20.
    public var interfaceIndex: Int

    init(sourceIP: IPAddress, prefix: IPPrefix, egressIP: IPAddress?, gatewayIP: String, interfaceIndex: Int = 0) {
        self.sourceIP = sourceIP.description
        destinationCIDR = prefix.description
        self.egressIP = egressIP?.description ?? (prefix.family == .ipv4 ? "0.0.0.0" : "::")
        self.gatewayIP = gatewayIP
        self.interfaceIndex = interfaceIndex
    }
}

extension CiliumRow {
    /// The row as `node` has it: the egress IP stands on the gateway alone. One for each entry that may be there.
    public func shown(on node: String) -> [CiliumShownRow] {
        var rows: [CiliumShownRow] = []
        for entry in entries {
            let isHere = entry.gatewayNode == node
            let gateway = entry.isExclusion ? CiliumShownRow.excluded : entry.gatewayIP?.description ?? CiliumShownRow.notFound
            let row = CiliumShownRow(
                sourceIP: source, prefix: prefix, egressIP: isHere ? entry.egressIP.likely : nil, gatewayIP: gateway,
                interfaceIndex: isHere ? entry.interfaceIndex : 0)
            if !rows.contains(row) { rows.append(row) }
        }
        return rows
    }
}
