import TestKit

/// Two nodes with VXLAN between them: `gen0`→`pod0`, the path, `egw0`→`egw0`, the path, `up0`→`sink0`.
final class TunnelWorld: BenchWorld {
    let node: BenchNamespace
    let gateway: BenchNamespace
    private let programs: BenchPrograms
    private let family: BenchFamily
    private var datapaths: [PinnedDatapath] = []

    init(_ path: BenchPath, _ family: BenchFamily, pins: String) throws {
        self.family = family
        node = try BenchNamespace.make()
        gateway = try BenchNamespace.make()
        programs = try BenchPrograms()
        try node.ip(
            "link add gen0 type veth peer name pod0",
            "link set pod0 address 02:00:00:00:00:10", "link set gen0 up", "link set pod0 up",
            "route replace \(family.pod)/\(family.hostLength) dev pod0")
        try gateway.ip(
            "link add up0 type veth peer name sink0", "link set up0 up", "link set sink0 up",
            "addr add \(family.egress)/\(family.linkLength) dev up0",
            "route replace \(family.server)/\(family.hostLength) via \(family.router) dev up0",
            "neigh replace \(family.router) lladdr 02:00:00:00:00:20 dev up0")
        try Self.connectNodes(node, gateway, family, isExternal: path == .ours || path == .redirect)
        try prepare(path, pins)
        try wireGenerator()
    }

    /// The nodes' own link, and VXLAN over it. Ours and the bare one take the tunnel's key from programs; the kernel's peers
    /// route into a device with one other end. No MAC address has to be asked for: packets that wait would be lost.
    static func connectNodes(_ node: BenchNamespace, _ gateway: BenchNamespace, _ family: BenchFamily, isExternal: Bool) throws {
        try node.connect("eth0", to: gateway, "eth0")
        let (here, there) = (family.tunnelHere, family.tunnelThere)
        let ends = [(node, "01", BenchFamily.podNode, here), (gateway, "02", BenchFamily.gateway, there)]
        for ((end, own, local, address), (_, other, remote, hop)) in zip(ends, ends.reversed()) {
            try end.ip(
                "link set eth0 address 02:00:00:00:98:\(own)", "addr add \(local)/24 dev eth0",
                "neigh replace \(remote) lladdr 02:00:00:00:98:\(other) dev eth0")
            if isExternal {
                try end.ip(
                    "link add egw0 type vxlan external nolearning dstport 8474", "link set egw0 mtu 65485", "link set egw0 arp off",
                    "link set egw0 up")
                continue
            }
            let target = end === node ? family.server : family.pod
            try end.ip(
                "link add egw0 address 02:00:00:00:99:\(own) type vxlan id 7 local \(local) remote \(remote) dstport 8474 nolearning noudpcsum",
                "link set egw0 up", "addr add \(address)/\(family.linkLength) dev egw0",
                "neigh replace \(hop) lladdr 02:00:00:00:99:\(other) dev egw0",
                "route replace \(target)/\(family.hostLength) via \(hop) dev egw0")
        }
    }

    private func prepare(_ path: BenchPath, _ pins: String) throws {
        let (pod, up) = (try node.index("pod0"), try gateway.index("up0"))
        let ends = (try node.index("egw0"), try gateway.index("egw0"))
        try programs.send(BenchFrame(family, from: family.pod, to: family.server), out: ends.0)
        try gateway.inside { try PeerRules.install(path, family) }
        switch path {
        case .ours:
            datapaths = [
                try node.inside { try OurPath.podNode(family, pins: pins, pod: pod, tunnel: ends.0) },
                try gateway.inside { try OurPath.gateway(family, pins: pins, tunnel: ends.1, uplink: up) },
            ]
        case .redirect:
            try node.inside { try programs.attach("bench_tunnel", pod) }
            try programs.sendOnGateway(out: up)
            try gateway.inside { try programs.attach("bench_redirect_gateway", ends.1) }
        case .nftables, .iptables, .forwarding: break
        }
    }

    private func wireGenerator() throws {
        try node.inside {
            try programs.attachPass(node.index("pod0"))
            try programs.sendInto(node.index("gen0"))
        }
        let sink = try gateway.index("sink0")
        try gateway.inside { try programs.attach("bench_sink", sink) }
    }

    func measure(_ packets: UInt64) throws -> Double? {
        try node.inside { try programs.measure(packets) }
    }
}
