public import EgressModel

/// Packets and their octets.
public struct PacketCount: Sendable, Hashable {
    public var packets: UInt64
    public var bytes: UInt64

    public static let none = PacketCount(packets: 0, bytes: 0)

    public init(packets: UInt64 = 0, bytes: UInt64 = 0) {
        self.packets = packets
        self.bytes = bytes
    }

    public static func += (a: inout PacketCount, b: PacketCount) {
        a.packets &+= b.packets
        a.bytes &+= b.bytes
    }
}

/// What a policy's packets did on this node. On a pod's node `tunnelled` and `delivered` count those that another node
/// translates; on a gateway `translated` and `reversed` count all that leave by it. So sums over nodes count nothing twice.
public struct PolicyTraffic: Sendable, Hashable {
    /// Name and UID.
    public var policy: String
    public var uid: String
    public var tunnelled: PacketCount
    public var delivered: PacketCount
    public var translated: PacketCount
    public var reversed: PacketCount
    public var dropped: PacketCount

    public init(
        policy: String, uid: String, tunnelled: PacketCount = .none, delivered: PacketCount = .none, translated: PacketCount = .none,
        reversed: PacketCount = .none, dropped: PacketCount = .none
    ) {
        self.policy = policy
        self.uid = uid
        self.tunnelled = tunnelled
        self.delivered = delivered
        self.translated = translated
        self.reversed = reversed
        self.dropped = dropped
    }
}

/// What left by an egress IP of this node, and what came back to it.
public struct AddressTraffic: Sendable, Hashable {
    public var address: IPAddress
    public var translated: PacketCount
    public var reversed: PacketCount
    /// Packets to it that were dropped: nobody asked for them, or their connection couldn't be continued.
    public var dropped: PacketCount

    public init(address: IPAddress, translated: PacketCount = .none, reversed: PacketCount = .none, dropped: PacketCount = .none) {
        self.address = address
        self.translated = translated
        self.reversed = reversed
        self.dropped = dropped
    }
}

/// New translations on this gateway that found a free port with so many tries, since the datapath was loaded. Many tries say
/// that the ports to some remote are nearly all in use.
public struct PortTries: Sendable, Hashable {
    /// The pod's own port at the first try, which is 1; up to 257.
    public var tries: Int
    public var connections: UInt64

    public init(tries: Int, connections: UInt64) {
        self.tries = tries
        self.connections = connections
    }
}

/// Everything that the datapath counts.
public struct TrafficReport: Sendable, Hashable {
    public var counters: [DatapathCounter]
    /// By name.
    public var policies: [PolicyTraffic]
    /// By address.
    public var egressIPs: [AddressTraffic]
    /// By tries.
    public var portTries: [PortTries]

    public init(
        counters: [DatapathCounter], policies: [PolicyTraffic] = [], egressIPs: [AddressTraffic] = [], portTries: [PortTries] = []
    ) {
        self.counters = counters
        self.policies = policies
        self.egressIPs = egressIPs
        self.portTries = portTries
    }
}
