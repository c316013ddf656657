import EgressModel
import EgressPlan
import EgressPolicy
import EngineSamples

/// One node of a sample cluster: from the snapshot to its datapath.
enum SampleNode {
    static let tunnel = TunnelDevice(index: 3, innerMTU: 1450)
    static let token = TunnelToken(octets: Array(1...12))

    /// As netlink would tell: `eth0`, the tunnel, a bridge of pods, and a veth for each pod.
    static func facts(_ node: String, _ snapshot: ClusterSnapshot) -> HostFacts {
        let report = snapshot.egressNodes.first { $0.name == node }
        var interfaces = [HostInterface(facts: .sample("lo", 1, "127.0.0.1/8"), isLoopback: true)]
        interfaces += (report?.interfaces ?? []).map { HostInterface(facts: $0) }
        interfaces.append(HostInterface(facts: .sample("egw0", tunnel.index, "fe80::3/64"), kind: "vxlan"))
        let range = snapshot.nodes.first { $0.name == node }?.podCIDRs.first
        if let range, let first = InterfaceAddress(IPAddress(ipv4: (range.address.ipv4Bits ?? 0) + 1), prefixLength: range.length) {
            interfaces.append(HostInterface(facts: NetworkInterface(name: "cni0", index: 4, addresses: [first]), kind: "bridge"))
        }
        let pods = snapshot.pods.filter { $0.nodeName == node && !$0.isHostNetwork }.sorted { $0.name < $1.name }
        let devices = pods.enumerated().map { number, pod in
            PodDevice(interface: "veth\(number)", index: 10 + number, addresses: pod.addresses, deliverIndex: 4)
        }
        interfaces += devices.map { HostInterface(facts: .sample($0.interface, $0.index), kind: "veth", master: 4) }
        return HostFacts(interfaces: interfaces, defaultRoute: DefaultRoute(ipv4: "eth0"), podDevices: devices)
    }

    static func plan(_ node: String, _ snapshot: ClusterSnapshot) -> NodePlan? {
        EgressPlan.plan(node: node, from: resolve(snapshot), tokens: [token].compactMap(\.self))
    }

    static func lower(_ node: String, _ snapshot: ClusterSnapshot, previous: DatapathState = DatapathState()) -> Lowering? {
        plan(node, snapshot).map { EgressPlan.lower($0, facts: facts(node, snapshot), tunnel: tunnel, previous: previous) }
    }
}
