/// A kind of thing that a cluster is read for.
public enum ClusterKind: String, Sendable, Hashable, CaseIterable {
    case node = "nodes"
    case namespace = "namespaces"
    case pod = "pods"
    case service = "services"
    case policy = "ciliumegressgatewaypolicies"
    case egressNode = "egressnodes"
    case lease = "leases"
    /// Objects that say which ranges are the cluster's own.
    case ranges = "ranges"
    /// Objects of service meshes and gateways. What couldn't be read of them is in ``MeshConfiguration/unread``.
    case mesh = "mesh"
    case networkPolicy = "networkpolicies"
    case ciliumNetworkPolicy = "ciliumnetworkpolicies"
    case ciliumClusterwideNetworkPolicy = "ciliumclusterwidenetworkpolicies"
    /// Kinds that allow or deny connections and aren't evaluated.
    case otherNetworkPolicy = "othernetworkpolicies"

    /// Whether it says which connections pods may make, which is read only where somebody asks for it.
    public var isOfConnections: Bool {
        switch self {
        case .networkPolicy, .ciliumNetworkPolicy, .ciliumClusterwideNetworkPolicy, .otherNetworkPolicy: true
        case .node, .namespace, .pod, .service, .policy, .egressNode, .lease, .ranges, .mesh: false
        }
    }

    /// Whether a node's plan can't be made without it. What services and ranges say adds to what nodes say, and Leases
    /// only tell who fell silent.
    public var isNeededToPlan: Bool {
        switch self {
        case .node, .namespace, .pod, .policy, .egressNode: true
        case .service, .lease, .ranges, .mesh: false
        case .networkPolicy, .ciliumNetworkPolicy, .ciliumClusterwideNetworkPolicy, .otherNetworkPolicy: false
        }
    }
}

/// A kind that could not be read, or only in part; what depends on it is unknown, not absent.
public struct UnreadKind: Sendable, Hashable {
    public var kind: ClusterKind
    /// The namespace that was asked about; `nil`: the whole cluster.
    public var namespace: String?
    /// An EG5 code.
    public var code: ReasonCode
    /// In the API server's words, where it answered.
    public var reason: String

    public init(kind: ClusterKind, namespace: String? = nil, code: ReasonCode, reason: String) {
        self.kind = kind
        self.namespace = namespace
        self.code = code
        self.reason = reason
    }
}

/// A range of the cluster's own, and which object says so.
public struct DiscoveredRange: Sendable, Hashable {
    public enum Use: String, Sendable, Hashable {
        case pods
        case services
    }

    public var prefix: IPPrefix
    public var use: Use
    /// Such as `configmap/kube-system/kubeadm-config networking.podSubnet`, or `--cluster-cidr`.
    public var source: String

    public init(_ prefix: IPPrefix, _ use: Use, source: String) {
        self.prefix = prefix
        self.use = use
        self.source = source
    }
}

/// What one object of the cluster's own configuration says: kubeadm's, the network's, a ServiceCIDR.
public struct ConfigurationFacts: Sendable, Hashable {
    public var ranges: [DiscoveredRange]
    /// The object and key that turn Cilium's own egress gateway on; `nil`: this object doesn't.
    public var ciliumEgressGateway: String?
    /// `nil`: the object isn't Cilium's configuration.
    public var ciliumEnforcement: CiliumEnforcement?
    /// Where the API server is reached behind the service `default/kubernetes`.
    public var apiServers: [IPAddress]

    public init(ranges: [DiscoveredRange] = [], ciliumEgressGateway: String? = nil, apiServers: [IPAddress] = []) {
        self.apiServers = apiServers
        self.ranges = ranges
        self.ciliumEgressGateway = ciliumEgressGateway
    }
}

/// Which pods a snapshot has.
public enum PodScope: Sendable, Hashable {
    case cluster
    /// One node's pods, as its agent sees them: what depends on other pods isn't known.
    case node(String)
}
