import BPFDatapath
import CEgressABI
import CEgressShims
import CLibBPF
import EgressPlan
import EgressPorts
import Glibc
import TestKit
import Testing

/// Somebody removes or replaces what we attached, under a connection that goes on.
@Suite("Putting attachments back", .requires(.packet), .serialized)
struct MendingTests {
    private typealias Hand = @Sendable (TwoNodes, String) throws -> Void

    /// All attachments of both nodes are touched by `hand`; looking puts them back.
    private static func check(_ mode: AttachMode, _ bpffs: String, _ hand: Hand) throws {
        let nodes = try TwoNodes(TwoNodes.Shape(mode: mode, isLocal: false, isBridged: false), bpffs: bpffs)
        let connection = try nodes.open(port: 80)
        #expect(connection.peer == Role.egress)
        try connection.exchange()
        for (namespace, datapath, _) in try nodes.attachments() {
            try #expect(namespace.inside { try datapath.mendAttachments() } == MendedAttachments())
        }
        try hand(nodes, bpffs)
        for (namespace, datapath, places) in try nodes.attachments() {
            var back: Set<EgressPlan.Attachment> = []
            // The kernel lets a link go a moment after the last that knew it.
            for _ in 0..<20 where back != Set(places) {
                try back.formUnion(namespace.inside { try datapath.mendAttachments() }.putBack)
                if back != Set(places) { usleep(50_000) }
            }
            #expect(back == Set(places))
            try #expect(namespace.inside { try datapath.actualState() }.attachments.isSuperset(of: places))
            try #expect(namespace.inside { try datapath.mendAttachments() } == MendedAttachments())
        }
        try connection.exchange()
        #expect(try nodes.talk(port: 81) == Role.egress)
    }

    private static func pins(_ nodes: TwoNodes, _ bpffs: String) throws -> [(namespace: Namespace, path: String)] {
        try [("gateway", nodes.gateway), ("node", nodes.node)].flatMap { name, namespace in
            let folder = "\(bpffs)/\(name)/v\(EGRESS_ABI_VERSION)/links"
            return try Command.run(["ls", folder]).split(separator: "\n").map { (namespace, "\(folder)/\($0)") }
        }
    }

    @Test(.requires(.tcx)) func `links that somebody detached come back`() async throws {
        try await Sandbox.run { bpffs in
            try Self.check(.tcx, bpffs) { nodes, bpffs in
                for (namespace, path) in try Self.pins(nodes, bpffs) {
                    try namespace.inside {
                        let link = bpf_obj_get(path)
                        defer { close(link) }
                        guard bpf_link_detach(link) == 0 else { throw TestKitError("detach: errno \(errno)") }
                    }
                }
            }
        }
    }

    @Test(.requires(.tcx)) func `links whose pins somebody removed come back`() async throws {
        try await Sandbox.run { bpffs in
            try Self.check(.tcx, bpffs) { nodes, bpffs in
                for (_, path) in try Self.pins(nodes, bpffs) { unlink(path) }
            }
        }
    }

    @Test(.requires(.tcx)) func `links that run somebody else's program run ours again`() async throws {
        try await Sandbox.run { bpffs in
            try Self.check(.tcx, bpffs) { nodes, bpffs in
                let other = try Neighbours(.tcx)
                for (_, path) in try Self.pins(nodes, bpffs) {
                    let link = bpf_obj_get(path)
                    defer { close(link) }
                    guard bpf_link_update(link, try other.program(.first), nil) == 0 else { throw TestKitError("update: errno \(errno)") }
                }
            }
        }
    }

    @Test func `filters come back when somebody removed the qdisc`() async throws {
        try await Sandbox.run { bpffs in
            try Self.check(.clsact, bpffs) { nodes, _ in
                for (namespace, device) in Self.devices(nodes) {
                    try namespace.inside { _ = try Command.run(["tc", "qdisc", "del", "dev", device, "clsact"]) }
                }
            }
        }
    }

    @Test func `filters come back when somebody flushed them`() async throws {
        try await Sandbox.run { bpffs in
            try Self.check(.clsact, bpffs) { nodes, _ in
                for (namespace, device) in Self.devices(nodes) {
                    try namespace.inside {
                        for way in ["ingress", "egress"] { _ = try Command.run(["tc", "filter", "del", "dev", device, way]) }
                    }
                }
            }
        }
    }

    @Test func `filters that run somebody else's program run ours again`() async throws {
        try await Sandbox.run { bpffs in
            try Self.check(.clsact, bpffs) { nodes, bpffs in
                _ = try BPFDatapath.open(pinRoot: bpffs + "/foreign", attachMode: .clsact)
                let foreign = bpffs + "/foreign/v\(EGRESS_ABI_VERSION)/programs/egress_pod_in"
                for (namespace, device) in Self.devices(nodes) {
                    try namespace.inside {
                        for (way, handle) in [
                            ("ingress", "0xe610001"), ("ingress", "0xe610003"), ("ingress", "0xe610004"), ("egress", "0xe610002"),
                        ] {
                            let shown = try Command.run(["tc", "filter", "show", "dev", device, way])
                            guard shown.contains("handle \(handle)") else { continue }
                            try Command.run([
                                "tc", "filter", "replace", "dev", device, way, "pref", "100", "handle", handle, "protocol", "all", "bpf",
                                "da",
                                "pinned", foreign,
                            ])
                        }
                    }
                }
            }
        }
    }

    private static func devices(_ nodes: TwoNodes) -> [(Namespace, String)] {
        let gateway = [(nodes.gateway, "egw0"), (nodes.gateway, "ext0")]
        return gateway + [(nodes.node, "pod0")] + (nodes.node === nodes.gateway ? [] : [(nodes.node, "egw0")])
    }

    @Test(arguments: AttachMode.allCases)
    func `an interface that is gone is let go, and another with its number is left alone`(_ mode: AttachMode) async throws {
        guard mode == .clsact || Requirement.tcx.isMet else { return }
        try await Sandbox.run { bpffs in
            try Command.run(["ip", "link", "add", "pod0", "index", "77", "type", "veth", "peer", "name", "pod0p"])
            let datapath = try BPFDatapath.open(pinRoot: bpffs + "/kubectl-egress", attachMode: mode)
            try datapath.execute(.attach(Attachment(program: .pod, interfaceIndex: 77)))
            try Command.run(["ip", "link", "del", "pod0"])
            try #expect(datapath.mendAttachments() == MendedAttachments())
            try Command.run(["ip", "link", "add", "other", "index", "77", "type", "veth", "peer", "name", "otherp"])
            try #expect(datapath.mendAttachments() == MendedAttachments())
            try #expect(datapath.actualState().attachments.isEmpty)
        }
    }

    @Test(arguments: AttachMode.allCases)
    func `what an earlier helper attached is looked after, and what is detached isn't`(_ mode: AttachMode) async throws {
        guard mode == .clsact || Requirement.tcx.isMet else { return }
        try await Sandbox.run { bpffs in
            try Command.run(["ip", "link", "add", "pod0", "type", "veth", "peer", "name", "pod0p"])
            let place = Attachment(program: .pod, interfaceIndex: Int(if_nametoindex("pod0")))
            let pinRoot = bpffs + "/kubectl-egress"
            try BPFDatapath.open(pinRoot: pinRoot, attachMode: mode).execute(.attach(place))
            let second = try BPFDatapath.open(pinRoot: pinRoot, attachMode: mode)
            if mode == .tcx {
                unlink("\(pinRoot)/v\(EGRESS_ABI_VERSION)/links/egress_pod-\(place.interfaceIndex)")
            } else {
                try Command.run(["tc", "qdisc", "del", "dev", "pod0", "clsact"])
            }
            var back = try second.mendAttachments()
            for _ in 0..<20 where back.putBack.isEmpty {
                usleep(50_000)
                back = try second.mendAttachments()
            }
            #expect(back == MendedAttachments(putBack: [place]))
            try second.execute(.detach(place))
            try #expect(second.mendAttachments() == MendedAttachments())
            try #expect(second.actualState().attachments.isEmpty)
        }
    }
}
