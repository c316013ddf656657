import EgressModel
import EgressPlan
import Glibc
import TestKit
import Testing

@testable import BPFDatapath

@Suite("Limits per pod and per entry", .requires(.packet))
struct LimitTests {
    /// Ten, of either family.
    private static func ten(_ family: IPFamily) -> UInt32 { family == .ipv4 ? 10 : 20 }
    private static let going = Packet.Payload.tcp(flags: Packet.ack)

    /// Another pod of this node, by the same gateway.
    private static func addPod(_ talk: Talk) throws -> (index: Int, address: IPAddress) {
        try Command.run(["ip", "link", "add", "pod1", "type", "veth", "peer", "name", "pod1p"])
        let index = Int(if_nametoindex("pod1"))
        let ipv6 = try Talk.address("fd00:1::6")
        try talk.world.execute(
            .setPod(interfaceIndex: index, PodRecord(ipv4: Role.otherPod, ipv6: ipv6, set: Role.set, deliverIndex: index)))
        try talk.world.execute(
            .setChoice(
                ChoiceKey(interfaceIndex: index, policy: Role.policy, family: talk.kind.family),
                GatewayChoice(onNoGateway: .drop, ranked: [.init(entry: Role.localEntry, gateway: Role.thisNode)])))
        return (index, talk.kind.family == .ipv4 ? Role.otherPod : ipv6)
    }

    @Test(arguments: Talk.kinds.filter { $0.place == .here }, [true, false])
    func `a pod's scan ends at its limit; its living connections and other pods go on`(_ kind: Talk.Kind, _ isLocal: Bool) async throws {
        try await Talk.with(kind) { talk in
            if !isLocal {
                try talk.world.execute(
                    .setChoice(
                        ChoiceKey(interfaceIndex: talk.world.podIndex, policy: Role.policy, family: kind.family),
                        GatewayChoice(onNoGateway: .drop, ranked: [.init(entry: Role.remoteEntry, gateway: Role.otherNode)])))
            }
            try talk.setLimits(ConnectionLimits(connectionsPerPod: Self.ten(kind.family), translationsPerEntry: 0))
            let other = try Self.addPod(talk)
            for port: UInt16 in 40000..<40010 { try #expect(talk.send(from: port).verdict == World.Outcome.redirect) }
            for port: UInt16 in 40010..<40100 { try #expect(talk.send(from: port).drops == ["pod_limit": 1]) }
            try #expect(talk.send(.udp()).drops == ["pod_limit": 1])
            try #expect(talk.use().pod == .init(steered: 10))
            for port: UInt16 in 40000..<40010 {
                try #expect(talk.send(Self.going, from: port).verdict == World.Outcome.redirect)
                try #expect(talk.send(from: port).verdict == World.Outcome.redirect, "a SYN sent again is no new connection")
            }
            var packet = talk.packet()
            packet.source = other.address
            let run = TestRun(program: try talk.world.program("egress_pod"), interface: other.index, cameFrom: other.index)
            try #expect(run.run(packet.frame).verdict == World.Outcome.redirect)
            // One gone is one more.
            try talk.world.execute(.removePod(interfaceIndex: talk.world.podIndex))
            try talk.world.execute(.forgetFlows(interfaceIndex: talk.world.podIndex))
            try talk.setPod()
            try #expect(talk.use().pod == .init())
            try #expect(talk.send(from: 40099).verdict == World.Outcome.redirect)
        }
    }

    @Test(arguments: Talk.kinds)
    func `an entry's limit refuses its new connections and no other entry's`(_ kind: Talk.Kind) async throws {
        try await Talk.with(kind) { talk in
            try talk.setLimits(ConnectionLimits(connectionsPerPod: 0, translationsPerEntry: Self.ten(kind.family)))
            let start = try talk.world.clock()
            for port: UInt16 in 40000..<40010 { try #expect(talk.send(from: port).verdict == World.Outcome.redirect) }
            for port: UInt16 in 40010..<40020 { try #expect(talk.send(from: port).drops == ["entry_limit": 1]) }
            for port: UInt16 in 40000..<40010 { try #expect(talk.send(Self.going, from: port).verdict == World.Outcome.redirect) }
            if kind.place == .elsewhere {
                try talk.setEntry(6)
                let hook = World.Hook.tunnel(vni: 6, from: Role.otherNode)
                try #expect(talk.world.run(hook, talk.packet(from: 40020)).verdict == World.Outcome.redirect)
                try #expect(talk.use().entry.steered == 10)
            }
            // What the collector takes away is room again.
            try #expect(talk.collect(239, after: start) == 0)
            try #expect(talk.collect(241, after: talk.world.clock()) == (kind.place == .elsewhere ? 11 : 10))
            try #expect(talk.use().entry == .init())
            for port: UInt16 in 40010..<40020 { try #expect(talk.send(from: port).verdict == World.Outcome.redirect) }
        }
    }

    @Test(arguments: Talk.kinds.filter { $0.place == .here })
    func `who calls a pod from outside can't use up its own connections`(_ kind: Talk.Kind) async throws {
        try await Talk.with(kind) { talk in
            try talk.setLimits(ConnectionLimits(connectionsPerPod: Self.ten(kind.family), translationsPerEntry: 0))
            for port: UInt16 in 9000..<9030 {
                let call = Packet(source: talk.server, destination: talk.pod, sourcePort: port, destinationPort: 80)
                let out = try talk.world.run(.podIsGiven, call)
                #expect(out.verdict == World.Outcome.pass)
                #expect(out.counts == (port < 9010 ? [:] : ["unrecorded": 1]))
            }
            try #expect(talk.use().pod == .init(others: 10))
            for port: UInt16 in 40000..<40010 { try #expect(talk.send(from: port).verdict == World.Outcome.redirect) }
        }
    }

    @Test(arguments: Talk.kinds)
    func `a count that was lost is put right by two walks of the collector`(_ kind: Talk.Kind) async throws {
        try await Talk.with(kind) { talk in
            for port: UInt16 in 40000..<40005 { try talk.send(from: port) }
            let right = try talk.use()
            for off: Int32 in [7, -3] {
                try talk.loseCounts(off)
                let now = try talk.world.clock()
                try talk.world.collect(at: now)
                try #expect(talk.use().entry.steered == 5 + off, "one walk alone may be wrong itself")
                try talk.world.collect(at: now)
                try talk.world.collect(at: now)
                var after = try talk.use()
                // A counter of a pod that has no connection here was made by the loss itself.
                if kind.place == .elsewhere { after.pod = .init() }
                #expect(after == right)
            }
        }
    }

    @Test func `what a walk finds counts only outside of what the counter said around it, twice, by the smaller`() {
        let pod = UseOwner.pod(3)
        func found(_ number: Int32) -> UseCounts {
            var counts = UseCounts()
            counts.count(pod, steered: number)
            return counts
        }
        var correction = UseCorrection<IPv4Datapath>()
        func walk(_ before: Int32, _ number: Int32, _ after: Int32) -> Int32 {
            correction.begin([pod: ConnectionUse(steered: before)])
            return correction.end([pod: ConnectionUse(steered: after)], found: found(number)).corrections[pod]?.steered ?? 0
        }
        for _ in 0..<3 { #expect(walk(10, 15, 20) == 0, "it grew meanwhile") }
        #expect(walk(10, 4, 10) == 0)
        #expect(walk(10, 12, 10) == 0, "the other direction")
        #expect(walk(10, 15, 10) == 2)
        #expect(walk(12, 15, 12) == 3)
        #expect(walk(15, 15, 15) == 0)
        correction.begin([:])
        #expect(correction.end([pod: ConnectionUse()], found: UseCounts()).idle == [pod])
    }
}
