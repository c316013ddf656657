public import EgressModel

/// What the cluster's egress policies mean, with reasons: the result of ``resolve(_:accepted:now:)``.
public struct EffectivePolicy: Sendable, Hashable {
    /// By name.
    public var policies: [ResolvedPolicy]
    /// Every pod of the snapshot, by namespace and name.
    public var pods: ResolvedPods
    public var nodes: [Node]
    public var egressNodes: [EgressNode]
    /// By name; what namespace selectors were judged on.
    public var namespaces: [Namespace]
    /// Everything inside the cluster that is never steered, sorted.
    public var clusterRanges: [InClusterRange]
    /// By severity, code, object.
    public var findings: [Finding]
    /// False when the snapshot was partial: nothing may be removed because of it.
    public var isComplete: Bool
    /// What couldn't be read: what depends on it is unknown here, not absent.
    public var unread: [UnreadKind]
    /// Whether every pod that a policy selects is known to be selected: otherwise counts are lower bounds.
    public var hasEveryPod: Bool
    /// Nodes whose report is old while the Leases that would make it young couldn't be read.
    public var unsureReports: Set<String>
    /// What turns another owner of the same policies on, and so forbids a node to program them (EG4007).
    public var foreignOwner: String?

    public init(
        policies: [ResolvedPolicy], pods: some Sequence<ResolvedPod>, nodes: [Node], egressNodes: [EgressNode],
        clusterRanges: [InClusterRange],
        findings: [Finding], isComplete: Bool, namespaces: [Namespace] = [], unread: [UnreadKind] = [], hasEveryPod: Bool = true,
        unsureReports: Set<String> = [], foreignOwner: String? = nil
    ) {
        self.policies = policies
        self.pods = ResolvedPods(pods)
        self.nodes = nodes
        self.egressNodes = egressNodes
        self.namespaces = namespaces
        self.clusterRanges = clusterRanges
        self.findings = findings
        self.isComplete = isComplete
        self.unread = unread
        self.hasEveryPod = hasEveryPod
        self.unsureReports = unsureReports
        self.foreignOwner = foreignOwner
    }
}

/// A range inside the cluster, and what it is.
public struct InClusterRange: Sendable, Hashable, Comparable {
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        case pod
        case service
        /// A node, or the API server where it isn't one.
        case node
        /// Link-local, multicast, loopback, broadcast, metadata addresses of clouds.
        case local
        /// Private, and the cluster's own ranges aren't known: it may be inside, so it counts as inside (EG4006).
        case assumed
    }

    public var prefix: IPPrefix
    public var kind: Kind

    public init(_ prefix: IPPrefix, _ kind: Kind) {
        self.prefix = prefix
        self.kind = kind
    }

    public static func < (a: InClusterRange, b: InClusterRange) -> Bool {
        (a.prefix, a.kind.rawValue) < (b.prefix, b.kind.rawValue)
    }
}

/// A policy that is in force, and its gateways.
public struct ResolvedPolicy: Sendable, Hashable {
    /// The version in force: the object's own, or the last good one.
    public var policy: EgressGatewayPolicy
    /// One for each gateway entry, in the policy's order.
    public var entries: [ResolvedEntry]
    /// Pods that it selects and that can have rules.
    public var selectedPods: Int
    public var findings: [Finding]

    public init(policy: EgressGatewayPolicy, entries: [ResolvedEntry], selectedPods: Int, findings: [Finding]) {
        self.policy = policy
        self.entries = entries
        self.selectedPods = selectedPods
        self.findings = findings
    }
}

/// One gateway entry: the nodes that match it, and the one that serves it.
public struct ResolvedEntry: Sendable, Hashable {
    public var entry: Int
    /// Every node that matches the selector, by bytewise name.
    public var candidates: [GatewayCandidate]

    public init(entry: Int, candidates: [GatewayCandidate]) {
        self.entry = entry
        self.candidates = candidates
    }

    /// The first eligible candidate.
    public var gateway: GatewayCandidate? { candidates.first { $0.ineligible == nil } }
}

/// A node that matches a gateway entry.
public struct GatewayCandidate: Sendable, Hashable {
    public var node: String
    /// Where the tunnel reaches it; `nil` when it has no address of the tunnel's family.
    public var address: IPAddress?
    /// Why it can't be chosen; `nil` when it can.
    public var ineligible: Reason?
    /// The id that it announced; `nil`: not announced.
    public var entryID: UInt32?
    public var interface: String?
    public var ipv4: EgressAddress
    public var ipv6: EgressAddress

    public init(
        node: String, address: IPAddress?, ineligible: Reason?, entryID: UInt32?, interface: String?, ipv4: EgressAddress,
        ipv6: EgressAddress
    ) {
        self.node = node
        self.address = address
        self.ineligible = ineligible
        self.entryID = entryID
        self.interface = interface
        self.ipv4 = ipv4
        self.ipv6 = ipv6
    }

    public func egressAddress(_ family: IPFamily) -> EgressAddress {
        switch family {
        case .ipv4: ipv4
        case .ipv6: ipv6
        }
    }
}

/// The address that a gateway leaves with, in one family.
public enum EgressAddress: Sendable, Hashable {
    /// One or more, sorted, as many as are used; of several a pod has the one of ``EgressAddressChoice``.
    case addresses([IPAddress])
    /// No destination of the policy has the family.
    case notNeeded
    /// The gateway drops the family.
    case missing(Reason)
    /// Nobody has reported; `intended` is what the policy asks for, where it names an address.
    case unknown(Reason, intended: IPAddress?)
}

/// A code, and the sentence that goes with it here.
public struct Reason: Sendable, Hashable {
    public var code: ReasonCode
    public var text: String

    public init(_ code: ReasonCode, _ text: String) {
        self.code = code
        self.text = text
    }
}

/// What happens to one pod's traffic to one prefix.
public struct ResolvedRule: Sendable, Hashable {
    public enum Action: String, Sendable, Hashable {
        case gateway
        case exclude
        case drop
    }

    /// The pod's address of the prefix's family.
    public var source: IPAddress
    public var prefix: IPPrefix
    public var action: Action
    public var policy: String
    public var policyUID: String
    /// Set for `gateway`, and for a `drop` that a chosen gateway causes.
    public var gatewayNode: String?
    public var gatewayAddress: IPAddress?
    public var egressIP: IPAddress?
    public var interface: String?
    /// Gateways for this pod, best first; `gatewayNode` is the first.
    public var ranked: [RankedGateway]
    public var reason: Reason
    /// Policies whose equal prefix lost to this one.
    public var beats: [String]

    public init(
        source: IPAddress, prefix: IPPrefix, action: Action, policy: String, policyUID: String, gatewayNode: String? = nil,
        gatewayAddress: IPAddress? = nil, egressIP: IPAddress? = nil, interface: String? = nil, ranked: [RankedGateway] = [],
        reason: Reason, beats: [String] = []
    ) {
        self.source = source
        self.prefix = prefix
        self.action = action
        self.policy = policy
        self.policyUID = policyUID
        self.gatewayNode = gatewayNode
        self.gatewayAddress = gatewayAddress
        self.egressIP = egressIP
        self.interface = interface
        self.ranked = ranked
        self.reason = reason
        self.beats = beats
    }
}

public struct RankedGateway: Sendable, Hashable {
    public var node: String
    public var address: IPAddress
    public var entry: Int
    /// `nil` while the gateway has not announced it.
    public var entryID: UInt32?

    public init(node: String, address: IPAddress, entry: Int, entryID: UInt32?) {
        self.node = node
        self.address = address
        self.entry = entry
        self.entryID = entryID
    }
}
