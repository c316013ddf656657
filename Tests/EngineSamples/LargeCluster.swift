public import EgressModel
import EgressPolicy
import TestRandom

/// A cluster as large as they get, at random and the same for the same seed: 5,000 nodes, 150,000 pods and 1,000 policies
/// of ten prefixes at a `scale` of 1.
///
/// Names, labels and UIDs have the length and the number that controllers give them, and no two objects share their
/// strings, as none do that were read from an API server.
public struct LargeCluster {
    public let scale: Double
    public private(set) var snapshot = ClusterSnapshot()
    var chance: SeededRandom
    /// Teams and applications that were given pods, for selectors.
    var workloads: [(namespace: Int, name: String)] = []

    public var nodes: Int { max(3, Int(5000 * scale)) }
    public var pods: Int { max(30, Int(150_000 * scale)) }
    public var policies: Int { max(5, Int(1000 * scale)) }
    var namespaces: Int { max(4, pods / 300) }
    public var gateways: Int { max(2, nodes / 50) }

    /// Workloads of just so many pods; the policy `touches-N` selects the one of N.
    public static let touched = [15, 150, 1500]
    /// 2026-11-22T10:00:05Z, when every report is fresh.
    public static let now: Int64 = 1_795_341_605

    public init(seed: Int, scale: Double) {
        self.scale = scale
        chance = SeededRandom(seed: seed)
        for number in 0..<nodes { addNode(number) }
        for number in 0..<namespaces { addNamespace(number) }
        addPods()
        snapshot.policies = (0..<policies).map { policy($0).object }
        for count in Self.touched { snapshot.policies.append(Self.touching(count).object) }
        for number in 0..<(pods / 20) { addService(number) }
        announce()
        // Lists come in the order of their keys.
        snapshot.pods.sort { ($0.namespace, $0.name) < ($1.namespace, $1.name) }
        snapshot.nodes.sort { $0.name < $1.name }
        snapshot.egressNodes.sort { $0.name < $1.name }
    }

    /// A policy whose ten prefixes are the first free ones from `first`, each a /24.
    public static func touching(_ count: Int, first: Int = 0) -> EgressGatewayPolicy {
        EgressGatewayPolicy.sample(
            "touches-\(count)", pods: ["app.kubernetes.io/name": "touched-\(count)"],
            to: (0..<10).compactMap { IPPrefix(IPAddress(ipv4: 0xC612_0000 + UInt32((count + first + $0) % 0x200) << 8), length: 24) },
            via: [GatewayEntry(nodeSelector: ["egress-gateway": "gw-0"], source: .defaultRoute)])
    }

    // MARK: Nodes

    static func name(_ node: Int) -> String { "ip-10-\(node / 256)-\(node % 256)-7.eu-central-1.compute.internal" }

    private func isGateway(_ number: Int) -> Bool { number % 50 == 0 || number < 2 }

    private mutating func addNode(_ number: Int) {
        let name = Self.name(number)
        var labels = [
            "kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "kubernetes.io/arch": chance.pick(["amd64", "arm64"]),
            "topology.kubernetes.io/zone": "eu-central-1\(chance.pick(["a", "b", "c"]))", "topology.kubernetes.io/region": "eu-central-1",
            "node.kubernetes.io/instance-type": chance.pick(["m6i.4xlarge", "c6i.8xlarge"]), "pool": "pool-\(number % 20)",
        ]
        if isGateway(number) { labels["egress-gateway"] = "gw-\(number / 50 % gateways)" }
        let address = IPAddress(ipv4: 0xAC10_0000 + UInt32(number))
        let range = IPPrefix(IPAddress(ipv4: 0x0A00_0000 + UInt32(number) << 8), length: 24)
        snapshot.nodes.append(
            Node(
                metadata: metadata(name, labels: labels), internalAddresses: [address], podCIDRs: [range].compactMap(\.self),
                isReady: !chance.oneIn(200)))
        let uplink = NetworkInterface(name: "eth0", index: 2, addresses: [InterfaceAddress("\(address)/12")].compactMap(\.self))
        var report = EgressNode(
            metadata: metadata(name), reportedAt: "2026-11-22T10:00:00Z", interfaces: [uplink], defaultRoute: DefaultRoute(ipv4: "eth0"),
            ranges: ClusterRanges(pods: ["10.0.0.0/9"], services: ["10.200.0.0/14"]))
        report.gateways = (0..<8).map { step in
            GatewayReachability(node: Self.name((number + step * 13) % gateways * 50 % nodes), reachable: !chance.oneIn(500))
        }
        snapshot.egressNodes.append(report)
    }

    /// As if every gateway's agent had said what it serves.
    private mutating func announce() {
        let before = snapshot
        for index in snapshot.egressNodes.indices where isGateway(index) {
            let announcement = resolveEntries(node: before.egressNodes[index].name, in: before)
            snapshot.egressNodes[index].resolutions = announcement.resolutions
            snapshot.egressNodes[index].lastEntryID = announcement.lastEntryID
        }
    }

    // MARK: Namespaces, services

    static func namespace(_ number: Int) -> String { "team-\(number % 97)-service-\(number)" }

    private mutating func addNamespace(_ number: Int) {
        let labels = ["kubernetes.io/metadata.name": Self.namespace(number), "team": "team-\(number % 97)", "environment": "production"]
        snapshot.namespaces.append(Namespace(metadata: metadata(Self.namespace(number), labels: labels)))
    }

    private mutating func addService(_ number: Int) {
        let own = metadata("service-\(number)", in: Self.namespace(number % namespaces))
        snapshot.services.append(Service(metadata: own, addresses: [IPAddress(ipv4: 0x0AC8_0000 + UInt32(number))]))
    }

    mutating func metadata(_ name: String, in namespace: String? = nil, labels: Labels = [:]) -> ObjectMetadata {
        ObjectMetadata(
            name: name, namespace: namespace, uid: uid(), labels: labels, creationTimestamp: "2026-10-0\(1 + chance.next() % 9)T08:00:00Z",
            generation: 1)
    }

    /// As long as a UUID.
    private mutating func uid() -> String {
        let text = hexadecimal(chance.next()) + hexadecimal(chance.next())
        return "\(text.prefix(8))-\(text.dropFirst(8).prefix(4))-\(text.dropFirst(12).prefix(4))-0000-\(text.suffix(12))"
    }

    private func hexadecimal(_ word: UInt64) -> String {
        let digits = String(word, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    mutating func append(_ pod: Pod) { snapshot.pods.append(pod) }

    var podCount: Int { snapshot.pods.count }
}
