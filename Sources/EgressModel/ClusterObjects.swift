/// A node, as far as egress cares.
public struct Node: Sendable, Hashable {
    public var metadata: ObjectMetadata
    /// In the order of `status.addresses`.
    public var internalAddresses: [IPAddress]
    public var externalAddresses: [IPAddress]
    public var podCIDRs: [IPPrefix]
    /// The Ready condition; a manifest without one counts as ready.
    public var isReady: Bool
    public var isCordoned: Bool
    public var taintKeys: [String]

    public var name: String { metadata.name }

    public init(
        metadata: ObjectMetadata, internalAddresses: [IPAddress] = [], externalAddresses: [IPAddress] = [],
        podCIDRs: [IPPrefix] = [], isReady: Bool = true, isCordoned: Bool = false, taintKeys: [String] = []
    ) {
        self.metadata = metadata
        self.internalAddresses = internalAddresses
        self.externalAddresses = externalAddresses
        self.podCIDRs = podCIDRs
        self.isReady = isReady
        self.isCordoned = isCordoned
        self.taintKeys = taintKeys
    }
}

public struct Namespace: Sendable, Hashable {
    public var metadata: ObjectMetadata

    public var name: String { metadata.name }

    public init(metadata: ObjectMetadata) {
        self.metadata = metadata
    }
}

/// A pod, as far as egress cares.
public struct Pod: Sendable, Hashable {
    public enum Phase: String, Sendable, Hashable {
        case pending = "Pending"
        case running = "Running"
        case succeeded = "Succeeded"
        case failed = "Failed"
        case unknown = "Unknown"
    }

    public var metadata: ObjectMetadata
    /// `nil` while it isn't scheduled.
    public var nodeName: String?
    public var isHostNetwork: Bool
    public var phase: Phase
    /// `status.podIPs`, the primary first.
    public var addresses: [IPAddress]

    public var name: String { metadata.name }
    public var namespace: String { metadata.namespace ?? "default" }
    public var isFinished: Bool { phase == .succeeded || phase == .failed }
    public var reference: ObjectReference { ObjectReference(kind: "Pod", namespace: namespace, name: name) }

    public init(
        metadata: ObjectMetadata, nodeName: String? = nil, isHostNetwork: Bool = false, phase: Phase = .running,
        addresses: [IPAddress] = []
    ) {
        self.metadata = metadata
        self.nodeName = nodeName
        self.isHostNetwork = isHostNetwork
        self.phase = phase
        self.addresses = addresses
    }
}

/// A service: its addresses are inside the cluster and never steered.
public struct Service: Sendable, Hashable {
    public var metadata: ObjectMetadata
    /// Cluster, external and load balancer addresses.
    public var addresses: [IPAddress]

    public init(metadata: ObjectMetadata, addresses: [IPAddress]) {
        self.metadata = metadata
        self.addresses = addresses
    }
}
