/// A `CiliumEgressGatewayPolicy` (`cilium.io/v2`) as users have it, parsed and valid by itself.
///
/// A manifest that breaks a rule never becomes a value of this type: see ``PolicyObject``.
public struct EgressGatewayPolicy: Sendable, Hashable {
    public var metadata: ObjectMetadata
    public var selectors: [EgressSelector]
    /// Masked, in the order of the manifest, duplicates removed.
    public var destinationCIDRs: [IPPrefix]
    public var excludedCIDRs: [IPPrefix]
    /// `egressGateways` when it has entries, else the one `egressGateway`. Position is the entry's number.
    public var gateways: [GatewayEntry]
    /// From the annotations `kubectl-egress.dev/strategy` and `…/strategy-config`.
    public var strategy: StrategyReference?
    /// `kubectl-egress.dev/priority`; higher wins.
    public var priority: Int
    public var onNoGateway: OnNoGateway

    public var name: String { metadata.name }
    public var reference: ObjectReference { ObjectReference(kind: "CiliumEgressGatewayPolicy", name: name) }
    /// Families of the destinations; an exclusion doesn't ask for a family.
    public var families: [IPFamily] { IPFamily.allCases.filter { family in destinationCIDRs.contains { $0.family == family } } }

    public init(
        metadata: ObjectMetadata, selectors: [EgressSelector], destinationCIDRs: [IPPrefix], excludedCIDRs: [IPPrefix] = [],
        gateways: [GatewayEntry], strategy: StrategyReference? = nil, priority: Int = 0, onNoGateway: OnNoGateway = .drop
    ) {
        self.metadata = metadata
        self.selectors = selectors
        self.destinationCIDRs = destinationCIDRs
        self.excludedCIDRs = excludedCIDRs
        self.gateways = gateways
        self.strategy = strategy
        self.priority = priority
        self.onNoGateway = onNoGateway
    }
}

/// One rule of a policy's `selectors`: a pod matches when every part that is set matches.
public struct EgressSelector: Sendable, Hashable {
    public var podSelector: LabelSelector?
    public var namespaceSelector: LabelSelector?
    /// Over the labels of the pod's node; binds to this rule alone.
    public var nodeSelector: LabelSelector?

    public init(podSelector: LabelSelector? = nil, namespaceSelector: LabelSelector? = nil, nodeSelector: LabelSelector? = nil) {
        self.podSelector = podSelector
        self.namespaceSelector = namespaceSelector
        self.nodeSelector = nodeSelector
    }
}

/// One gateway entry: which nodes may serve it, and which address its traffic leaves with.
public struct GatewayEntry: Sendable, Hashable {
    public enum Source: Sendable, Hashable {
        /// `egressIP`: must be on an interface of the gateway.
        case address(IPAddress)
        /// `interface`: by name or alternative name; its first global address.
        case interface(String)
        /// Neither: the interface of the default route, per family.
        case defaultRoute
    }

    public var nodeSelector: LabelSelector
    public var source: Source

    public init(nodeSelector: LabelSelector, source: Source) {
        self.nodeSelector = nodeSelector
        self.source = source
    }
}

/// How a manifest names its gateways.
public enum GatewayForm: Sendable, Hashable {
    /// `egressGateway`.
    case single
    /// `egressGateways`, and what stands in `egressGateway` beside it; `nil`: nothing, or nothing that can be read.
    case list(ignored: GatewayEntry?)
}

/// A plugin module and its configuration, by annotation of the policy.
public struct StrategyReference: Sendable, Hashable {
    public var name: String
    /// A JSON object, as text.
    public var configuration: String

    public init(name: String, configuration: String = "{}") {
        self.name = name
        self.configuration = configuration
    }
}

/// What the pod's node does while no gateway is eligible.
public enum OnNoGateway: String, Sendable, Hashable, CaseIterable {
    case drop
    /// Leaves as without a policy, by the node's address. The user asked for it in so many words.
    case bypass
}

/// A policy object as the cluster has it: valid, or rejected with what is wrong.
///
/// Any invalid field rejects the whole policy; one that was never accepted claims nothing.
public struct PolicyObject: Sendable, Hashable {
    public var metadata: ObjectMetadata
    /// `nil` when a field is invalid; the reasons are among the findings.
    public var policy: EgressGatewayPolicy?
    /// Errors that rejected it, and warnings: unknown fields, masked host bits.
    public var findings: [Finding]
    /// Which of the two fields names the gateways: releases of Cilium differ in what they read.
    public var gatewayForm: GatewayForm

    public init(
        metadata: ObjectMetadata, policy: EgressGatewayPolicy?, findings: [Finding] = [], gatewayForm: GatewayForm = .single
    ) {
        self.metadata = metadata
        self.policy = policy
        self.findings = findings
        self.gatewayForm = gatewayForm
    }
}

/// Annotations under `kubectl-egress.dev/`.
public enum EgressAnnotation {
    public static let prefix = "kubectl-egress.dev/"
    public static let strategy = prefix + "strategy"
    public static let strategyConfiguration = prefix + "strategy-config"
    public static let priority = prefix + "priority"
    public static let onNoGateway = prefix + "on-no-gateway"
    /// On a Node: not eligible as a gateway.
    public static let drain = prefix + "drain"
    /// On a Node: `redirect` or `stack`, whatever the node's netfilter shows; `auto` is as if it weren't there.
    public static let steering = prefix + "steering"
}
