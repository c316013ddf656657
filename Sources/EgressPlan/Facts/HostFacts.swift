public import EgressModel

/// What the helper reads from the node's kernel, by netlink and from netfilter.
public struct HostFacts: Sendable, Hashable {
    /// By index.
    public var interfaces: [HostInterface]
    public var defaultRoute: DefaultRoute
    /// Host sides of veth pairs whose other end is in another network namespace and has an address.
    public var podDevices: [PodDevice]
    /// What would be passed by if packets were redirected; sorted.
    public var forward: [ForwardPolicy]
    /// How this node's pods are steered, and why: by ``forward``, unless an operator said something.
    public var steering: SteeringFact
    /// Pods' devices on whose received packets programs of others run, by index: what those send may never reach netfilter.
    /// Known to the helper alone.
    public var devicesOfOthers: Set<Int>

    public init(
        interfaces: [HostInterface] = [], defaultRoute: DefaultRoute = DefaultRoute(), podDevices: [PodDevice] = [],
        forward: [ForwardPolicy] = [], steering: SteeringFact? = nil,
        devicesOfOthers: Set<Int> = []
    ) {
        self.interfaces = interfaces
        self.defaultRoute = defaultRoute
        self.podDevices = podDevices
        self.forward = forward
        self.steering = steering ?? SteeringFact(annotation: nil, flag: .auto, forward: forward)
        self.devicesOfOthers = devicesOfOthers
    }
}

public struct HostInterface: Sendable, Hashable {
    public var facts: NetworkInterface
    /// `IFLA_INFO_KIND`: `veth`, `bridge`, `vxlan` …; empty for hardware and loopback.
    public var kind: String
    public var isLoopback: Bool
    /// Bytes of IP.
    public var mtu: Int
    /// Index of the bridge or bond that it is a port of.
    public var master: Int?

    public init(facts: NetworkInterface, kind: String = "", isLoopback: Bool = false, mtu: Int = 1500, master: Int? = nil) {
        self.facts = facts
        self.kind = kind
        self.isLoopback = isLoopback
        self.mtu = mtu
        self.master = master
    }
}

/// The host side of a pod's veth, with the addresses that its other end holds (`IFA_TARGET_NETNSID`).
public struct PodDevice: Sendable, Hashable {
    public var interface: String
    public var index: Int
    /// Addresses of the peer, global scope.
    public var addresses: [IPAddress]
    /// The device that routes to the first IPv4 address: the veth itself, or its bridge. `nil`: no route.
    public var deliverIndex: Int?

    public init(interface: String, index: Int, addresses: [IPAddress], deliverIndex: Int?) {
        self.interface = interface
        self.index = index
        self.addresses = addresses
        self.deliverIndex = deliverIndex
    }
}
