import CEgressABI
import EgressModel
import TestKit
import Testing

/// Case 10: answers of connections that came in aren't ours.
@Suite("Cases of connections that come in", .requires(.packet))
struct InboundCases {
    private static func call(_ scene: Scene, _ kind: Datagram.Kind) -> Datagram {
        Datagram(source: scene.cast.server, destination: scene.cast.pod, kind: kind, sourcePort: 5555, destinationPort: 80)
    }

    @Test(arguments: Scene.families)
    func `10: the answer to a TCP connection that came in passes, and a SYN to the same peer doesn't`(_ family: IPFamily) async throws {
        try await Scene.with(family) { scene in
            let call = Self.call(scene, .tcp)
            let answer = call.answered()
            try scene.drops(.podSends, answer, "no_flow", "nobody called yet")
            try scene.passes(.podIsGiven, call)
            for flags in [Datagram.syn | Datagram.ack, Datagram.ack, Datagram.fin | Datagram.ack, Datagram.rst] {
                try scene.passes(.podSends, answer.with { $0.flags = flags }, counting: "inbound", "flags \(flags)")
            }
            try scene.isTunnelled(answer.with { $0.flags = Datagram.syn })
            #expect(try scene.flows().map(\.kind) == [.out])
        }
    }

    @Test(arguments: Scene.families)
    func `10: the answer to a datagram that came in passes, another's doesn't`(_ family: IPFamily) async throws {
        try await Scene.with(family) { scene in
            let call = Self.call(scene, .udp)
            try scene.passes(.podIsGiven, call)
            try scene.passes(.podSends, call.answered(), counting: "inbound")
            try scene.isTunnelled(call.answered { $0.destinationPort = 5556 })
            try scene.isTunnelled(call.answered { $0.destination = scene.cast.otherServer })
        }
    }

    @Test(arguments: Scene.families)
    func `24: the answer to a ping that came in passes, the pod's own ping doesn't`(_ family: IPFamily) async throws {
        try await Scene.with(family) { scene in
            let call = Self.call(scene, .echo).with { $0.sourcePort = 7 }
            try scene.drops(.podSends, call.answered(), "protocol", "nobody asked")
            try scene.passes(.podIsGiven, call)
            try scene.passes(.podSends, call.answered(), counting: "inbound")
            try scene.isTunnelled(call.answered { $0.isRequest = true })
        }
    }

    @Test(arguments: Scene.families)
    func `10: what only continues a connection, and what is in the cluster, makes no record`(_ family: IPFamily) async throws {
        try await Scene.with(family) { scene in
            for flags in [Datagram.ack, Datagram.syn | Datagram.ack, Datagram.fin | Datagram.ack, Datagram.rst] {
                try scene.passes(.podIsGiven, Self.call(scene, .tcp).with { $0.flags = flags })
            }
            try scene.passes(.podIsGiven, Self.call(scene, .echo).with { $0.isRequest = false })
            try scene.passes(.podIsGiven, Self.call(scene, .tcp).with { $0.source = scene.cast.otherPod })
            #expect(try scene.flows() == [])
        }
    }

    @Test(arguments: Scene.families)
    func `10: the pod's own record outlives an answer that looks like a call`(_ family: IPFamily) async throws {
        try await Scene.with(family) { scene in
            let sent = scene.fromPod.with { $0.kind = .udp }
            try scene.isTunnelled(sent)
            try scene.passes(.podIsGiven, sent.answered())
            #expect(
                try scene.flows() == [.init(kind: .out, entry: Role.remoteEntry, seenOut: 0, seenIn: UInt8(EGRESS_SEEN_REPLY.rawValue))])
            try scene.isTunnelled(sent)
        }
    }
}
