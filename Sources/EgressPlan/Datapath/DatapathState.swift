public import EgressModel
public import EgressPolicy

/// The datapath as Swift values: what is attached, and what the maps hold. Desired and actual are of this one type.
///
/// Connections (flows, translations) are not state in this sense: packets make them.
/// Numbers (sets, slots) are the datapath's own; lowering keeps those that are in use.
public struct DatapathState: Sendable, Hashable {
    public var settings: DatapathSettings
    public var attachments: Set<Attachment>
    /// By interface index.
    public var pods: [Int: PodRecord]
    /// Rules of every set; a set never changes once a pod refers to it.
    public var sets: [UInt32: Set<SetRule>]
    /// Slot to policy UID.
    public var policies: [UInt32: String]
    public var choices: [ChoiceKey: GatewayChoice]
    /// By node address.
    public var gateways: [IPAddress: GatewayRecord]
    public var nodes: [IPAddress: NodeRecord]
    public var cluster: [IPPrefix: InClusterRange.Kind]
    /// By entry id.
    public var entries: [UInt32: EntryRecord]
    public var egressAddresses: [IPAddress: EgressAddressRecord]
    public var netfilter: NetfilterRules
    /// Egress addresses that are on an interface because we put them there; never an administrator's.
    public var claimedAddresses: Set<ClaimedAddress>

    public init(
        settings: DatapathSettings = DatapathSettings(), attachments: Set<Attachment> = [], pods: [Int: PodRecord] = [:],
        sets: [UInt32: Set<SetRule>] = [:], policies: [UInt32: String] = [:], choices: [ChoiceKey: GatewayChoice] = [:],
        gateways: [IPAddress: GatewayRecord] = [:], nodes: [IPAddress: NodeRecord] = [:],
        cluster: [IPPrefix: InClusterRange.Kind] = [:], entries: [UInt32: EntryRecord] = [:],
        egressAddresses: [IPAddress: EgressAddressRecord] = [:], netfilter: NetfilterRules = NetfilterRules(),
        claimedAddresses: Set<ClaimedAddress> = []
    ) {
        self.settings = settings
        self.attachments = attachments
        self.pods = pods
        self.sets = sets
        self.policies = policies
        self.choices = choices
        self.gateways = gateways
        self.nodes = nodes
        self.cluster = cluster
        self.entries = entries
        self.egressAddresses = egressAddresses
        self.netfilter = netfilter
        self.claimedAddresses = claimedAddresses
    }
}

public struct DatapathSettings: Sendable, Hashable {
    public var tunnelIndex: Int
    public var nodeAddress: IPAddress?
    /// Largest inner IP packet without outer fragments, in bytes; 0 while unknown.
    public var tunnelMTU: Int
    public var limits: ConnectionLimits
    /// Of packets that the stack leads to the tunnel device; 0: none.
    public var stackMark: UInt32
    public var tokens: [TunnelToken]
    /// By which the node names itself where a packet's hops end: at most one of each family, IPv4 first.
    public var hops: [IPAddress]

    public init(
        tunnelIndex: Int = 0, nodeAddress: IPAddress? = nil, tunnelMTU: Int = 0, limits: ConnectionLimits = .standard,
        stackMark: UInt32 = 0, tokens: [TunnelToken] = [], hops: [IPAddress] = []
    ) {
        self.tunnelIndex = tunnelIndex
        self.nodeAddress = nodeAddress
        self.tunnelMTU = tunnelMTU
        self.limits = limits
        self.stackMark = stackMark
        self.tokens = tokens
        self.hops = IPFamily.allCases.compactMap { family in hops.first { $0.family == family } }
    }
}

/// One program at one hook of one interface.
public struct Attachment: Sendable, Hashable, Comparable {
    public enum Program: String, Sendable, Hashable, CaseIterable {
        /// Pod's veth, host side, ingress: what the pod sends.
        case pod = "egress_pod"
        /// The same veth, egress: what the pod is given.
        case podIn = "egress_pod_in"
        /// `egw0`, ingress.
        case tunnel = "egress_tunnel"
        /// `egw0`, egress: what the stack leads there.
        case stack = "egress_stack"
        /// Uplink, ingress.
        case uplink = "egress_uplink"
        /// Uplink, egress: the guard, where governed pods are; others' use of an egress IP that is the node's own too.
        case uplinkOut = "egress_uplink_out"
    }

    public var program: Program
    public var interfaceIndex: Int

    public init(program: Program, interfaceIndex: Int) {
        self.program = program
        self.interfaceIndex = interfaceIndex
    }

    public static func < (a: Attachment, b: Attachment) -> Bool {
        (a.interfaceIndex, a.program.rawValue) < (b.interfaceIndex, b.program.rawValue)
    }
}

public struct PodRecord: Sendable, Hashable {
    public enum Mode: String, Sendable, Hashable, CaseIterable {
        case enforce
        /// Everything goes its ordinary way; what is open is noted, to be exempt.
        case record
    }

    public var ipv4: IPAddress?
    public var ipv6: IPAddress?
    public var set: UInt32
    public var deliverIndex: Int
    public var steering: Steering
    public var mode: Mode

    public init(
        ipv4: IPAddress?, ipv6: IPAddress?, set: UInt32, deliverIndex: Int, steering: Steering = .redirect, mode: Mode = .enforce
    ) {
        self.ipv4 = ipv4
        self.ipv6 = ipv6
        self.set = set
        self.deliverIndex = deliverIndex
        self.steering = steering
        self.mode = mode
    }
}

public struct SetRule: Sendable, Hashable {
    public enum Action: Sendable, Hashable {
        case gateway
        case exclude
        /// `EGRESS_DROP_*`.
        case drop(UInt8)
    }

    public var prefix: IPPrefix
    public var action: Action
    /// Slot of the policy.
    public var policy: UInt32

    public init(prefix: IPPrefix, action: Action, policy: UInt32) {
        self.prefix = prefix
        self.action = action
        self.policy = policy
    }
}

public struct ChoiceKey: Sendable, Hashable {
    public var interfaceIndex: Int
    public var policy: UInt32
    /// Of the pod's packets: a gateway may have an egress IP of one family alone.
    public var family: IPFamily

    public init(interfaceIndex: Int, policy: UInt32, family: IPFamily = .ipv4) {
        self.interfaceIndex = interfaceIndex
        self.policy = policy
        self.family = family
    }
}

public struct GatewayChoice: Sendable, Hashable {
    public struct Ranked: Sendable, Hashable {
        public var entry: UInt32
        public var gateway: IPAddress
        /// The pod's egress address there, of the choice's family; `nil`: not known.
        public var egress: IPAddress?

        public init(entry: UInt32, gateway: IPAddress, egress: IPAddress? = nil) {
            self.entry = entry
            self.gateway = gateway
            self.egress = egress
        }
    }

    public var onNoGateway: OnNoGateway
    /// Best first, at most 8.
    public var ranked: [Ranked]

    public init(onNoGateway: OnNoGateway, ranked: [Ranked]) {
        self.onNoGateway = onNoGateway
        self.ranked = ranked
    }

    /// Whether packets go where they go by the other; egress addresses are the gateways' to give.
    func leads(as other: GatewayChoice) -> Bool {
        onNoGateway == other.onNoGateway && ranked.map(\.entry) == other.ranked.map(\.entry)
            && ranked.map(\.gateway) == other.ranked.map(\.gateway)
    }
}

public struct GatewayRecord: Sendable, Hashable {
    public enum Place: String, Sendable, Hashable {
        case local
        case remote
    }

    public var place: Place
    public var isHealthy: Bool

    public init(place: Place, isHealthy: Bool = true) {
        self.place = place
        self.isHealthy = isHealthy
    }
}

public struct NodeRecord: Sendable, Hashable {
    /// Inner IPv4 sources that it may send; `nil`: any.
    public var podNetwork: IPPrefix?
    /// The same of IPv6.
    public var podNetwork6: IPPrefix?

    public init(podNetwork: IPPrefix? = nil, podNetwork6: IPPrefix? = nil) {
        self.podNetwork = podNetwork
        self.podNetwork6 = podNetwork6
    }
}

/// Our one nft table, whole; it is replaced in one transaction.
public struct NetfilterRules: Sendable, Hashable {
    /// UDP port of the tunnel; `nil`: no table at all.
    public var tunnelPort: UInt16?
    /// The guard: packets from these sources to these destinations never leave by an uplink in the original direction.
    public var guarded: [GuardedSources]
    /// Names of the uplinks, sorted.
    public var uplinks: [String]
    /// Packets with this mark are led through the stack: nobody translates them on the way. `nil`: there are none.
    public var stackMark: UInt32?
    /// Egress addresses that are no socket's of the node, sorted, also those that may come. What comes for them by an uplink is the program's; past
    /// it, the node's stack would reset a living connection.
    public var dedicated: [IPAddress]
    /// Egress addresses that the node's sockets use too, sorted. Of what comes for them by an uplink to one of
    /// ``SourcePorts/shared`` only what belongs to a connection or a socket of the node's is let in.
    public var shared: [IPAddress]

    public init(
        tunnelPort: UInt16? = nil, guarded: [GuardedSources] = [], uplinks: [String] = [], stackMark: UInt32? = nil,
        dedicated: [IPAddress] = [], shared: [IPAddress] = []
    ) {
        self.tunnelPort = tunnelPort
        self.guarded = guarded
        self.uplinks = uplinks
        self.stackMark = stackMark
        self.dedicated = dedicated
        self.shared = shared
    }
}

/// Pods that share a set of rules, and the destinations that the set claims, as disjoint ranges.
public struct GuardedSources: Sendable, Hashable {
    /// Sorted; one family.
    public var sources: [IPAddress]
    /// Sorted, disjoint, of the same family: claimed, less exclusions, less the cluster's own ranges.
    public var claimed: [ClosedRange<IPAddress>]

    public init(sources: [IPAddress], claimed: [ClosedRange<IPAddress>]) {
        self.sources = sources
        self.claimed = claimed
    }
}
