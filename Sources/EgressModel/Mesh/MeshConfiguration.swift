/// What service meshes and gateways say of where traffic goes, as far as it decides which pod a packet leaves from.
public struct MeshConfiguration: Sendable, Hashable {
    public var gateways: [GatewayObject]
    public var serviceEntries: [ServiceEntry]
    public var virtualServices: [VirtualService]
    /// Routes of the Gateway API that are attached to service entries.
    public var entryRoutes: [EntryRoute] = []
    /// Kinds of these that couldn't be read. They are not in ``ClusterSnapshot/unread``: egress policies mean the same without.
    public var unread: [UnreadKind]

    public init(
        gateways: [GatewayObject] = [], serviceEntries: [ServiceEntry] = [], virtualServices: [VirtualService] = [],
        unread: [UnreadKind] = []
    ) {
        self.gateways = gateways
        self.serviceEntries = serviceEntries
        self.virtualServices = virtualServices
        self.unread = unread
    }

    public mutating func add(_ object: MeshObject) {
        switch object {
        case .gateway(let gateway): gateways.append(gateway)
        case .serviceEntry(let entry): serviceEntries.append(entry)
        case .virtualService(let service): virtualServices.append(service)
        case .entryRoute(let route): if !route.entries.isEmpty { entryRoutes.append(route) }
        }
    }
}

/// One object of a mesh.
public enum MeshObject: Sendable, Hashable {
    case gateway(GatewayObject)
    case serviceEntry(ServiceEntry)
    case virtualService(VirtualService)
    case entryRoute(EntryRoute)
}

/// A route of the Gateway API whose parents are service entries: the mesh's proxies go by it. Where it leads isn't read.
public struct EntryRoute: Sendable, Hashable {
    public var reference: ObjectReference
    /// Its parents.
    public var entries: Set<ObjectReference>

    public init(reference: ObjectReference, entries: Set<ObjectReference>) {
        self.reference = reference
        self.entries = entries
    }
}

/// A `Gateway`: of the Gateway API, or of Istio's older API.
public struct GatewayObject: Sendable, Hashable {
    public enum API: String, Sendable, Hashable {
        /// gateway.networking.k8s.io
        case gatewayAPI = "gateway.networking.k8s.io"
        /// networking.istio.io
        case istio = "networking.istio.io"
    }

    /// On the pods that an implementation runs for a `Gateway` of the Gateway API (GEP-1762).
    public static let nameLabel = "gateway.networking.k8s.io/gateway-name"

    public var api: API
    public var metadata: ObjectMetadata
    /// `spec.gatewayClassName`.
    public var className: String?
    /// Istio's `spec.selector`: the pods, by their labels.
    public var selector: Labels
    /// `status.addresses` that are addresses.
    public var addresses: [IPAddress]
    /// `status.addresses` that are names.
    public var hostNames: [String]

    public var name: String { metadata.name }
    public var namespace: String { metadata.namespace ?? "default" }
    public var reference: ObjectReference { ObjectReference(kind: "Gateway", namespace: namespace, name: name) }

    public init(
        api: API, metadata: ObjectMetadata, className: String? = nil, selector: Labels = [:], addresses: [IPAddress] = [],
        hostNames: [String] = []
    ) {
        self.api = api
        self.metadata = metadata
        self.className = className
        self.selector = selector
        self.addresses = addresses
        self.hostNames = hostNames
    }
}

/// Istio's `ServiceEntry`: a name outside that the mesh knows.
public struct ServiceEntry: Sendable, Hashable {
    public struct Port: Sendable, Hashable {
        public var number: UInt16
        /// In capitals, such as `TLS`; empty where it isn't said.
        public var transport: String

        public init(number: UInt16, transport: String) {
            self.number = number
            self.transport = transport
        }
    }

    public var metadata: ObjectMetadata
    public var hosts: [String]
    public var addresses: [IPPrefix]
    public var ports: [Port]
    /// Namespaces that see it, `.` its own, `*` all; empty: all.
    public var exportTo: [String]
    /// Whether proxies connect to the address that the pod asked for (`resolution: NONE`, or not said), not to one that they
    /// know for the host.
    public var keepsAddress = true

    public var namespace: String { metadata.namespace ?? "default" }
    public var reference: ObjectReference { ObjectReference(kind: "ServiceEntry", namespace: namespace, name: metadata.name) }

    public init(
        metadata: ObjectMetadata, hosts: [String], addresses: [IPPrefix] = [], ports: [Port] = [], exportTo: [String] = []
    ) {
        self.metadata = metadata
        self.hosts = hosts
        self.addresses = addresses
        self.ports = ports
        self.exportTo = exportTo
    }
}
