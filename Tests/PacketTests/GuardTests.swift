import CEgressABI
import EgressModel
import EgressPlan
import TestKit
import Testing

@testable import BPFDatapath

/// The guard's program at an uplink: what a governed pod sends when its own program is gone, and nothing of netfilter is in
/// the way.
@Suite("The guard at an uplink", .requires(.packet))
struct GuardTests {
    private static func call(_ scene: Scene, _ kind: Datagram.Kind = .tcp) -> Datagram {
        Datagram(source: scene.cast.server, destination: scene.cast.pod, kind: kind, sourcePort: 5555, destinationPort: 80)
    }

    private static func setPod(_ scene: Scene, set: UInt32 = Role.set, mode: PodRecord.Mode = .enforce) throws {
        let record = PodRecord(
            ipv4: Role.pod, ipv6: try Cast.of(.ipv6).pod, set: set, deliverIndex: scene.world.podIndex, mode: mode)
        try scene.world.execute(.setPod(interfaceIndex: scene.world.podIndex, record))
    }

    @Test(arguments: Scene.families)
    func `what the pod's policy claims doesn't leave with the pod's address`(_ family: IPFamily) async throws {
        try await Scene.with(family) { scene in
            for sent in scene.kinds(scene.fromPod) { try scene.drops(.uplinkSends, sent, "guard", "\(sent.kind)") }
            let packet = scene.fromPod
            try scene.drops(.uplinkSends, packet.with { ($0.kind, $0.number) = (.other, 47) }, "guard")
            try scene.drops(.uplinkSends, packet.with { $0.flags = Datagram.ack }, "guard", "of a connection that nobody knows")
            try scene.isTunnelled(packet)
            try scene.drops(.uplinkSends, packet.with { $0.flags = Datagram.ack }, "guard", "of one that was steered")
            let parts = packet.with { ($0.kind, $0.isWhole, $0.data) = (.udp, false, Octets([UInt8](repeating: 7, count: 96))) }
            for part in [Datagram.Part(id: 9, from: 0, to: 48), Datagram.Part(id: 9, from: 48)] {
                try scene.drops(.uplinkSends, parts.with { $0.fragment = part }, "guard", "\(part)")
            }
            try scene.world.execute(.setGateway(Role.otherNode, GatewayRecord(place: .remote, isHealthy: false)))
            try scene.drops(.uplinkSends, packet, "guard", "without a gateway")
        }
    }

    @Test(arguments: Scene.families)
    func `what the policy leaves alone leaves, and what isn't the pod's`(_ family: IPFamily) async throws {
        try await Scene.with(family) { scene in
            let packet = scene.fromPod
            try scene.passes(.uplinkSends, packet.with { $0.source = scene.cast.otherPod })
            for inside in scene.cast.inCluster.prefix(3) { try scene.passes(.uplinkSends, packet.with { $0.destination = inside }) }
            try scene.world.addRule(scene.cast.servers, .exclude)
            try scene.passes(.uplinkSends, packet)
            try scene.drops(.uplinkSends, packet.with { $0.destination = scene.cast.farServer }, "guard")
            try scene.world.execute(.setGateway(Role.otherNode, GatewayRecord(place: .remote, isHealthy: false)))
            try scene.choose([(Role.remoteEntry, Role.otherNode)], onNoGateway: .bypass)
            try scene.passes(.uplinkSends, packet.with { $0.destination = scene.cast.farServer })
            try Self.setPod(scene, set: 99)
            try scene.passes(.uplinkSends, packet.with { $0.destination = scene.cast.farServer }, "nothing is claimed")
        }
    }

    @Test(arguments: Scene.families)
    func `answers of connections that came in leave, and so do exempt ones`(_ family: IPFamily) async throws {
        try await Scene.with(family) { scene in
            for kind in [Datagram.Kind.tcp, .udp, .echo] {
                let call = Self.call(scene, kind)
                try scene.drops(.uplinkSends, call.answered(), "guard", "nobody called: \(kind)")
                try scene.passes(.podIsGiven, call)
                try scene.passes(.uplinkSends, call.answered(), "\(kind)")
            }
            let call = Self.call(scene)
            try scene.passes(.uplinkSends, call.answered { $0.flags = Datagram.ack })
            try scene.drops(.uplinkSends, call.answered { $0.flags = Datagram.syn }, "guard", "a new one")
            try scene.drops(.uplinkSends, Self.call(scene, .echo).answered { $0.isRequest = true }, "guard", "the pod's own ping")
            try scene.passes(.uplinkSends, call.error(.unreachable(family), from: scene.cast.pod))
            let strange = call.with { $0.sourcePort = 5556 }
            try scene.drops(.uplinkSends, strange.error(.unreachable(family), from: scene.cast.pod), "guard", "about nobody's call")
            let open = LiveConnection(
                transport: .tcp, pod: scene.cast.pod, podPort: 41000, remote: scene.cast.server, remotePort: 443, stage: .established)
            try scene.world.execute(.setExempt(interfaceIndex: scene.world.podIndex, [open]))
            let sent = scene.fromPod.with { ($0.sourcePort, $0.flags) = (41000, Datagram.ack) }
            try scene.passes(.uplinkSends, sent)
            // Behind a service's address only the guard sees it: its packets keep it alive.
            _ = try scene.world.collect(at: scene.world.clock() + 8000)
            try scene.passes(.uplinkSends, sent)
            _ = try scene.world.collect(at: scene.world.clock() + 8000)
            try scene.passes(.uplinkSends, sent)
            try Self.setPod(scene, mode: .record)
            try scene.passes(.uplinkSends, scene.fromPod)
        }
    }

    @Test(arguments: Scene.families)
    func `what the datapath itself sends isn't looked at`(_ family: IPFamily) async throws {
        try await Scene.with(family) { scene in
            let frame = try Judge.frame(scene.fromPod)
            let run = TestRun(
                program: try scene.world.program("egress_uplink_out"), interface: scene.world.uplinkIndex,
                cameFrom: scene.world.podIndex, mark: EGRESS_MARK_OURS)
            #expect(try run.run(frame).verdict == World.Outcome.pass)
        }
    }
}
