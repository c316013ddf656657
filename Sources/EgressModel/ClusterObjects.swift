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
    /// Ports that its containers name, for what selects them by name.
    public var ports: [PodPort]
    /// The proxy that a service mesh put beside its containers; `nil`: none is known.
    public var sidecar: MeshSidecar?

    public var name: String { metadata.name }
    public var namespace: String { metadata.namespace ?? "default" }
    public var isFinished: Bool { phase == .succeeded || phase == .failed }
    public var reference: ObjectReference { ObjectReference(kind: "Pod", namespace: namespace, name: name) }

    public init(
        metadata: ObjectMetadata, nodeName: String? = nil, isHostNetwork: Bool = false, phase: Phase = .running,
        addresses: [IPAddress] = [], ports: [PodPort] = [], sidecar: MeshSidecar? = nil
    ) {
        self.metadata = metadata
        self.nodeName = nodeName
        self.isHostNetwork = isHostNetwork
        self.phase = phase
        self.addresses = addresses
        self.ports = ports
        self.sidecar = sidecar
    }
}

/// A port that a container names (`containers[].ports[]`).
public struct PodPort: Sendable, Hashable {
    public var name: String
    public var number: UInt16
    /// `tcp`, `udp` or `sctp`.
    public var transport: String

    public init(name: String, number: UInt16, transport: String = "tcp") {
        self.name = name
        self.number = number
        self.transport = transport
    }
}

/// A service mesh's proxy inside of a pod. Its connections are the pod's: they leave by the pod's own address.
public enum MeshSidecar: String, Sendable, Hashable, CaseIterable {
    /// A container `istio-proxy`.
    case istio
    /// A container `linkerd-proxy`.
    case linkerd

    public var containerName: String { rawValue + "-proxy" }

    /// Of a pod's annotations that say what goes past Istio's proxy.
    public static let annotationPrefix = "traffic.sidecar.istio.io/"
}

/// A service: its addresses are inside the cluster and never steered.
public struct Service: Sendable, Hashable {
    public var metadata: ObjectMetadata
    /// Cluster, external and load balancer addresses.
    public var addresses: [IPAddress]
    /// `spec.selector`; `nil`: its endpoints are somebody else's word.
    public var selector: Labels?
    public var ports: [ServicePort]

    public init(metadata: ObjectMetadata, addresses: [IPAddress], selector: Labels? = nil, ports: [ServicePort] = []) {
        self.metadata = metadata
        self.addresses = addresses
        self.selector = selector
        self.ports = ports
    }
}

/// One of `spec.ports` of a service.
public struct ServicePort: Sendable, Hashable {
    public enum Target: Sendable, Hashable {
        case number(UInt16)
        case name(String)
    }

    public var name: String?
    public var number: UInt16
    /// `tcp`, `udp` or `sctp`.
    public var transport: String
    /// On the pod; the service's own number where it isn't said.
    public var target: Target

    public init(name: String? = nil, number: UInt16, transport: String = "tcp", target: Target? = nil) {
        self.name = name
        self.number = number
        self.transport = transport
        self.target = target ?? .number(number)
    }
}
