import CEgressABI
import EgressModel
import EgressPlan
import Glibc
import TestKit
import Testing

@testable import BPFDatapath

/// A helper with another layout of the maps takes over, under connections that live.
@Suite("Upgrades of the maps' layout", .requires(.packet), .serialized)
struct UpgradeTests {
    /// A layout like ours with another number: what is tried is the taking over, not the words.
    private static let likeOurs = 2003

    private static func likeOurs(_ root: String) throws -> [Int: LayoutConversion] {
        let names = try fileNames(in: "\(root)/v\(likeOurs)").filter { $0.hasPrefix("egress_") && $0 != "egress_events" }
        let pairs = names.map { ($0, LayoutConversion.unchanged(as: $0)) }
        return [likeOurs: LayoutConversion(maps: Dictionary(uniqueKeysWithValues: pairs))]
    }

    private static func roots(_ nodes: TwoNodes, _ bpffs: String) -> [(Namespace, String)] {
        [(nodes.gateway, bpffs + "/gateway")] + (nodes.node === nodes.gateway ? [] : [(nodes.node, bpffs + "/node")])
    }

    private static func check(_ shape: TwoNodes.Shape, _ bpffs: String) throws {
        let nodes = try TwoNodes(shape, bpffs: bpffs)
        var connections = try (8000..<8020).map { try nodes.open(port: $0) }
        for connection in connections { try connection.exchange() }
        for (round, (namespace, root)) in roots(nodes, bpffs).enumerated() {
            #expect(rename("\(root)/v\(EGRESS_ABI_VERSION)", "\(root)/v\(likeOurs)") == 0)
            let conversions = try likeOurs(root)
            let port = UInt16(9000 + round)
            let early = try nodes.pod.inside { try Socket.udp() }
            let new = try namespace.inside {
                try LoadedDatapath(pinRoot: root, mode: shape.mode, conversions: conversions) { step in
                    switch step {
                    case .copied:
                        // By programs and maps that are about to go.
                        let late = try nodes.open(port: port)
                        try late.exchange()
                        connections.append(late)
                    case .swapped:
                        for connection in connections.prefix(20) { try connection.exchange() }
                        try early.connect(Role.server, 53)
                        try early.send([1])
                    }
                }
            }
            let takeover = try #require(new.takeover)
            #expect(takeover.version == likeOurs && takeover.failure == nil && takeover.lost == 0)
            #expect(takeover.entries >= 21)
            let refused = try new.counters().first { $0.name == "upgrading" }
            #expect((refused?.packets ?? 0) == 1, "a new connection while programs were exchanged")
            try #expect(new.tables.config.value(0)?.upgrading == 0)
            try #expect(Command.run(["ls", root]) == "v\(EGRESS_ABI_VERSION)\n")
            for connection in connections { try connection.exchange() }
            #expect(try nodes.talk(port: port + 100) == Role.egress)
        }
        #expect(Set(connections.map(\.peer)) == [Role.egress])
    }

    @Test(arguments: TwoNodes.Shape.all.filter { !$0.isBridged })
    func `connections live on, also one that is opened in the middle, and new ones wait`(_ shape: TwoNodes.Shape) async throws {
        guard shape.mode == .clsact || Requirement.tcx.isMet else { return }
        try await Sandbox.run { try Self.check(shape, $0) }
    }

    @Test(arguments: TwoNodes.Shape.all.filter { $0.mode == .clsact })
    func `connections of layout 2 live on in ours`(_ shape: TwoNodes.Shape) async throws {
        try await Sandbox.run { bpffs in
            let nodes = try TwoNodes(shape, bpffs: bpffs)
            let connections = try (8000..<8005).map { try nodes.open(port: $0) }
            for connection in connections { try connection.exchange() }
            for (namespace, root) in Self.roots(nodes, bpffs) {
                let before = try namespace.inside { try BPFDatapath.open(pinRoot: root, attachMode: shape.mode).actualState() }
                try Version2.pretend(root)
                let new = try namespace.inside { try LoadedDatapath(pinRoot: root, mode: shape.mode) }
                #expect(new.takeover?.version == 2 && new.takeover?.failure == nil, "\(String(describing: new.takeover))")
                try #expect(namespace.inside { try new.actualState() } == Self.ofIPv4(before))
                for connection in connections { try connection.exchange() }
                try #expect(new.collectGarbage() == 0)
                #expect(try nodes.talk(port: 8500) == Role.egress)
            }
        }
    }

    /// What version 2 could hold.
    private static func ofIPv4(_ state: DatapathState) -> DatapathState {
        var state = state
        for index in state.pods.keys { state.pods[index]?.ipv6 = nil }
        state.entries = state.entries.mapValues { entry in
            EntryRecord(
                egressIPv4: entry.egressIPv4, set: entry.set, interfaceIndex: entry.interfaceIndex, policy: entry.policy,
                keptPorts: entry.keptPorts, portSlice: entry.portSlice, isShared: entry.isShared)
        }
        state.egressAddresses = state.egressAddresses.filter { $0.key.family == .ipv4 }
        state.choices = state.choices.filter { $0.key.family == .ipv4 }
        for node in state.nodes.keys { state.nodes[node]?.podNetwork6 = nil }
        return state
    }

    @Test func `a helper that ends in the middle leaves it to the next one`() async throws {
        struct End: Error {}
        try await Sandbox.run { bpffs in
            let nodes = try TwoNodes(TwoNodes.Shape(mode: .clsact, isLocal: false, isBridged: false), bpffs: bpffs)
            let root = bpffs + "/gateway"
            let connection = try nodes.open(port: 80)
            #expect(rename("\(root)/v\(EGRESS_ABI_VERSION)", "\(root)/v\(Self.likeOurs)") == 0)
            let conversions = try Self.likeOurs(root)
            for end in [LayoutUpgrade.Step.copied, .swapped] {
                #expect(throws: End.self) {
                    try nodes.gateway.inside {
                        try LoadedDatapath(pinRoot: root, mode: .clsact, conversions: conversions) { if $0 == end { throw End() } }
                    }
                }
                try connection.exchange()
            }
            let new = try nodes.gateway.inside { try LoadedDatapath(pinRoot: root, mode: .clsact, conversions: conversions) }
            #expect(new.takeover?.failure == nil)
            try connection.exchange()
            #expect(try nodes.talk(port: 81) == Role.egress)
        }
    }

    @Test func `maps that aren't what their layout says are left behind, and the helper starts`() async throws {
        try await Sandbox.run { bpffs in
            let nodes = try TwoNodes(TwoNodes.Shape(mode: .clsact, isLocal: false, isBridged: false), bpffs: bpffs)
            let root = bpffs + "/gateway"
            #expect(rename("\(root)/v\(EGRESS_ABI_VERSION)", "\(root)/v\(Self.likeOurs)") == 0)
            let wrong = LayoutConversion(maps: ["egress_nat_rev4": LayoutConversion.unchanged(as: "egress_flows4")])
            _ = try nodes.talk(port: 80)
            let new = try nodes.gateway.inside {
                try LoadedDatapath(pinRoot: root, mode: .clsact, conversions: [Self.likeOurs: wrong])
            }
            #expect(new.takeover?.failure?.contains("egress_flows4") == true)
            try #expect(Command.run(["ls", root]) == "v\(EGRESS_ABI_VERSION)\n")
        }
    }
}
