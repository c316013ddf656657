/// What a node says of itself (`EgressNode`, `kubectl-egress.dev/v1alpha1`); its agent writes it.
public struct EgressNode: Sendable, Hashable {
    public var metadata: ObjectMetadata
    /// RFC 3339 in UTC; `nil` while the node never reported.
    public var reportedAt: String?
    public var helper: HelperVersion?
    public var interfaces: [NetworkInterface]
    public var defaultRoute: DefaultRoute
    public var ranges: ClusterRanges
    public var steering: SteeringFact?
    /// As a gateway: the entries that it could serve.
    public var resolutions: [EntryResolution]
    /// The highest entry id that this node ever gave out; none is given out twice while there are higher ones.
    public var lastEntryID: UInt32
    /// Which ids may not be given out again yet; `nil` while ``lastEntryID`` isn't the highest of all.
    public var restingIDs: RestingIDs?
    /// As a pod's node or a gateway: what is in force here.
    public var policies: [PolicyInForce]
    public var gateways: [GatewayReachability]

    public var name: String { metadata.name }

    public init(
        metadata: ObjectMetadata, reportedAt: String? = nil, helper: HelperVersion? = nil, interfaces: [NetworkInterface] = [],
        defaultRoute: DefaultRoute = DefaultRoute(), ranges: ClusterRanges = ClusterRanges(), steering: SteeringFact? = nil,
        resolutions: [EntryResolution] = [], lastEntryID: UInt32 = 0, restingIDs: RestingIDs? = nil,
        policies: [PolicyInForce] = [], gateways: [GatewayReachability] = []
    ) {
        self.metadata = metadata
        self.reportedAt = reportedAt
        self.helper = helper
        self.interfaces = interfaces
        self.defaultRoute = defaultRoute
        self.ranges = ranges
        self.steering = steering
        self.resolutions = resolutions
        self.lastEntryID = lastEntryID
        self.restingIDs = restingIDs
        self.policies = policies
        self.gateways = gateways
    }
}

public struct HelperVersion: Sendable, Hashable {
    public var version: String
    public var abi: Int
    /// How programs are attached: `tcx` or `clsact`.
    public var datapath: String

    public init(version: String, abi: Int, datapath: String) {
        self.version = version
        self.abi = abi
        self.datapath = datapath
    }
}

/// An interface of a node, a fact from netlink.
public struct NetworkInterface: Sendable, Hashable {
    public var name: String
    public var altNames: [String]
    public var index: Int
    /// In the kernel's order, primary addresses first.
    public var addresses: [InterfaceAddress]
    public var isUp: Bool

    public init(name: String, altNames: [String] = [], index: Int, addresses: [InterfaceAddress] = [], isUp: Bool = true) {
        self.name = name
        self.altNames = altNames
        self.index = index
        self.addresses = addresses
        self.isUp = isUp
    }

    /// The first address of the family that packets can leave with; never a link-local one.
    public func firstGlobalAddress(_ family: IPFamily) -> IPAddress? {
        addresses.lazy.map(\.address).first { $0.family == family && $0.isGlobal }
    }
}

/// The interface of the default route, per family.
public struct DefaultRoute: Sendable, Hashable {
    public var ipv4: String?
    public var ipv6: String?

    public init(ipv4: String? = nil, ipv6: String? = nil) {
        self.ipv4 = ipv4
        self.ipv6 = ipv6
    }

    public subscript(family: IPFamily) -> String? {
        switch family {
        case .ipv4: ipv4
        case .ipv6: ipv6
        }
    }
}

/// The cluster's own ranges: traffic to them is never steered.
public struct ClusterRanges: Sendable, Hashable {
    public var pods: [IPPrefix]
    public var services: [IPPrefix]

    public init(pods: [IPPrefix] = [], services: [IPPrefix] = []) {
        self.pods = pods
        self.services = services
    }
}

public struct SteeringFact: Sendable, Hashable {
    public var `default`: Steering
    public var reason: String

    public init(default: Steering, reason: String) {
        self.default = `default`
        self.reason = reason
    }
}

/// How the pod's packets reach the tunnel.
public enum Steering: String, Sendable, Hashable, CaseIterable {
    /// Straight into the tunnel and straight back; netfilter sees neither direction.
    case redirect
    /// By mark, rule and route, through the host's FORWARD chain.
    case stack
}

/// What a gateway answers for one entry of a policy.
public struct EntryResolution: Sendable, Hashable {
    public var policy: String
    public var uid: String
    public var entry: Int
    /// The id that the tunnel carries, 1 to 2²²-1; 0: the gateway had none to give, so nobody can use the entry (EG1007).
    public var id: UInt32
    public var ipv4: [IPAddress]
    public var ipv6: [IPAddress]
    public var interface: String?
    /// The plugin module that gave the addresses; `nil` for a built-in strategy, and before the first answer.
    public var strategy: StrategyReport?
    /// Empty when every needed family has an address, and that is what was asked for.
    public var code: String
    public var reason: String

    public init(
        policy: String, uid: String, entry: Int, id: UInt32, ipv4: [IPAddress] = [], ipv6: [IPAddress] = [], interface: String? = nil,
        strategy: StrategyReport? = nil, code: String = "", reason: String = ""
    ) {
        self.policy = policy
        self.uid = uid
        self.entry = entry
        self.id = id
        self.ipv4 = ipv4
        self.ipv6 = ipv6
        self.interface = interface
        self.strategy = strategy
        self.code = code
        self.reason = reason
    }

    public func addresses(_ family: IPFamily) -> [IPAddress] {
        switch family {
        case .ipv4: ipv4
        case .ipv6: ipv6
        }
    }
}

/// Which plugin module gave an entry's addresses, and since when.
public struct StrategyReport: Sendable, Hashable {
    /// As the annotation `kubectl-egress.dev/strategy` names it.
    public var name: String
    /// The module's own.
    public var version: String
    /// The addresses are the cluster's, not the node's: the node puts them on the interface while it holds their locks.
    public var claims: Bool
    /// RFC 3339 in UTC: when it first gave the addresses that are announced.
    public var since: String?

    public init(name: String, version: String, claims: Bool = false, since: String? = nil) {
        self.name = name
        self.version = version
        self.claims = claims
        self.since = since
    }
}

/// One policy as it is in force on a node.
public struct PolicyInForce: Sendable, Hashable {
    public var name: String
    public var uid: String
    public var generation: Int64
    public var programmed: Bool
    /// Pods of this node that it selects.
    public var pods: Int
    public var code: String
    public var reason: String

    public init(name: String, uid: String, generation: Int64, programmed: Bool, pods: Int, code: String = "", reason: String = "") {
        self.name = name
        self.uid = uid
        self.generation = generation
        self.programmed = programmed
        self.pods = pods
        self.code = code
        self.reason = reason
    }
}

public struct GatewayReachability: Sendable, Hashable {
    public var node: String
    public var reachable: Bool

    public init(node: String, reachable: Bool) {
        self.node = node
        self.reachable = reachable
    }
}
