public import EgressModel

/// Short ways to write the cluster's objects in a test. A literal that is no address is a mistake in the test, so it stops.
extension IPAddress: ExpressibleByStringLiteral {
    public init(stringLiteral value: String) { self = Self.read(value) }

    private static func read(_ text: String) -> IPAddress {
        guard let address = IPAddress(text) else { preconditionFailure("the test's literal \(text) is no address") }
        return address
    }
}

extension IPPrefix: ExpressibleByStringLiteral {
    public init(stringLiteral value: String) { self = Self.read(value) }

    private static func read(_ text: String) -> IPPrefix {
        guard let prefix = IPPrefix(text) else { preconditionFailure("the test's literal \(text) is no prefix") }
        return prefix
    }
}

extension LabelSelector: ExpressibleByDictionaryLiteral {
    public init(dictionaryLiteral elements: (String, String)...) {
        self.init(matchLabels: Dictionary(elements, uniquingKeysWith: { first, _ in first }))
    }
}

extension Pod {
    /// `name` is `namespace/name`, or a name in `default`.
    public static func sample(
        _ name: String, _ labels: Labels = [:], on node: String? = "node-1", at addresses: IPAddress..., hostNetwork: Bool = false,
        phase: Phase = .running
    ) -> Pod {
        let parts = name.split(separator: "/")
        let (namespace, own) = parts.count == 2 ? (String(parts[0]), String(parts[1])) : ("default", name)
        return Pod(
            metadata: ObjectMetadata(name: own, namespace: namespace, uid: "pod-\(namespace)-\(own)", labels: labels), nodeName: node,
            isHostNetwork: hostNetwork, phase: phase, addresses: addresses)
    }
}

extension Node {
    public static func sample(_ name: String, _ addresses: IPAddress..., labels: Labels = [:], podCIDRs: [IPPrefix] = []) -> Node {
        let named = labels.merging(["node.kubernetes.io/name": name]) { own, _ in own }
        return Node(
            metadata: ObjectMetadata(name: name, uid: "node-\(name)", labels: named), internalAddresses: addresses, podCIDRs: podCIDRs)
    }
}

extension Namespace {
    public static func sample(_ name: String, _ labels: Labels = [:]) -> Namespace {
        Namespace(metadata: ObjectMetadata(name: name, uid: "ns-\(name)", labels: labels))
    }
}

extension EgressGatewayPolicy {
    public static func sample(
        _ name: String, pods: LabelSelector? = [:], namespaces: LabelSelector? = nil, to destinations: [IPPrefix] = ["0.0.0.0/0"],
        except: [IPPrefix] = [], via gateways: [GatewayEntry] = [.sample("node-2", .defaultRoute)], priority: Int = 0,
        created: String? = nil, onNoGateway: OnNoGateway = .drop
    ) -> EgressGatewayPolicy {
        EgressGatewayPolicy(
            metadata: ObjectMetadata(name: name, uid: "policy-\(name)", creationTimestamp: created, generation: 1),
            selectors: [EgressSelector(podSelector: pods, namespaceSelector: namespaces)], destinationCIDRs: destinations,
            excludedCIDRs: except, gateways: gateways, priority: priority, onNoGateway: onNoGateway)
    }

    public var object: PolicyObject { PolicyObject(metadata: metadata, policy: self) }
}

extension GatewayEntry {
    public static func sample(_ node: String, _ source: Source) -> GatewayEntry {
        GatewayEntry(nodeSelector: ["node.kubernetes.io/name": node], source: source)
    }
}

extension NetworkInterface {
    public static func sample(_ name: String, _ index: Int, _ addresses: String..., altNames: [String] = [], isUp: Bool = true)
        -> NetworkInterface
    {
        NetworkInterface(
            name: name, altNames: altNames, index: index, addresses: addresses.compactMap { InterfaceAddress($0) }, isUp: isUp)
    }
}

extension EgressNode {
    public static func sample(_ name: String, _ interfaces: NetworkInterface..., route: String? = "eth0") -> EgressNode {
        EgressNode(
            metadata: ObjectMetadata(name: name, uid: "egress-\(name)"), interfaces: interfaces,
            defaultRoute: DefaultRoute(ipv4: route, ipv6: route))
    }
}
