import CEgressABI
import CLibBPF
import EgressModel
import EgressPlan
import EgressPorts
import TestKit
import Testing

@testable import BPFDatapath

/// One packet through a second instance of the programs: the same verdict as the first gives, every lookup on the way,
/// and nothing left in the maps that packets use.
@Suite(.requires(.packet), .serialized)
struct TraceTests {
    private static func probe(_ world: World, to destination: IPAddress = Role.server, _ transport: IPProtocol = .tcp, opens: Bool = true)
        -> TraceProbe
    {
        let request = TraceRequest(
            origin: .pod(namespace: "default", name: "web"), transport: transport, destination: Endpoint(destination, 443),
            sourcePort: 40_000, opens: opens)
        return TraceProbe(.pod(interfaceIndex: world.podIndex, source: Role.pod), request)
    }

    private static func request(opens: Bool = true, to destination: IPAddress = Role.server, entry: UInt32 = Role.localEntry) -> TraceProbe
    {
        let request = TraceRequest(
            origin: .node(name: "node-2", entry: entry, source: Role.remotePod), destination: Endpoint(destination, 443),
            sourcePort: 40_000, opens: opens)
        return TraceProbe(.tunnel(from: Role.otherNode, entry: entry, source: Role.remotePod), request)
    }

    private static func lookups(_ result: TraceResult) -> [String] { result.steps.map { "\($0.lookup) \($0.isFound ? "yes" : "no")" } }

    @Test func `a pod's packet for another node's gateway shows each lookup, and where to ask for the rest`() async throws {
        try await World.with { world in
            let result = try world.datapath.trace(Self.probe(world), names: SightTests.names(world))
            #expect(result.verdict == .tunnelled && result.gatewayNode == "node-2" && result.entry == Role.remoteEntry)
            #expect(result.policy == "sample" && result.code == nil && result.egress == nil && result.node == "node-1")
            #expect(
                Self.lookups(result) == [
                    "flow no", "cluster no", "pod yes", "rule yes", "choice yes", "gateway yes", "flow + yes",
                ], "\(result.steps)")
            #expect(result.steps[2].detail.contains("(default/web): 10.1.0.5, set 7"))
            #expect(result.steps[3].detail == "198.51.100.9 in set 7: by a gateway, policy sample")
            #expect(result.steps[4].detail.contains("best first: node-2 (entry 17); without one drop"))
            #expect(result.left.hasPrefix("000000000000000000000000"), "the token shows")
            #expect(!result.left.isEmpty && result.given.count == result.left.count)
        }
    }

    @Test func `the gateway's half claims a port, asks for the route and shows the egress address`() async throws {
        try await World.with { world in
            let result = try world.datapath.trace(Self.request(), names: SightTests.names(world))
            #expect(result.verdict == .translated && result.egress == Endpoint(Role.egress, 40_000), "\(result)")
            let lookups = Self.lookups(result)
            for step in [
                "node yes", "forward no", "entry yes", "cluster no", "rule yes", "egress-ip yes", "reverse + yes", "forward + yes",
            ] {
                #expect(lookups.contains(step), "\(step) isn't in \(lookups)")
            }
            #expect(lookups.last == "route yes")
            #expect(result.steps.contains { $0.detail == "port claimed: 203.0.113.10:40000 to 198.51.100.9:443" })
            #expect(result.given.hasPrefix("000000000000000000000000"))
        }
    }

    @Test func `a trace meets ports in use, and the records of its own connection`() async throws {
        try await World.with { world in
            try world.run(world.requestHook, world.request)
            let living = try world.datapath.trace(Self.request(opens: false), names: SightTests.names(world))
            #expect(living.verdict == .translated && living.egress?.port == 40_000)
            #expect(living.steps.contains { $0.lookup == "forward" && $0.isFound && $0.detail.contains("203.0.113.10:40000") })

            var other = Self.request()
            other.entrance = .tunnel(from: Role.otherNode, entry: Role.localEntry, source: Role.address(10, 1, 1, 10))
            let result = try world.datapath.trace(other, names: SightTests.names(world))
            #expect(result.verdict == .translated && result.egress?.port != 40_000)
            #expect(result.steps.contains { $0.detail.hasPrefix("port in use: 203.0.113.10:40000") && !$0.isFound })
        }
    }

    @Test func `a local gateway is traced to the way out`() async throws {
        try await World.with { world in
            try world.choose([(Role.localEntry, Role.thisNode)])
            let result = try world.datapath.trace(Self.probe(world, .udp), names: SightTests.names(world))
            #expect(result.verdict == .translated && result.egress == Endpoint(Role.egress, 40_000) && result.policy == "sample")
            let ping = try world.datapath.trace(Self.probe(world, .icmp), names: SightTests.names(world))
            #expect(ping.verdict == .translated && ping.egress == Endpoint(Role.egress, 40_000))
        }
    }

    @Test func `drops have their reason, what isn't ours passes`() async throws {
        try await World.with { world in
            let names = SightTests.names(world)
            let late = try world.datapath.trace(Self.probe(world, opens: false), names: names)
            #expect(late.verdict == .dropped && late.code == .drop(3) && late.left.isEmpty)
            let inside = try world.datapath.trace(Self.probe(world, to: Role.address(10, 96, 0, 1)), names: names)
            #expect(inside.verdict == .passed)
            #expect(inside.steps.last?.detail == "10.96.0.1 is in a range of the cluster's own: service")
            #expect(try world.datapath.trace(Self.probe(world, IPProtocol(132)), names: names).code == .drop(6))
            #expect(try world.datapath.trace(Self.request(entry: 99), names: names).code == .drop(15))
            let nowhere = try world.datapath.trace(Self.request(to: Role.address(192, 0, 2, 200)), names: names)
            #expect(nowhere.code == .drop(19) && nowhere.steps.last.map { $0.lookup == "route" && !$0.isFound } == true)
        }
    }

    private static func steerByStack(_ world: World, ipv6: IPAddress? = nil) throws {
        let record = PodRecord(ipv4: Role.pod, ipv6: ipv6, set: Role.set, deliverIndex: world.podIndex, steering: .stack)
        try world.execute(.setPod(interfaceIndex: world.podIndex, record))
    }

    @Test func `by the stack both programs are traced, and what lies between is named as not run`() async throws {
        try await World.with { world in
            try Self.steerByStack(world)
            let names = SightTests.names(world)
            let result = try world.datapath.trace(Self.probe(world), names: names)
            #expect(result.verdict == .tunnelled && result.gatewayNode == "node-2" && result.entry == Role.remoteEntry, "\(result)")
            let first = ["flow no", "cluster no", "pod yes", "rule yes", "choice yes", "gateway yes", "flow + yes"]
            let second = [
                "stack no", "pod-ip yes", "pod yes", "cluster no", "flow yes", "rule yes", "choice yes", "gateway yes", "flow yes",
            ]
            #expect(Self.lookups(result) == first + second, "\(result.steps)")
            #expect(
                result.steps[7].detail
                    == "marked 0x1000: the node's stack routes it to the tunnel device (interface \(world.tunnelIndex)) by that mark, and "
                    + "FORWARD decides about it; neither is run by a trace")
            #expect(result.steps[8].detail == "10.1.0.5 is the pod behind interface \(world.podIndex)")
            #expect(result.steps[2].detail.hasSuffix("steered by stack"))
            #expect(result.left.hasPrefix("000000000000000000000000"), "the token shows")

            try world.choose([(Role.localEntry, Role.thisNode)])
            let local = try world.datapath.trace(Self.probe(world, .udp), names: names)
            #expect(local.verdict == .translated && local.egress == Endpoint(Role.egress, 40_000), "\(local)")
            let lookups = Self.lookups(local)
            #expect(lookups.firstIndex(of: "stack no").map { $0 < lookups.firstIndex(of: "reverse + yes") ?? 0 } == true, "\(lookups)")
            #expect(lookups.contains("route yes"), "\(lookups)")
            let hops = local.left.dropFirst(44).prefix(2)
            #expect(hops == "3f", "one hop, not two")
        }
    }

    @Test func `by the stack a trace of IPv6 reaches the way out, and a drop before FORWARD ends it`() async throws {
        try await World.with { world in
            try world.addIPv6()
            let cast = try Cast.of(.ipv6)
            try Self.steerByStack(world, ipv6: cast.pod)
            var probe = Self.probe(world, to: cast.server)
            probe.entrance = .pod(interfaceIndex: world.podIndex, source: cast.pod)
            let result = try world.datapath.trace(probe, names: SightTests.names(world))
            #expect(result.verdict == .tunnelled && result.steps.contains { $0.lookup == "pod-ip" && $0.isFound }, "\(result)")
            let dropped = try world.datapath.trace(Self.probe(world, opens: false), names: SightTests.names(world))
            #expect(dropped.code == .drop(3) && !dropped.steps.contains { $0.lookup == "stack" })
        }
    }

    /// The verdicts of a trace and of the same packet through the real programs are the same.
    @Test func `a trace says what the programs in use do`() async throws {
        try await World.with { world in
            for (destination, isLocal) in [(Role.server, false), (Role.server, true), (Role.address(10, 96, 0, 1), true)] {
                try world.choose(isLocal ? [(Role.localEntry, Role.thisNode)] : [(Role.remoteEntry, Role.otherNode)])
                let traced = try world.datapath.trace(Self.probe(world, to: destination), names: SightTests.names(world))
                var packet = world.fromPod
                packet.destination = destination
                packet.data = []
                let real = try world.run(.podSends, packet)
                switch traced.verdict {
                case .passed: #expect(real.verdict == World.Outcome.pass)
                case .tunnelled: #expect(real.counts["tunnelled"] == 1)
                case .translated:
                    #expect(real.counts["translated"] == 1)
                    #expect(traced.egress == Endpoint(real.frame.source, real.frame.sourcePort))
                default: Issue.record("\(traced.verdict)")
                }
            }
        }
    }

    @Test func `the maps that packets use are byte for byte as they were`() async throws {
        try await World.with { world in
            try world.run(world.requestHook, world.request)
            try world.run(.podSends, world.fromPod)
            for steering in [Steering.redirect, .stack] {
                let record = PodRecord(ipv4: Role.pod, ipv6: nil, set: Role.set, deliverIndex: world.podIndex, steering: steering)
                try world.execute(.setPod(interfaceIndex: world.podIndex, record))
                try Self.leavesNothing(world)
            }
        }
    }

    private static func leavesNothing(_ world: World) throws {
        let before = try Self.everything(world)
        #expect(before.count > 20)
        for probe in [Self.probe(world), Self.request(), Self.request(opens: false), Self.probe(world, IPProtocol(132))] {
            _ = try world.datapath.trace(probe, names: SightTests.names(world))
        }
        #expect(try Self.everything(world) == before)
    }

    /// Octets of every entry of every map, in the maps' own order.
    private static func everything(_ world: World) throws -> [[UInt8]] {
        try world.datapath.withLoaded { loaded in
            let tables = loaded.tables
            var all = try bytes(tables.config) + bytes(tables.meta) + bytes(tables.pods) + bytes(tables.policies) + bytes(tables.choices)
            all += try bytes(tables.gateways) + bytes(tables.nodes) + bytes(tables.nodeNumbers.numbers)
            all += try bytes(tables.ipv4) + bytes(tables.ipv6)
            for counts in [tables.counts, tables.tries, tables.traffic, tables.addressTraffic] {
                for index in 0..<UInt32(min(counts.capacity, 256)) {
                    all.append(try counts.sums(index).flatMap { sum in withUnsafeBytes(of: sum) { Array($0) } })
                }
            }
            return all
        }
    }

    private static func bytes<Family>(_ tables: FamilyTables<Family>) throws -> [[UInt8]] {
        try bytes(tables.podAddresses) + bytes(tables.rules) + bytes(tables.cluster) + bytes(tables.entries) + bytes(tables.egressAddresses)
            + bytes(tables.flows) + bytes(tables.forward) + bytes(tables.reverse) + bytes(tables.refused)
    }

    private static func bytes<Key, Value>(_ table: BPFTable<Key, Value>) throws -> [[UInt8]] {
        try table.all().map { entry in
            withUnsafeBytes(of: entry.key) { Array($0) } + withUnsafeBytes(of: entry.value) { Array($0) }
        }
    }
}
