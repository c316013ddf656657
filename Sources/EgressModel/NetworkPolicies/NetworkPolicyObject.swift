/// A policy that says which connections pods may make, as it was read; what it says of incoming ones isn't kept.
public struct NetworkPolicyObject: Sendable, Hashable {
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        case kubernetes = "NetworkPolicy"
        case cilium = "CiliumNetworkPolicy"
        case ciliumClusterwide = "CiliumClusterwideNetworkPolicy"

        /// Whether Cilium alone knows the kind.
        public var isCilium: Bool { self != .kubernetes }
    }

    public var kind: Kind
    public var metadata: ObjectMetadata
    /// One, or several of Cilium's `specs`; `nil`: the policy can't be understood, so what it allows or denies is unknown.
    public var parts: [NetworkPolicyPart]?
    public var findings: [Finding]

    public var reference: ObjectReference {
        ObjectReference(
            kind: kind.rawValue, namespace: kind == .ciliumClusterwide ? nil : metadata.namespace ?? "default", name: metadata.name)
    }

    public init(kind: Kind, metadata: ObjectMetadata, parts: [NetworkPolicyPart]?, findings: [Finding] = []) {
        self.kind = kind
        self.metadata = metadata
        self.parts = parts
        self.findings = findings
    }
}

/// One `spec`: whom it is about, and what they may reach.
public struct NetworkPolicyPart: Sendable, Hashable {
    public enum Subject: Sendable, Hashable {
        /// `podSelector` or `endpointSelector`.
        case pods(LabelSelector)
        /// `nodeSelector`: the nodes themselves, with what runs in their own network.
        case nodes(LabelSelector)
        /// Asks for something that a snapshot doesn't show, as the text says.
        case unjudged(String)
    }

    /// `spec` or `specs[1]`.
    public var path: String
    public var subject: Subject
    /// Whether what no rule allows is denied to those whom it selects.
    public var isolates: Bool
    public var allowed: [NetworkPolicyRule]
    public var denied: [NetworkPolicyRule]

    public init(
        path: String = "spec", subject: Subject, isolates: Bool, allowed: [NetworkPolicyRule] = [], denied: [NetworkPolicyRule] = []
    ) {
        self.path = path
        self.subject = subject
        self.isolates = isolates
        self.allowed = allowed
        self.denied = denied
    }
}

/// One of `egress` or `egressDeny`: holds for a flow when one of its peers and one of its ports do.
public struct NetworkPolicyRule: Sendable, Hashable {
    /// `spec.egress[0]`.
    public var path: String
    /// `nil`: every destination; empty: none.
    public var peers: [NetworkPeer]?
    /// `nil`: every port and protocol; empty: none.
    public var ports: [NetworkPort]?
    /// What has to hold too and isn't evaluated, such as `toPorts[0].rules.http`.
    public var conditions: [String]

    public init(path: String, peers: [NetworkPeer]? = nil, ports: [NetworkPort]? = nil, conditions: [String] = []) {
        self.path = path
        self.peers = peers
        self.ports = ports
        self.conditions = conditions
    }
}

/// A destination that a rule names.
public struct NetworkPeer: Sendable, Hashable {
    public enum Match: Sendable, Hashable {
        /// `podSelector` and `namespaceSelector` of Kubernetes; without the second, pods of the policy's own namespace.
        case pods(LabelSelector?, namespaces: LabelSelector?)
        /// `ipBlock`, `toCIDR`, `toCIDRSet`.
        case block(IPPrefix, except: [IPPrefix])
        /// `toEndpoints` of Cilium; source prefixes `k8s:` and `any:` are gone from its keys.
        case endpoints(LabelSelector)
        /// `toEntities`.
        case entity(CiliumEntity)
        /// `matchName` of `toFQDNs`, in small letters without the last dot.
        case name(String)
        /// `matchPattern` of `toFQDNs`, in small letters without the last dot.
        case pattern(String)
        /// Can't be judged from a snapshot. `outsideOnly`: it never means a pod or a node.
        case unjudged(String, outsideOnly: Bool)
    }

    /// `spec.egress[0].to[1].ipBlock`.
    public var path: String
    public var match: Match

    public init(path: String, _ match: Match) {
        self.path = path
        self.match = match
    }
}

/// Cilium's names for what has no labels.
public enum CiliumEntity: String, Sendable, Hashable, CaseIterable {
    case all
    case world
    case worldIPv4 = "world-ipv4"
    case worldIPv6 = "world-ipv6"
    case cluster
    case host
    case remoteNode = "remote-node"
    case apiServer = "kube-apiserver"
    case ingress
    case initial = "init"
    case health
    case unmanaged
    case none
}

/// Ports that a rule names.
public struct NetworkPort: Sendable, Hashable {
    public enum Numbers: Sendable, Hashable {
        case all
        case range(ClosedRange<UInt16>)
        /// A port that the destination's containers name.
        case named(String)
    }

    public var path: String
    /// `tcp`, `udp`, `sctp`, `icmp` …; `nil`: any.
    public var transport: String?
    public var numbers: Numbers

    public init(path: String, transport: String?, _ numbers: Numbers) {
        self.path = path
        self.transport = transport
        self.numbers = numbers
    }
}
