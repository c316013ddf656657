import BPFDatapath
import EgressPlan
import EgressPorts
import TestKit
import Testing

@Suite("Others at the same hooks", .requires(.packet), .serialized)
struct NeighbourTests {
    /// Where ours are, and whether something passes there that ours have no business with.
    private static func hooks(_ nodes: TwoNodes) throws -> [(namespace: Namespace, interface: Int, seesReceived: Bool, passes: Bool)] {
        [
            (nodes.node, try nodes.node.index("pod0"), true, true), (nodes.node, try nodes.node.index("pod0"), false, true),
            (nodes.node, try nodes.node.index("egw0"), true, false), (nodes.gateway, try nodes.gateway.index("egw0"), true, false),
            (nodes.gateway, try nodes.gateway.index("ext0"), true, true),
        ]
    }

    private static func check(_ mode: AttachMode, _ bpffs: String) throws {
        let nodes = try TwoNodes(TwoNodes.Shape(mode: mode, isLocal: false, isBridged: false), bpffs: bpffs)
        let hooks = try hooks(nodes)
        // A neighbour who was there before us is after us by tcx: so ours are put on again.
        try nodes.detachAll()
        let neighbours = try hooks.map { hook in
            let neighbours = try Neighbours(mode)
            try hook.namespace.inside { try neighbours.attach(.last, interface: hook.interface, seesReceived: hook.seesReceived) }
            return neighbours
        }
        try nodes.attachAll()
        for (hook, neighbours) in zip(hooks, neighbours) {
            try hook.namespace.inside { try neighbours.attach(.first, interface: hook.interface, seesReceived: hook.seesReceived) }
        }
        let peer = try nodes.talk(port: 80)
        #expect(peer == Role.egress)
        for (hook, neighbours) in zip(hooks, neighbours) {
            let (first, last) = (try neighbours.seen(.first), try neighbours.seen(.last))
            #expect(first > 3, "the one before ours on \(hook.interface), received: \(hook.seesReceived)")
            #expect((last > 0) == hook.passes, "the one after ours on \(hook.interface), received: \(hook.seesReceived): \(last)")
        }
        // Who comes before us is left there, and told of where the kernel says it.
        let mended = try nodes.node.inside { try nodes.nodePath.mendAttachments() }
        #expect(mended.putBack.isEmpty)
        #expect(mended.overtaken.count == (mode == .tcx ? 3 : 0))
        // Ours go; theirs stay, and see what ours took away.
        let before = try neighbours[4].seen(.last)
        try nodes.detachAll()
        _ = try? nodes.talk(port: 81)
        #expect(try neighbours[4].seen(.first) > 0)
        try nodes.attachAll()
        #expect(try nodes.talk(port: 82) == Role.egress)
        #expect(try neighbours[4].seen(.last) >= before)
    }

    @Test(.requires(.tcx)) func `programs before and after ours see their packets, by tcx`() async throws {
        try await Sandbox.run { try Self.check(.tcx, $0) }
    }

    @Test func `programs before and after ours see their packets, by clsact`() async throws {
        try await Sandbox.run { try Self.check(.clsact, $0) }
    }
}
