import EgressModel
import EgressPlan
import EgressPolicy

/// What an agent computes for each event of a pod, in a large cluster: 5,000 nodes of which 100 are gateways, 500 policies,
/// 110 pods on the node. No I/O: resolve, then plan.
struct TurnBench {
    let rounds: Int
    private static let node = "node-7"
    /// 2026-11-22T10:00:05Z.
    private static let now: Int64 = 1_795_341_605

    func figure() -> Figure {
        let snapshot = Self.announced(Self.cluster())
        var figure = Figure(
            "agent-turn-5000-nodes", "agent's turn at 5,000 nodes", unit: "ms", digits: 2,
            note: "resolve and plan; 500 policies, 110 own pods; processor time")
        for _ in 0..<(3 * rounds) {
            let time = ProcessorTime()
            _ = plan(node: Self.node, from: resolve(snapshot, now: Self.now), tokens: [])
            figure.add(Figure.own, time.elapsed / 1e6)
        }
        return figure
    }

    private static func metadata(_ name: String, _ labels: Labels = [:], namespace: String? = nil) -> ObjectMetadata {
        ObjectMetadata(name: name, namespace: namespace, uid: "uid-\(namespace ?? "")-\(name)", labels: labels, generation: 1)
    }

    private static func cluster() -> ClusterSnapshot {
        var snapshot = ClusterSnapshot(podScope: .node(node))
        for number in 0..<5000 { addNode(number, &snapshot) }
        snapshot.namespaces = (0..<50).map { Namespace(metadata: metadata("ns-\($0)", ["team": "t\($0)"])) }
        snapshot.policies = (0..<500).map(policy)
        snapshot.pods = (0..<110).map { number in
            Pod(
                metadata: metadata("pod-\(number)", ["app": "app-\(number * 3 % 500)"], namespace: "ns-\(number % 50)"), nodeName: node,
                addresses: [IPAddress(ipv4: 0x0A00_0702 + UInt32(number))])
        }
        snapshot.services = (0..<1000).map { number in
            Service(metadata: metadata("s-\(number)", namespace: "ns-1"), addresses: [IPAddress(ipv4: 0x0A60_0000 + UInt32(number))])
        }
        return snapshot
    }

    private static func addNode(_ number: Int, _ snapshot: inout ClusterSnapshot) {
        var labels = [
            "kubernetes.io/hostname": "node-\(number)", "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64",
            "topology.kubernetes.io/zone": "z\(number % 3)", "pool": "p\(number % 20)",
        ]
        let isGateway = number.isMultiple(of: 50)
        if isGateway { labels["egress-gateway"] = "gw-\(number / 50)" }
        let address = IPAddress(ipv4: 0xC0A8_0000 + UInt32(number))
        let range = IPPrefix(IPAddress(ipv4: 0x0A00_0000 + UInt32(number) << 8), length: 24)
        snapshot.nodes.append(
            Node(metadata: metadata("node-\(number)", labels), internalAddresses: [address], podCIDRs: [range].compactMap(\.self)))
        guard isGateway || "node-\(number)" == node else { return }
        let uplink = NetworkInterface(name: "eth0", index: 2, addresses: [InterfaceAddress("\(address)/16")].compactMap(\.self))
        snapshot.egressNodes.append(
            EgressNode(
                metadata: metadata("node-\(number)"), reportedAt: "2026-11-22T10:00:00Z", interfaces: [uplink],
                defaultRoute: DefaultRoute(ipv4: "eth0")))
    }

    private static func policy(_ number: Int) -> PolicyObject {
        let own = metadata("policy-\(number)")
        let gateway = GatewayEntry(
            nodeSelector: LabelSelector(matchLabels: ["egress-gateway": "gw-\(number % 100)"]), source: .defaultRoute)
        let selector = EgressSelector(
            podSelector: LabelSelector(matchLabels: ["app": "app-\(number)"]),
            namespaceSelector: number.isMultiple(of: 2) ? LabelSelector(matchLabels: ["team": "t\(number % 50)"]) : nil)
        return PolicyObject(
            metadata: own,
            policy: EgressGatewayPolicy(
                metadata: own, selectors: [selector], destinationCIDRs: [IPPrefix("0.0.0.0/0")].compactMap(\.self),
                excludedCIDRs: [IPPrefix("203.0.113.0/24")].compactMap(\.self), gateways: [gateway]))
    }

    /// As if every gateway's agent had said what it serves.
    private static func announced(_ snapshot: ClusterSnapshot) -> ClusterSnapshot {
        var announced = snapshot
        for index in announced.egressNodes.indices {
            let own = resolveEntries(node: announced.egressNodes[index].name, in: snapshot)
            announced.egressNodes[index].resolutions = own.resolutions
            announced.egressNodes[index].lastEntryID = own.lastEntryID
        }
        return announced
    }
}
