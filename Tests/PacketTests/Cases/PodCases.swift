import CEgressABI
import EgressModel
import EgressPlan
import TestKit
import Testing

/// Cases 1 to 7 and 9: what a pod sends. Numbers are those of the list in docs/testing.md.
@Suite("Cases of what a pod sends", .requires(.packet))
struct PodCases {
    @Test(arguments: Scene.families)
    func `1, C1: a SYN goes into the tunnel: one hop less, a smaller MSS, nothing else`(_ family: IPFamily) async throws {
        try await Scene.with(family) { scene in
            let most = Role.tunnelMTU - scene.cast.headers
            let sent = scene.fromPod.with { $0.tcpOptions = [.mss(1460)] }
            try scene.isTunnelled(sent) { $0.tcpOptions = [.mss(most)] }
            let flows = try scene.flows()
            #expect(flows == [.init(kind: .out, entry: Role.remoteEntry, seenOut: 0, seenIn: 0)])
        }
    }

    @Test(arguments: Scene.families)
    func `2: what is in the cluster passes untouched, claimed or not`(_ family: IPFamily) async throws {
        try await Scene.with(family) { scene in
            for destination in scene.cast.inCluster {
                for kind in [Datagram.Kind.tcp, .udp, .echo] {
                    let sent = scene.fromPod.with { ($0.destination, $0.kind) = (destination, kind) }
                    try scene.passes(.podSends, sent, "\(destination) \(kind)")
                }
            }
            #expect(try scene.flows() == [])
        }
    }

    @Test(arguments: Scene.families)
    func `3, C2, C10: the longest prefix decides, and what it excludes passes untouched`(_ family: IPFamily) async throws {
        try await Scene.with(family) { scene in
            try scene.world.addRule(scene.cast.servers, .gateway, policy: 2)
            try scene.choose([(19, Role.otherNode)], policy: 2)
            try scene.world.addRule("\(IPPrefix(host: scene.cast.server))", .exclude, policy: 2)
            try scene.passes(.podSends, scene.fromPod, counting: "excluded")
            try scene.isTunnelled(scene.fromPod.with { $0.destination = scene.cast.otherServer })
            #expect(try scene.flows().map(\.entry) == [19])
            try scene.isTunnelled(scene.fromPod.with { $0.destination = scene.cast.farServer })
            #expect(try scene.flows().map(\.entry).sorted() == [Role.remoteEntry, 19])
        }
    }

    @Test(arguments: Scene.families)
    func `4, C3: without a gateway that works it is dropped, or passes where the policy says so`(_ family: IPFamily) async throws {
        try await Scene.with(family) { scene in
            try scene.world.execute(.setGateway(Role.otherNode, .init(place: .remote, isHealthy: false)))
            try scene.drops(.podSends, scene.fromPod, "no_gateway")
            try scene.choose([])
            try scene.drops(.podSends, scene.fromPod, "no_gateway")
            try scene.choose([(Role.remoteEntry, Role.otherNode)], onNoGateway: .bypass)
            try scene.passes(.podSends, scene.fromPod, counting: "bypassed")
            #expect(try scene.flows() == [])
        }
    }

    @Test(arguments: Scene.families)
    func `5: another source than the pod's is dropped`(_ family: IPFamily) async throws {
        try await Scene.with(family) { scene in
            for source in [scene.cast.otherPod, scene.cast.egress, scene.cast.server] {
                try scene.drops(.podSends, scene.fromPod.with { $0.source = source }, "spoofed")
            }
        }
    }

    @Test(arguments: Scene.families, [UInt8(47), 50, 132, 103, 253])
    func `6, N2: a protocol that can't be translated is dropped, never let go`(_ family: IPFamily, _ number: UInt8) async throws {
        try await Scene.with(family) { scene in
            let sent = scene.fromPod.with { ($0.kind, $0.number) = (.other, number) }
            try scene.drops(.podSends, sent, "protocol")
            try scene.passes(.podSends, sent.with { $0.destination = scene.cast.otherPod })
        }
    }

    @Test(arguments: Scene.families)
    func `7: the last hop isn't passed on, the one before it is`(_ family: IPFamily) async throws {
        try await Scene.with(family) { scene in
            for kind in [Datagram.Kind.tcp, .udp, .echo] {
                let sent = scene.fromPod.with { ($0.kind, $0.hops) = (kind, 2) }
                try scene.drops(.podSends, sent.with { $0.hops = 1 }, "ttl", "a new connection of \(kind)")
                try scene.isTunnelled(sent)
                try scene.drops(.podSends, sent.with { ($0.hops, $0.flags) = (1, Datagram.ack) }, "ttl", "a living one of \(kind)")
            }
        }
    }

    @Test(arguments: Scene.families)
    func `9: the MSS of a SYN is lowered where it is larger, wherever it lies, and nothing else is`(_ family: IPFamily) async throws {
        try await Scene.with(family) { scene in
            let most = Role.tunnelMTU - scene.cast.headers
            let scale = Datagram.Option(name: "WScale", value: 7)
            let lists: [([Datagram.Option], [Datagram.Option])] = [
                ([.mss(1460)], [.mss(most)]), ([.mss(most + 1)], [.mss(most)]), ([.mss(most)], [.mss(most)]), ([.mss(1200)], [.mss(1200)]),
                ([], []), ([.nop, .mss(9000)], [.nop, .mss(most)]), ([.nop, .nop, .mss(1460)], [.nop, .nop, .mss(most)]),
                ([scale, .mss(1460), .nop], [scale, .mss(most), .nop]), ([scale, .nop], [scale, .nop]),
            ]
            for (index, (given, kept)) in lists.enumerated() {
                let sent = scene.fromPod.with { ($0.sourcePort, $0.tcpOptions) = (41000 + UInt16(index), given) }
                try scene.isTunnelled(sent, "\(given)") { $0.tcpOptions = kept }
                // Behind the handshake it is not an option's to say.
                try scene.isTunnelled(sent.with { $0.flags = Datagram.ack }, "\(given) of an ACK")
            }
        }
    }

    @Test(arguments: Scene.families)
    func `9, O1: IP options and extension headers are walked over and kept`(_ family: IPFamily) async throws {
        try await Scene.with(family) { scene in
            let most = Role.tunnelMTU - scene.cast.headers
            for (index, sent) in scene.fromPod.withHeadersBetween.enumerated() {
                for kind in [Datagram.Kind.tcp, .udp, .echo] {
                    let sent = sent.with { ($0.kind, $0.sourcePort) = (kind, 42000 + UInt16(index)) }
                    guard kind == .tcp else {
                        try scene.isTunnelled(sent, "\(sent.ipOptions) \(sent.extensions)")
                        continue
                    }
                    try scene.isTunnelled(sent.with { $0.tcpOptions = [.mss(1460)] }) { $0.tcpOptions = [.mss(most)] }
                }
            }
        }
    }

    @Test(arguments: Scene.families)
    func `O1: what is no IP passes, a tagged frame doesn't`(_ family: IPFamily) async throws {
        try await Scene.with(family) { scene in
            let arp: [UInt8] = [UInt8](repeating: 0xff, count: 12) + [0x08, 0x06] + [UInt8](repeating: 0, count: 28)
            #expect(try scene.world.run(.podSends, arp).verdict == World.Outcome.pass)
            for tag: UInt8 in [0x00, 0xa8] {
                var tagged = try Judge.frame(scene.fromPod)
                tagged.insert(contentsOf: tag == 0 ? [0x81, 0x00, 0x00, 0x05] : [0x88, 0xa8, 0x00, 0x05], at: 12)
                #expect(try scene.world.run(.podSends, tagged).drops == ["protocol": 1])
            }
        }
    }
}
