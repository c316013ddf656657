public import EgressModel

/// How many ports of an egress IP are in use to one remote. The same port may serve any number of remotes.
public struct PortUse: Sendable, Hashable {
    public var egressIP: IPAddress
    public var transport: IPProtocol
    public var remote: Endpoint
    public var used: Int
    /// Ports that new connections of this egress IP may have.
    public var capacity: Int
    /// Connections refused for want of a port, since the datapath was loaded.
    public var refused: UInt64

    public var free: Int { max(0, capacity - used) }

    public init(egressIP: IPAddress, transport: IPProtocol, remote: Endpoint, used: Int, capacity: Int, refused: UInt64) {
        self.egressIP = egressIP
        self.transport = transport
        self.remote = remote
        self.used = used
        self.capacity = capacity
        self.refused = refused
    }

    /// The fullest first.
    public static func inOrder(_ a: PortUse, _ b: PortUse) -> Bool {
        if a.used != b.used { return a.used > b.used }
        return (a.egressIP, a.remote, a.transport.number) < (b.egressIP, b.remote, b.transport.number)
    }
}

/// What `ports.get` is asked for.
public struct PortQuery: Sendable, Hashable {
    public static let mostAtOnce = 10_000

    public var egressIP: IPAddress?
    public var remote: IPAddress?
    public var remotePort: UInt16?
    /// The fullest, at most so many, from 1 to ``mostAtOnce``.
    public var limit: Int

    public init(egressIP: IPAddress? = nil, remote: IPAddress? = nil, remotePort: UInt16? = nil, limit: Int = 100) {
        self.egressIP = egressIP
        self.remote = remote
        self.remotePort = remotePort
        self.limit = limit
    }

    public func fits(egressIP address: IPAddress, remote end: Endpoint) -> Bool {
        (egressIP == nil || egressIP == address) && (remote == nil || remote == end.address)
            && (remotePort == nil || remotePort == end.port)
    }
}
