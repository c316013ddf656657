public import EgressModel
public import EgressPolicy

/// What one node does, whole: its helper makes the kernel match it.
///
/// The plan speaks of pods, nodes and addresses; the helper knows which device a pod is behind (``lower(_:facts:previous:)``).
public struct NodePlan: Sendable, Hashable {
    public var node: String
    public var tunnel: TunnelPlan
    public var ranges: ClusterRanges
    /// Everything inside the cluster, never steered: sorted, without duplicates.
    public var cluster: [InClusterRange]
    /// Nodes that may be the other end of the tunnel; this one is not among them.
    public var peers: [PeerNode]
    /// Policies that concern this node, by name, each as it was accepted.
    public var policies: [PlannedPolicy]
    /// As a gateway: the entries that this node could serve.
    public var entries: [PlannedEntry]
    /// Addresses that policies name for this node, wherever they are now; sorted. When one comes here, its packets are known to
    /// be no socket's of the node before any entry serves it: the node's stack would reset living connections that come along.
    public var awaited: [IPAddress]
    /// Distinct sets of rules; pods refer to them by position.
    public var sets: [[PlannedRule]]
    /// Pods of this node that a policy selects, by namespace and name.
    public var pods: [PlannedPod]
    /// Who else steers the same policies' packets in this cluster, as the object that says so; `nil`: nobody. A helper
    /// refuses a plan that has one (`foreign_owner`).
    public var foreignOwner: String?
    /// What the node's annotation says of the way that packets take; `nil`: nothing.
    public var steering: SteeringWord?

    public init(
        node: String, tunnel: TunnelPlan, ranges: ClusterRanges = ClusterRanges(), cluster: [InClusterRange] = [], peers: [PeerNode] = [],
        policies: [PlannedPolicy] = [], entries: [PlannedEntry] = [], awaited: [IPAddress] = [], sets: [[PlannedRule]] = [],
        pods: [PlannedPod] = [], foreignOwner: String? = nil, steering: SteeringWord? = nil
    ) {
        self.node = node
        self.tunnel = tunnel
        self.ranges = ranges
        self.cluster = cluster
        self.peers = peers
        self.policies = policies
        self.entries = entries
        self.awaited = awaited
        self.sets = sets
        self.pods = pods
        self.foreignOwner = foreignOwner
        self.steering = steering
    }
}

public struct TunnelPlan: Sendable, Hashable {
    /// This node's outer address; `nil` when the node has none, and then nothing goes through the tunnel.
    public var address: IPAddress?
    public var port: UInt16
    /// The cluster's secret tokens, the one to write first; all are accepted. Never printed.
    public var tokens: [TunnelToken]

    public init(address: IPAddress?, port: UInt16 = 8474, tokens: [TunnelToken] = []) {
        self.address = address
        self.port = port
        self.tokens = tokens
    }
}

/// 12 random octets that tunnel packets carry in place of MAC addresses. A secret: it prints as its length only.
public struct TunnelToken: Sendable, Hashable, CustomStringConvertible, CustomReflectable {
    public static let length = 12
    public let octets: [UInt8]

    /// `nil` unless there are exactly 12 octets.
    public init?(octets: [UInt8]) {
        guard octets.count == Self.length else { return nil }
        self.octets = octets
    }

    public var description: String { "<token>" }
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}

public struct PeerNode: Sendable, Hashable {
    public var name: String
    public var address: IPAddress
    /// The node's own pod ranges; inner sources outside them are refused. Empty: not known.
    public var podCIDRs: [IPPrefix]

    public init(name: String, address: IPAddress, podCIDRs: [IPPrefix] = []) {
        self.name = name
        self.address = address
        self.podCIDRs = podCIDRs
    }
}

/// A policy as this node took it on: the last version that was valid.
public struct PlannedPolicy: Sendable, Hashable {
    public var accepted: EgressGatewayPolicy
    /// Pods of this node that it selects.
    public var pods: Int
    /// Set while something here keeps it from being in force whole.
    public var code: String
    public var reason: String

    public init(accepted: EgressGatewayPolicy, pods: Int, code: String = "", reason: String = "") {
        self.accepted = accepted
        self.pods = pods
        self.code = code
        self.reason = reason
    }
}

/// What this node does as the gateway of one entry of a policy, chosen or not.
public struct PlannedEntry: Sendable, Hashable {
    public var policyUID: String
    public var policyName: String
    public var entry: Int
    /// The announced id, 1 to 2²²-1.
    public var id: UInt32
    public var ipv4: [IPAddress]
    public var ipv6: [IPAddress]
    /// Where `interface` was named: leave here whatever the route says.
    public var interface: String?
    /// The helper puts the addresses on `interface`, announces them, and takes them away with the entry.
    public var claims: Bool
    /// Those of the addresses that are the node's own: other traffic uses them too, so only a slice of their ports is ours.
    public var sharedAddresses: [IPAddress]
    public var isShared: Bool { !sharedAddresses.isEmpty }
    /// What the entry may be used for; checked again on the gateway.
    public var destinations: [IPPrefix]
    public var exclusions: [IPPrefix]

    public init(
        policyUID: String, policyName: String, entry: Int, id: UInt32, ipv4: [IPAddress] = [], ipv6: [IPAddress] = [],
        interface: String? = nil, claims: Bool = false, sharedAddresses: [IPAddress] = [], destinations: [IPPrefix],
        exclusions: [IPPrefix] = []
    ) {
        self.policyUID = policyUID
        self.policyName = policyName
        self.entry = entry
        self.id = id
        self.ipv4 = ipv4
        self.ipv6 = ipv6
        self.interface = interface
        self.claims = claims
        self.sharedAddresses = sharedAddresses
        self.destinations = destinations
        self.exclusions = exclusions
    }
}

/// One prefix of a set of rules, conflicts already settled: a set holds a prefix once.
public struct PlannedRule: Sendable, Hashable, Comparable {
    public enum Action: String, Sendable, Hashable, CaseIterable {
        case gateway
        case exclude
        case drop
    }

    public var prefix: IPPrefix
    public var action: Action
    public var policyUID: String
    /// Why it is so: the code of a drop, else of the verdict.
    public var code: ReasonCode

    public init(prefix: IPPrefix, action: Action, policyUID: String, code: ReasonCode) {
        self.prefix = prefix
        self.action = action
        self.policyUID = policyUID
        self.code = code
    }

    public static func < (a: PlannedRule, b: PlannedRule) -> Bool { a.prefix < b.prefix }
}

/// A pod of this node that a policy selects.
public struct PlannedPod: Sendable, Hashable {
    public var namespace: String
    public var name: String
    public var uid: String
    public var addresses: [IPAddress]
    /// Position in ``NodePlan/sets``.
    public var set: Int
    /// For each policy of the set with a `gateway` rule, and each family of such rules: its gateways, best first.
    public var choices: [PlannedChoice]
    /// It ran before a policy claimed it, as ``ClaimHistory`` says: what it had open then stays as it is.
    public var ranBefore: Bool

    public init(
        namespace: String, name: String, uid: String, addresses: [IPAddress], set: Int, choices: [PlannedChoice], ranBefore: Bool = false
    ) {
        self.namespace = namespace
        self.name = name
        self.uid = uid
        self.addresses = addresses
        self.set = set
        self.choices = choices
        self.ranBefore = ranBefore
    }
}

public struct PlannedChoice: Sendable, Hashable {
    public var policyUID: String
    /// Of the pod's packets: a gateway may have an egress IP of one family alone.
    public var family: IPFamily
    public var onNoGateway: OnNoGateway
    /// Eligible gateways with an announced id, best first.
    public var ranked: [PlannedGateway]

    public init(policyUID: String, family: IPFamily = .ipv4, onNoGateway: OnNoGateway, ranked: [PlannedGateway]) {
        self.policyUID = policyUID
        self.family = family
        self.onNoGateway = onNoGateway
        self.ranked = ranked
    }
}

public struct PlannedGateway: Sendable, Hashable {
    public var node: String
    public var address: IPAddress
    public var entryID: UInt32
    /// The address that the pod leaves with there, of the choice's family; `nil`: not known. A connection goes on by another
    /// gateway only with the address that it has.
    public var egress: IPAddress?

    public init(node: String, address: IPAddress, entryID: UInt32, egress: IPAddress? = nil) {
        self.node = node
        self.address = address
        self.entryID = entryID
        self.egress = egress
    }
}
