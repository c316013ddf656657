import CEgressABI
import EgressModel
import EgressPlan
import EgressPolicy
import TestKit
import Testing

@testable import BPFDatapath

/// Addresses that an entry lost and drains, and what becomes of connections when that is over too.
@Suite("Draining and resets", .requires(.packet))
struct DrainingTests {
    private static func middle(_ sent: Datagram) -> Datagram { sent.with { $0.flags = Datagram.ack } }

    /// The pod's own of the entry's addresses changes; the old one is drained.
    private static func drain(_ scene: Scene) throws {
        try scene.world.execute(.setEgressAddress(scene.cast.otherEgress, EgressAddressRecord(isShared: false)))
        try scene.setEntry(addresses: [scene.cast.otherEgress], draining: [scene.cast.egress])
        try scene.world.execute(.forgetTranslations(entry: Role.localEntry))
    }

    private static func endDrain(_ scene: Scene) throws {
        try scene.setEntry(addresses: [scene.cast.otherEgress])
        try scene.world.execute(.forgetTranslations(entry: Role.localEntry))
        try scene.world.execute(.removeEgressAddress(scene.cast.egress))
    }

    @Test(arguments: Scene.families)
    func `living translations go on with an address that drains, new ones have the entry's own`(_ family: IPFamily) async throws {
        try await Scene.with(family) { scene in
            let out = try scene.isTranslated(scene.request, port: 40000)
            try Self.drain(scene)
            for _ in 0..<3 {
                try scene.isTranslated(Self.middle(scene.request), port: 40000)
                try scene.isReversed(out.answered { $0.flags = Datagram.ack }, to: scene.request)
            }
            let another = scene.request.with { $0.sourcePort = 40001 }
            try scene.isTranslated(another, to: scene.cast.otherEgress, port: 40001)
            #expect(try scene.forwardCount() == 2)
            let used = try scene.world.datapath.addressesInUse()
            #expect(used == [Role.localEntry: [scene.cast.egress, scene.cast.otherEgress]])
            let entry = try #require(try scene.world.datapath.actualState().entries[Role.localEntry])
            #expect(entry.draining == [scene.cast.egress] && entry.egressAddresses == [scene.cast.otherEgress])
        }
    }

    @Test(arguments: Scene.families)
    func `an entry that only drains serves no new connection`(_ family: IPFamily) async throws {
        try await Scene.with(family) { scene in
            try scene.isTranslated(scene.request)
            try scene.setEntry(addresses: [], draining: [scene.cast.egress])
            try scene.isTranslated(Self.middle(scene.request))
            try scene.drops(scene.requestHook, scene.request.with { $0.sourcePort = 40001 }, "no_egress_ip")
        }
    }

    @Test(arguments: Scene.families)
    func `when the drain is over another node's pod gets a reset through the tunnel, and begins anew`(_ family: IPFamily) async throws {
        try await Scene.with(family) { scene in
            try scene.isTranslated(scene.request)
            try Self.drain(scene)
            try Self.endDrain(scene)
            #expect(try scene.forwardCount() == 0)
            for flags in [Datagram.ack, Datagram.ack | Datagram.fin, Datagram.fin, 0] {
                let sent = scene.request.with { $0.flags = flags }
                try scene.resets(scene.requestHook, sent, "flags \(flags)")
                #expect(try scene.run(scene.requestHook, sent).frame.macs == Role.onWire(Role.token))
            }
            for flags in [Datagram.rst, Datagram.rst | Datagram.ack, Datagram.syn | Datagram.ack] {
                try scene.drops(scene.requestHook, scene.request.with { $0.flags = flags }, "no_flow", "flags \(flags)")
            }
            try scene.isTranslated(scene.request, to: scene.cast.otherEgress)
        }
    }

    @Test(arguments: Scene.families)
    func `a pod of the gateway itself gets one too`(_ family: IPFamily) async throws {
        try await Scene.with(family) { scene in
            try scene.choose([(Role.localEntry, Role.thisNode)])
            try scene.isTranslated(scene.fromPod, by: .podSends)
            try scene.isTranslated(scene.fromPod.with { $0.kind = .udp }, by: .podSends)
            try Self.drain(scene)
            try scene.isTranslated(Self.middle(scene.fromPod), by: .podSends)
            try Self.endDrain(scene)
            #expect(try scene.reverses() == [])
            #expect(try scene.flows().count == 1, "the datagrams begin anew")
            try scene.resets(.podSends, Self.middle(scene.fromPod))
            try scene.isTranslated(scene.fromPod, by: .podSends, to: scene.cast.otherEgress)
            #expect(try scene.flows().count == 1)
        }
    }

    @Test(arguments: Scene.families)
    func `nobody is reset whose record doesn't say that he opened it, nor while maps move`(_ family: IPFamily) async throws {
        try await Scene.with(family) { scene in
            try scene.drops(.podSends, Self.middle(scene.fromPod), "no_flow", "it may be one that came in")
            try scene.isTunnelled(scene.fromPod)
            try scene.choose([(21, Role.thisNode)])
            try scene.world.execute(.forgetFlows(interfaceIndex: scene.world.podIndex))
            try scene.world.datapath.withLoaded { loaded in
                var config = try loaded.tables.config.value(0) ?? egress_config()
                config.upgrading = 1
                try loaded.tables.config.set(0, config)
            }
            try scene.drops(.podSends, Self.middle(scene.fromPod), "no_flow")
            try scene.drops(scene.requestHook, Self.middle(scene.request), "no_flow")
        }
    }

    @Test(arguments: Scene.families)
    func `a large segment is answered by a reset without its data`(_ family: IPFamily) async throws {
        try await Scene.with(family) { scene in
            try scene.resets(scene.requestHook, Self.middle(scene.request).with { $0.data = Octets([UInt8](repeating: 7, count: 1300)) })
            let options = Self.middle(scene.request).with { $0.tcpOptions = [.nop, .nop, .nop, .nop] }
            try scene.resets(scene.requestHook, options)
        }
    }
}
