public import EgressModel

/// A connection of a pod that was open when it was read: by conntrack, or by the pod's own sockets.
public struct LiveConnection: Sendable, Hashable {
    public enum Transport: UInt8, Sendable, Hashable, CaseIterable {
        case tcp = 6
        case udp = 17
    }

    /// How far a TCP connection is; those that ended aren't told.
    public enum Stage: Sendable, Hashable {
        case opening
        case established
        case closing
    }

    public var transport: Transport
    /// The pod's address, with its port.
    public var pod: IPAddress
    public var podPort: UInt16
    /// The other end as the pod knows it: a service's address where it went to a service.
    public var remote: IPAddress
    public var remotePort: UInt16
    /// The other end as the packets leave the node: the endpoint behind a service's address, else the same.
    public var destination: IPAddress
    public var destinationPort: UInt16
    /// Else the other end opened it, and the pod answers.
    public var isOpenedByPod: Bool
    /// The other side has answered.
    public var isAnswered: Bool
    /// `nil` for UDP.
    public var stage: Stage?

    public init(
        transport: Transport, pod: IPAddress, podPort: UInt16, remote: IPAddress, remotePort: UInt16, destination: IPAddress? = nil,
        destinationPort: UInt16? = nil, isOpenedByPod: Bool = true, isAnswered: Bool = true, stage: Stage? = nil
    ) {
        self.transport = transport
        self.pod = pod
        self.podPort = podPort
        self.remote = remote
        self.remotePort = remotePort
        self.destination = destination ?? remote
        self.destinationPort = destinationPort ?? remotePort
        self.isOpenedByPod = isOpenedByPod
        self.isAnswered = isAnswered
        self.stage = stage
    }
}

/// What was found of pods' open connections, and of which pods nothing could be read.
public struct OpenConnections: Sendable, Hashable {
    public var connections: [LiveConnection]
    /// By the interface index of the pod's device: why its connections couldn't be read.
    public var unread: [Int: String]

    public init(connections: [LiveConnection] = [], unread: [Int: String] = [:]) {
        self.connections = connections
        self.unread = unread
    }
}
