import TestKit

/// A pod, its node, perhaps a gateway elsewhere, and a server, as namespaces with real addresses on both ends.
final class StreamWorld {
    let pod: BenchNamespace
    let world: BenchNamespace
    private let family: BenchFamily
    private let node: BenchNamespace
    private let gateway: BenchNamespace
    private var datapaths: [PinnedDatapath] = []

    private var isLocal: Bool { node === gateway }
    /// The node, as the pod knows it.
    private var hop: String { family == .ipv4 ? "169.254.1.1" : "fd00:fe::1" }

    init(_ path: BenchPath, _ family: BenchFamily, isLocal: Bool, pins: String) throws {
        self.family = family
        gateway = try BenchNamespace.make()
        node = isLocal ? gateway : try BenchNamespace.make()
        pod = try BenchNamespace.make()
        world = try BenchNamespace.make()
        try wire()
        if !isLocal { try TunnelWorld.connectNodes(node, gateway, family, isExternal: path == .ours) }
        try gateway.inside { try PeerRules.install(path, family) }
        if path == .ours { try program(pins) }
        // As networks with VXLAN give pods their MTU.
        if !isLocal { try pod.ip("link set eth0 mtu 1450") }
    }

    private func wire() throws {
        let length = family.hostLength
        try node.connect("pod0", to: pod, "eth0")
        try pod.ip(
            "addr add \(family.pod)/\(length) dev eth0", "route replace \(hop)/\(length) dev eth0",
            "route replace \(family.everything) via \(hop) dev eth0")
        try node.ip("addr add \(hop)/\(length) dev pod0", "route replace \(family.pod)/\(length) dev pod0")
        try gateway.connect("up0", to: world, "eth0")
        try gateway.ip(
            "addr add \(family.egress)/\(family.linkLength) dev up0",
            "route replace \(family.server)/\(length) via \(family.router) dev up0")
        try world.ip(
            "addr add \(family.router)/\(family.linkLength) dev eth0", "addr add \(family.server)/\(length) dev lo",
            "route replace \(family.pod)/\(length) via \(family.egress) dev eth0")
    }

    private func program(_ pins: String) throws {
        let (pod, uplink) = (try node.index("pod0"), try gateway.index("up0"))
        if isLocal {
            datapaths = [
                try node.inside { try OurPath.local(family, pins: pins, pod: pod, uplink: uplink, slice: .dedicated) }
            ]
            return
        }
        let ends = (try node.index("egw0"), try gateway.index("egw0"))
        datapaths = [
            try node.inside { try OurPath.podNode(family, pins: pins, pod: pod, tunnel: ends.0) },
            try gateway.inside { try OurPath.gateway(family, pins: pins, tunnel: ends.1, uplink: uplink) },
        ]
    }
}
