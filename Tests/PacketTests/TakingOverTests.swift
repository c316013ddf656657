import CEgressABI
import EgressModel
import EgressPlan
import EgressPolicy
import TestKit
import Testing

@testable import BPFDatapath

/// A gateway that gained an address, and connections that left by it at another gateway.
@Suite("Taking connections over", .requires(.packet))
struct TakingOverTests {
    private static let third = Role.address(172, 18, 0, 4)
    private static let thirdEntry: UInt32 = 21

    private static func middle(_ sent: Datagram) -> Datagram { sent.with { $0.flags = Datagram.ack } }

    @Test(arguments: Scene.families)
    func `a connection in its middle goes on with the port that it had, while the entry is new`(_ family: IPFamily) async throws {
        try await Scene.with(family) { scene in
            let now = try scene.world.clock()
            try scene.world.adopt(until: now + 60)
            let expected = Self.middle(scene.request).with {
                $0.hops -= 1
                $0.source = scene.cast.egress
            }
            try scene.leaves(scene.requestHook, Self.middle(scene.request), as: expected, counting: ["translated", "adopted"])
            try scene.isReversed(expected.answered(), to: scene.request)
            try scene.isTranslated(Self.middle(scene.request), port: 40000)
            for flags in [Datagram.rst, Datagram.syn | Datagram.ack] {
                let sent = scene.request.with { ($0.flags, $0.sourcePort) = (flags, 40001) }
                try scene.drops(scene.requestHook, sent, "no_flow", "flags \(flags)")
            }
            let elsewhere = Self.middle(scene.request).with { $0.destination = scene.cast.inCluster[0] }
            try scene.drops(scene.requestHook, elsewhere, "destination")
            try scene.world.adopt(until: now)
            try scene.isTranslated(Self.middle(scene.request), port: 40000)
            try scene.resets(scene.requestHook, Self.middle(scene.request).with { $0.sourcePort = 40002 })
        }
    }

    @Test func `an entry takes over for a while after it gained an address, and never after it lost one`() async throws {
        try await World.with { world in
            func until() throws -> UInt32 {
                try world.datapath.withLoaded { try $0.tables.ipv4.entries.value(9)?.adopt_until ?? 0 }
            }
            let other = Role.address(203, 0, 113, 77)
            let start = try world.clock()
            try world.setEntry(9)
            let first = try until()
            #expect(first >= start + 120 && first <= start + 130)
            try world.adopt(9, until: 5)
            try world.setEntry(9)
            #expect(try until() == 5, "it is no younger when it is written again")
            try world.setEntry(9, addresses: [Role.egress, other])
            #expect(try until() >= first)
            try world.setEntry(9, addresses: [other])
            #expect(try until() == 0)
            try world.setEntry(9, addresses: [Role.egress])
            #expect(try until() == 0)
        }
    }

    @Test(arguments: Scene.families)
    func `a pod's connection moves to the gateway that has its address now, and waits while there is none`(
        _ family: IPFamily
    ) async throws {
        try await Scene.with(family) { scene in
            let (world, cast) = (scene.world, scene.cast)
            try world.execute(.setGateway(Self.third, .init(place: .remote)))
            try scene.choose([(Role.remoteEntry, Role.otherNode)], egress: cast.egress)
            try scene.isTunnelled(scene.fromPod)
            try scene.isTunnelled(Self.middle(scene.fromPod))
            try scene.choose([])
            try world.execute(.forgetFlows(interfaceIndex: world.podIndex))
            try scene.drops(.podSends, Self.middle(scene.fromPod), "no_gateway")
            try world.addRule(cast.everything, .drop(UInt8(EGRESS_DROP_NO_GATEWAY.rawValue)))
            try scene.drops(.podSends, Self.middle(scene.fromPod), "no_gateway", "nor is it reset when its rule says that there is none")
            try world.addRule(cast.everything, .gateway)
            try scene.choose([(Self.thirdEntry, Self.third)], egress: cast.egress)
            try world.execute(.forgetFlows(interfaceIndex: world.podIndex))
            for _ in 0..<3 { try scene.isTunnelled(Self.middle(scene.fromPod)) }
            #expect(try scene.flows().map(\.entry) == [Self.thirdEntry])
            let answer = Self.middle(scene.fromPod).answered { $0.macs = Octets(Role.onWire(Role.token)) }
            let hook = World.Hook.tunnel(vni: EGRESS_VNI_REPLY | Self.thirdEntry, from: Self.third)
            try world.execute(.setNode(Self.third, NodeRecord()))
            try scene.leaves(hook, answer, as: answer.with { $0.hops -= 1 }, counting: ["delivered"])
            try scene.drops(scene.replyHook, answer, "reply_unknown")
        }
    }

    @Test(arguments: Scene.families)
    func `by a gateway with another address, or one that nobody knows, it is lost`(_ family: IPFamily) async throws {
        try await Scene.with(family) { scene in
            let (world, cast) = (scene.world, scene.cast)
            try world.execute(.setGateway(Self.third, .init(place: .remote)))
            for (port, before, after) in [(1, cast.egress, cast.otherEgress), (2, cast.egress, nil), (3, nil, nil)]
                as [(UInt16, IPAddress?, IPAddress?)]
            {
                let sent = scene.fromPod.with { $0.sourcePort = port }
                try scene.choose([(Role.remoteEntry, Role.otherNode)], egress: before)
                try scene.isTunnelled(sent)
                try scene.choose([(Self.thirdEntry, Self.third)], egress: after)
                try world.execute(.forgetFlows(interfaceIndex: world.podIndex))
                try scene.resets(.podSends, Self.middle(sent))
                try scene.isTunnelled(sent)
            }
        }
    }

    @Test(arguments: Scene.families)
    func `the pod's own node takes over too, and only what it can`(_ family: IPFamily) async throws {
        try await Scene.with(family) { scene in
            let (world, cast) = (scene.world, scene.cast)
            try scene.choose([(Role.remoteEntry, Role.otherNode)], egress: cast.egress)
            try scene.isTunnelled(scene.fromPod)
            try scene.choose([(Role.localEntry, Role.thisNode)], egress: cast.egress)
            try world.execute(.forgetFlows(interfaceIndex: world.podIndex))
            try scene.resets(.podSends, Self.middle(scene.fromPod), "it has had the address for long")
            try world.adopt(until: try world.clock() + 60)
            let expected = Self.middle(scene.fromPod).with {
                $0.hops -= 1
                $0.source = cast.egress
            }
            try scene.leaves(.podSends, Self.middle(scene.fromPod), as: expected, counting: ["translated", "adopted"])
            try scene.isReversed(expected.answered(), to: scene.fromPod, isHere: true)
            #expect(try scene.flows().count == 1)
        }
    }

    @Test(arguments: Scene.families)
    func `what this node translated goes on elsewhere with the same address`(_ family: IPFamily) async throws {
        try await Scene.with(family) { scene in
            let (world, cast) = (scene.world, scene.cast)
            try scene.choose([(Role.localEntry, Role.thisNode)], egress: cast.egress)
            try scene.isTranslated(scene.fromPod, by: .podSends)
            try scene.choose([(Role.remoteEntry, Role.otherNode)], egress: cast.egress)
            try world.execute(.forgetFlows(interfaceIndex: world.podIndex))
            #expect(try scene.reverses() == [])
            for _ in 0..<3 { try scene.isTunnelled(Self.middle(scene.fromPod)) }
        }
    }

    @Test(arguments: Scene.families)
    func `somebody outside may call from where a lost connection went`(_ family: IPFamily) async throws {
        try await Scene.with(family) { scene in
            try scene.isTunnelled(scene.fromPod)
            try scene.choose([(Self.thirdEntry, Self.third)])
            try scene.world.execute(.forgetFlows(interfaceIndex: scene.world.podIndex))
            let call = scene.fromPod.answered { $0.flags = Datagram.syn }
            try scene.passes(.podIsGiven, call)
            try scene.passes(.podSends, call.answered(), counting: "inbound")
        }
    }
}
