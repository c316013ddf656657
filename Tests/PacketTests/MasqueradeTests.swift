import BPFDatapath
import EgressModel
import EgressPlan
import TestKit
import Testing

@Suite("The kernel's masquerade beside us on one address", .requires(.packet), .serialized)
struct MasqueradeTests {
    private static let count = 2500

    /// A pod that no policy selects, masqueraded by the node to random ports of its own address; the policy's pod is
    /// translated to the same address.
    private static func share(_ nodes: TwoNodes, _ mode: AttachMode) throws -> Namespace {
        let other = try Namespace.make()
        try nodes.gateway.connect("other0", to: other, "eth0")
        try nodes.gateway.ip("addr add 10.2.0.1/24 dev other0")
        try other.ip("addr add 10.2.0.5/24 dev eth0", "route add default via 10.2.0.1")
        let shared = Role.address(203, 0, 113, 2)
        let entry = EntryRecord(
            egressIPv4: [shared], set: Role.set, interfaceIndex: nil, policy: Role.policy, keptPorts: SourcePorts.shared,
            portSlice: SourcePorts.shared, isShared: true)
        try nodes.gateway.inside {
            try Command.run(["nft", "-f", "-"], input: masquerade)
            for step: DatapathOperation in [
                .setEgressAddress(shared, EgressAddressRecord(isShared: true)),
                .attach(Attachment(program: .uplinkOut, interfaceIndex: try nodes.gateway.index("ext0"))),
                .setEntry(id: Role.localEntry, entry),
            ] { try nodes.gatewayPath.execute(step) }
        }
        return other
    }

    private static let masquerade = """
        table ip egt {
            chain out {
                type nat hook postrouting priority 100;
                ip saddr 10.2.0.0/24 oifname "ext0" masquerade fully-random
            }
        }
        """

    private static func check(_ mode: AttachMode, _ bpffs: String) throws {
        let nodes = try TwoNodes(TwoNodes.Shape(mode: mode, isLocal: true, isBridged: false), bpffs: bpffs)
        let other = try share(nodes, mode)
        let server = try nodes.world.inside { try Crowd.serve("\(Role.server)", 80) }
        defer { withExtendedLifetime(server) {} }
        try Command.run(["sleep", "0.5"])
        let ours = try nodes.pod.inside { try Crowd.come("ours", count, to: "\(Role.server)", 80) }
        let others = try other.inside { try Crowd.come("theirs", count, to: "\(Role.server)", 80) }
        let (mine, foreign) = (try Crowd.outcome(ours), try Crowd.outcome(others))
        let counters = try Dictionary(uniqueKeysWithValues: nodes.gatewayPath.counters().map { ($0.name, $0.packets) })
        let said = "\(mine) \(foreign) \(counters.filter { $0.value > 0 })"
        #expect(mine.served == count, "\(said)")
        #expect(mine.reset + mine.wrong + foreign.reset + foreign.wrong == 0, "\(said)")
        #expect(foreign.served + foreign.silent == count)
        // One port in eight of the kernel's choice is in our slice.
        #expect(counters["foreign", default: 0] > UInt64(count) / 16, "\(said)")
        #expect(counters["port_taken", default: 0] >= UInt64(foreign.silent), "\(said)")
        #expect(foreign.silent < count / 10, "\(said)")
        #expect(counters["unclaimed"] == 0 && counters["unsolicited"] == 0, "\(said)")
    }

    @Test(.requires(.tcx)) func `thousands of connections of both to one server get through or wait, by tcx`() async throws {
        try await Sandbox.run { try Self.check(.tcx, $0) }
    }

    @Test func `thousands of connections of both to one server get through or wait, by clsact`() async throws {
        try await Sandbox.run { try Self.check(.clsact, $0) }
    }
}
