/// What of a cluster decides which connections its pods may make.
public struct NetworkPolicyFacts: Sendable, Hashable {
    public var policies: [NetworkPolicyObject]
    /// Objects of other kinds that allow or deny connections too, and that nobody here understands.
    public var notEvaluated: [ForeignNetworkPolicy]
    public var names: [NamedAddresses]
    /// Whether `names` are all that pods of the cluster resolve: then a name that isn't there has no addresses.
    public var hasEveryName: Bool
    /// `nil`: the snapshot doesn't show Cilium's configuration.
    public var cilium: CiliumEnforcement?

    public init(
        policies: [NetworkPolicyObject] = [], notEvaluated: [ForeignNetworkPolicy] = [], names: [NamedAddresses] = [],
        hasEveryName: Bool = false, cilium: CiliumEnforcement? = nil
    ) {
        self.policies = policies
        self.notEvaluated = notEvaluated
        self.names = names
        self.hasEveryName = hasEveryName
        self.cilium = cilium
    }

    public mutating func add(_ other: NetworkPolicyFacts) {
        policies += other.policies
        notEvaluated += other.notEvaluated
        names += other.names
        hasEveryName = hasEveryName || other.hasEveryName
        cilium = cilium ?? other.cilium
    }
}

/// An object that allows or denies connections, of a kind that isn't evaluated.
public struct ForeignNetworkPolicy: Sendable, Hashable {
    /// `policy.networking.k8s.io`.
    public var group: String
    public var reference: ObjectReference

    public init(group: String, reference: ObjectReference) {
        self.group = group
        self.reference = reference
    }
}

/// Addresses that a host's name has, as somebody resolved it.
public struct NamedAddresses: Sendable, Hashable {
    /// In small letters without the last dot.
    public var name: String
    public var addresses: [IPAddress]
    /// Who says so: `dnsfacts/seen`, or the machine that the command runs on.
    public var source: String

    public init(name: String, addresses: [IPAddress], source: String) {
        self.name = Self.canonical(name)
        self.addresses = addresses
        self.source = source
    }

    public static func canonical(_ name: String) -> String {
        let small = name.lowercased()
        return small.hasSuffix(".") ? String(small.dropLast()) : small
    }
}

/// How Cilium enforces policies in this cluster.
public struct CiliumEnforcement: Sendable, Hashable {
    /// `enable-policy` of Cilium's configuration.
    public enum Mode: String, Sendable, Hashable {
        /// A pod is isolated once a policy selects it.
        case standard = "default"
        /// Every pod is isolated.
        case always
        case never
    }

    /// The object that says it.
    public var source: String
    public var mode: Mode
    /// `enable-k8s-networkpolicy`.
    public var enforcesKubernetes: Bool
    /// Whether `policy-cidr-match-mode` has `nodes`: then CIDRs hold nodes too.
    public var blocksHoldNodes: Bool

    public init(source: String, mode: Mode = .standard, enforcesKubernetes: Bool = true, blocksHoldNodes: Bool = false) {
        self.source = source
        self.mode = mode
        self.enforcesKubernetes = enforcesKubernetes
        self.blocksHoldNodes = blocksHoldNodes
    }
}
