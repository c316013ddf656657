public import EgressModel
import EgressPolicy

public struct EntryRecord: Sendable, Hashable {
    /// Ascending, each once; of several a pod has the one of `EgressAddressChoice`.
    public private(set) var egressIPv4: [IPAddress]
    /// The same of IPv6; one of the two isn't empty.
    public private(set) var egressIPv6: [IPAddress]
    /// Addresses of both families that the entry lost and that are still this node's, ascending: living translations go on
    /// with them until they end, new ones have the others.
    public private(set) var draining: [IPAddress]
    /// The entry's own destinations.
    public var set: UInt32
    /// Leave here; `nil`: the route with the pod's egress IP as its source decides.
    public var interfaceIndex: Int?
    public var policy: UInt32
    /// Original ports that are kept when free.
    public var keptPorts: ClosedRange<UInt16>
    /// Else a port of this slice; its size is a power of two.
    public var portSlice: ClosedRange<UInt16>
    /// One of the addresses is the node's own: other traffic uses it too.
    public var isShared: Bool

    /// The order of addresses makes no difference.
    public init(
        egressIPv4: [IPAddress], egressIPv6: [IPAddress] = [], draining: [IPAddress] = [], set: UInt32, interfaceIndex: Int?,
        policy: UInt32, keptPorts: ClosedRange<UInt16>, portSlice: ClosedRange<UInt16>, isShared: Bool
    ) {
        self.egressIPv4 = Set(egressIPv4).sorted()
        self.egressIPv6 = Set(egressIPv6).sorted()
        self.draining = Set(draining).sorted()
        self.set = set
        self.interfaceIndex = interfaceIndex
        self.policy = policy
        self.keptPorts = keptPorts
        self.portSlice = portSlice
        self.isShared = isShared
    }

    /// Of both families.
    public var egressAddresses: Set<IPAddress> { Set(egressIPv4 + egressIPv6) }
    /// And those that it drains: what its translations may have.
    public var heldAddresses: Set<IPAddress> { egressAddresses.union(draining) }

    /// The same with these addresses to drain, as many as fit beside its own; of more the lowest.
    func draining(_ addresses: Set<IPAddress>) -> EntryRecord {
        var record = self
        let lost = addresses.subtracting(egressAddresses).sorted()
        record.draining = [(IPFamily.ipv4, egressIPv4.count), (.ipv6, egressIPv6.count)].flatMap { family, own in
            lost.filter { $0.family == family }.prefix(max(0, EgressAddressChoice.limit - own))
        }
        return record
    }
}

public struct EgressAddressRecord: Sendable, Hashable {
    public let isShared: Bool
    /// Of a shared address: the ports that translations have, which are its capacity to one remote. Another's connection
    /// from one of them claims it.
    public let ports: ClosedRange<UInt16>?

    /// `ports`: `nil` stands for ``SourcePorts/shared`` where the address is shared, and is nothing else.
    public init(isShared: Bool, ports: ClosedRange<UInt16>? = nil) {
        self.isShared = isShared
        self.ports = isShared ? ports ?? SourcePorts.shared : nil
    }
}
