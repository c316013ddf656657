import CEgressABI
import EgressModel
import EgressPlan
import TestKit
import Testing

/// Case 18: the tunnel is not a door. Each thing that isn't right has its own reason.
@Suite("Cases of what the tunnel brings", .requires(.packet))
struct TunnelCases {
    @Test(arguments: Scene.families)
    func `18: without the cluster's token nothing enters, by the one before it everything does`(_ family: IPFamily) async throws {
        try await Scene.with(family) { scene in
            for at in 0..<12 {
                // The two lowest bits of a first octet aren't the token's.
                let bit: UInt8 = at % 6 == 0 ? 4 : 1
                try scene.drops(scene.requestHook, scene.request.with { $0.macs.bytes[at] ^= bit }, "token", "octet \(at)")
            }
            try scene.isTranslated(scene.request.with { $0.macs = Octets(Role.onWire(Role.olderToken)) })
            try scene.world.execute(
                .setSettings(.init(tunnelIndex: scene.world.tunnelIndex, nodeAddress: Role.thisNode, tunnelMTU: 1450, tokens: [])))
            for macs in [Role.onWire(Role.token), Role.onWire([UInt8](repeating: 0, count: 12)), [UInt8](repeating: 0, count: 12)] {
                try scene.drops(scene.requestHook, scene.request.with { $0.macs = Octets(macs) }, "token")
            }
            try scene.drops(.podSends, scene.fromPod, "tunnel")
        }
    }

    @Test(arguments: Scene.families)
    func `18: who sends it, for which entry and for whom: each is asked`(_ family: IPFamily) async throws {
        try await Scene.with(family) { scene in
            let local = Role.localEntry
            try scene.drops(.tunnel(vni: local, from: Role.address(172, 18, 0, 99)), scene.request, "outer_source")
            for entry: UInt32 in [0, 99, Role.remoteEntry, EGRESS_VNI_ENTRY_MASK] {
                try scene.drops(.tunnel(vni: entry, from: Role.otherNode), scene.request, "no_entry", "entry \(entry)")
            }
            try scene.drops(.tunnel(vni: EGRESS_VNI_PROBE | local, from: Role.otherNode), scene.request, "probe")
            for source in [scene.cast.strangePod, scene.cast.pod, scene.cast.server, scene.cast.egress] {
                try scene.drops(scene.requestHook, scene.request.with { $0.source = source }, "inner_source", "\(source)")
            }
            #expect(try scene.reverses() == [])
        }
    }

    @Test(arguments: Scene.families)
    func `18, C13: only the entry's own destinations are served, and none in the cluster`(_ family: IPFamily) async throws {
        try await Scene.with(family) { scene in
            for destination in scene.cast.inCluster {
                try scene.drops(scene.requestHook, scene.request.with { $0.destination = destination }, "destination", "\(destination)")
            }
            try scene.world.addRule(scene.cast.servers, .gateway, set: 50)
            try scene.world.addRule("\(IPPrefix(host: scene.cast.otherServer))", .exclude, set: 50)
            try scene.setEntry(6, addresses: [scene.cast.egress], set: 50)
            let hook = World.Hook.tunnel(vni: 6, from: Role.otherNode)
            try scene.isTranslated(scene.request, by: hook)
            try scene.drops(hook, scene.request.with { $0.destination = scene.cast.otherServer }, "destination")
            try scene.drops(hook, scene.request.with { $0.destination = scene.cast.farServer }, "destination")
        }
    }

    @Test(arguments: Scene.families)
    func `6, 7: another protocol and the last hop are dropped at the gateway too`(_ family: IPFamily) async throws {
        try await Scene.with(family) { scene in
            for number: UInt8 in [47, 50, 132] {
                try scene.drops(scene.requestHook, scene.request.with { ($0.kind, $0.number) = (.other, number) }, "protocol")
            }
            try scene.drops(scene.requestHook, scene.request.with { ($0.kind, $0.isRequest) = (.echo, false) }, "protocol")
            for kind in [Datagram.Kind.tcp, .udp, .echo] {
                try scene.drops(scene.requestHook, scene.request.with { ($0.kind, $0.hops) = (kind, 1) }, "ttl")
                let out = try scene.isTranslated(scene.request.with { ($0.kind, $0.hops) = (kind, 2) })
                try scene.drops(.uplink, out.answered { $0.hops = 1 }, "ttl")
            }
        }
    }

    @Test(arguments: Scene.families)
    func `20: a reply reaches the pod only onto a connection that it opened, from its own gateway`(_ family: IPFamily) async throws {
        try await Scene.with(family) { scene in
            for kind in [Datagram.Kind.tcp, .udp, .echo] {
                let sent = scene.fromPod.with { $0.kind = kind }
                let reply = sent.answered { $0.macs = Octets(Role.onWire(Role.token)) }
                try scene.drops(scene.replyHook, reply, "reply_unknown", "\(kind): never asked")
                try scene.isTunnelled(sent)
                try scene.leaves(scene.replyHook, reply, as: reply.with { $0.hops -= 1 }, counting: ["delivered"])
                let third = Role.address(172, 18, 0, 4)
                try scene.world.execute(.setNode(third, NodeRecord()))
                let wrong: [World.Hook] = [
                    .tunnel(vni: EGRESS_VNI_REPLY | 18, from: Role.otherNode),
                    .tunnel(vni: EGRESS_VNI_REPLY | Role.remoteEntry, from: third),
                ]
                for hook in wrong { try scene.drops(hook, reply, "reply_unknown", "\(hook)") }
                try scene.drops(scene.replyHook, reply.with { $0.source = scene.cast.otherServer }, "reply_unknown")
                try scene.drops(scene.replyHook, reply.with { $0.destination = scene.cast.otherPod }, "no_pod")
                try scene.drops(scene.replyHook, reply.with { $0.hops = 1 }, "ttl")
            }
        }
    }
}
