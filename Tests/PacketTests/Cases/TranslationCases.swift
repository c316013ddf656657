import CEgressABI
import EgressModel
import EgressPlan
import TestKit
import Testing

/// Cases 11 to 16 and 19: what a gateway makes of a pod's packets.
@Suite("Cases of translation", .requires(.packet))
struct TranslationCases {
    @Test(arguments: Scene.families)
    func `11: a pod of the gateway leaves by the egress IP, and is answered`(_ family: IPFamily) async throws {
        try await Scene.with(family) { scene in
            try scene.choose([(Role.localEntry, Role.thisNode)])
            for (index, kind) in [Datagram.Kind.tcp, .udp, .echo].enumerated() {
                let sent = scene.fromPod.with { ($0.kind, $0.sourcePort) = (kind, 41000 + UInt16(index)) }
                let out = try scene.isTranslated(sent, by: .podSends, port: sent.sourcePort)
                try scene.isReversed(out.answered(), to: sent, isHere: true)
                let more = sent.with { $0.flags = Datagram.ack }
                try scene.isTranslated(more, by: .podSends, port: out.sourcePort)
            }
            #expect(try scene.reverses().count == 3)
        }
    }

    @Test(arguments: Scene.families)
    func `12, C6: a new connection has two halves that mirror each other, and keeps its port`(_ family: IPFamily) async throws {
        try await Scene.with(family) { scene in
            try scene.isTranslated(scene.request, port: 40000)
            #expect(try scene.forwardCount() == 1)
            let half = Scene.Reverse(
                source: scene.cast.remotePod, sourcePort: 40000, egress: scene.cast.egress, egressPort: 40000, remote: scene.cast.server,
                remotePort: 443, seen: 0)
            #expect(try scene.reverses() == [half])
            #expect(try scene.portTries() == [PortTries(tries: 1, connections: 1)])
            // The port is another's: the first try is in vain.
            try scene.isTranslated(scene.request.with { $0.source = scene.cast.otherRemotePod })
            let more = try scene.portTries()
            #expect(more.map(\.connections) == [1, 1] && more[0].tries == 1 && (2...257).contains(more[1].tries), "\(more)")
        }
    }

    @Test(arguments: Scene.families)
    func `13: the same connection goes on with the same translation, and nothing new is made`(_ family: IPFamily) async throws {
        try await Scene.with(family) { scene in
            for kind in [Datagram.Kind.tcp, .udp, .echo] {
                let first = try scene.isTranslated(scene.request.with { $0.kind = kind })
                for flags in [Datagram.ack, Datagram.ack, Datagram.fin | Datagram.ack] {
                    try scene.isTranslated(scene.request.with { ($0.kind, $0.flags) = (kind, flags) }, port: first.sourcePort)
                }
            }
            #expect(try scene.forwardCount() == 3)
            #expect(try scene.reverses().count == 3)
        }
    }

    @Test(arguments: Scene.families)
    func `14, C8: two pods with one port get two, and share one to different servers`(_ family: IPFamily) async throws {
        try await Scene.with(family) { scene in
            for kind in [Datagram.Kind.tcp, .udp] {
                let first = scene.request.with { $0.kind = kind }
                let second = first.with { $0.source = scene.cast.otherRemotePod }
                let firstOut = try scene.isTranslated(first, port: 40000)
                let secondOut = try scene.isTranslated(second)
                #expect(secondOut.sourcePort != 40000)
                #expect(secondOut.sourcePort >= 32768)
                try scene.isReversed(firstOut.answered(), to: first)
                try scene.isReversed(secondOut.answered(), to: second)
                try scene.isTranslated(second.with { $0.destination = scene.cast.otherServer }, port: 40000)
                try scene.isTranslated(second.with { $0.destinationPort = 444 }, port: 40000)
            }
        }
    }

    @Test(arguments: Scene.families, [Datagram.Kind.tcp, .udp, .echo])
    func `15: eight ports serve eight connections to a server, and no ninth`(_ family: IPFamily, _ kind: Datagram.Kind) async throws {
        try await Scene.with(family) { scene in
            try scene.setEntry(kept: 50000...50007, slice: 50000...50007)
            let all = (0..<8).map { number in
                scene.request.with { ($0.kind, $0.sourcePort, $0.flags) = (kind, 1000 + UInt16(number), Datagram.syn) }
            }
            let outs = try all.map { try scene.isTranslated($0) }
            #expect(Set(outs.map(\.sourcePort)) == Set(50000...50007))
            let ninth = scene.request.with { ($0.kind, $0.sourcePort) = (kind, 1008) }
            try scene.drops(scene.requestHook, ninth, "no_port")
            for (sent, out) in zip(all, outs) {
                try scene.isTranslated(sent.with { $0.flags = Datagram.ack }, port: out.sourcePort)
                try scene.isReversed(out.answered(), to: sent)
            }
            try scene.isTranslated(ninth.with { $0.destination = scene.cast.otherServer })
            #expect(try scene.reverses().count == 9)
        }
    }

    @Test(arguments: Scene.families)
    func `16: a full table refuses the new connection, keeps the old, and serves again after one is gone`(_ family: IPFamily) async throws {
        try await Scene.with(family) { scene in
            try scene.isTranslated(scene.request, port: 40000)
            try scene.fillReverses()
            let second = scene.request.with { $0.sourcePort = 40001 }
            try scene.drops(scene.requestHook, second, "nat_full")
            #expect(try scene.forwardCount() == 1)
            try scene.isTranslated(scene.request.with { $0.flags = Datagram.ack }, port: 40000)
            try scene.isReversed(
                scene.request.with { $0.source = scene.cast.egress }.answered(), to: scene.request)
            try scene.removeOneFilling()
            try scene.isTranslated(second, port: 40001)
        }
    }

    @Test(arguments: Scene.families)
    func `16: a full table of a pod's connections refuses the new one and keeps the old`(_ family: IPFamily) async throws {
        try await Scene.with(family) { scene in
            try scene.isTunnelled(scene.fromPod)
            try scene.fillFlows()
            try scene.drops(.podSends, scene.fromPod.with { $0.sourcePort = 40001 }, "flows_full")
            try scene.isTunnelled(scene.fromPod.with { $0.flags = Datagram.ack })
            let call = Datagram(source: scene.cast.server, destination: scene.cast.pod, sourcePort: 9, destinationPort: 80)
            try scene.passes(.podIsGiven, call, counting: "unrecorded")
        }
    }

    @Test(arguments: Scene.families)
    func `19, C9: after its address changed an entry has new connections by the new one, and old ones no more`(
        _ family: IPFamily
    ) async throws {
        try await Scene.with(family) { scene in
            let old = try scene.isTranslated(scene.request, port: 40000)
            try scene.setEgress([scene.cast.otherEgress])
            try scene.world.execute(.setEgressAddress(scene.cast.otherEgress, EgressAddressRecord(isShared: false)))
            try scene.resets(scene.requestHook, scene.request.with { $0.flags = Datagram.ack })
            let new = try scene.isTranslated(scene.request, to: scene.cast.otherEgress, port: 40000)
            #expect(try scene.forwardCount() == 1)
            try scene.isReversed(new.answered(), to: scene.request)
            try scene.drops(.uplink, old.answered(), "unsolicited")
        }
    }

    @Test(arguments: Scene.families)
    func `19: an entry that another gateway gave out, or that is gone, is not served`(_ family: IPFamily) async throws {
        try await Scene.with(family) { scene in
            try scene.isTranslated(scene.request)
            try scene.drops(.tunnel(vni: Role.remoteEntry, from: Role.otherNode), scene.request, "no_entry")
            try scene.world.execute(.removeEntry(id: Role.localEntry))
            for flags in [Datagram.syn, Datagram.ack] {
                try scene.drops(scene.requestHook, scene.request.with { $0.flags = flags }, "no_entry")
            }
        }
    }

    @Test(arguments: Scene.families)
    func `13: TCP that no translation knows is dropped unless it opens a connection`(_ family: IPFamily) async throws {
        try await Scene.with(family) { scene in
            for flags in [Datagram.ack, Datagram.syn | Datagram.ack, Datagram.rst, Datagram.fin | Datagram.ack, 0] {
                let request = scene.request.with { $0.flags = flags }
                if [Datagram.syn | Datagram.ack, Datagram.rst].contains(flags) {
                    try scene.drops(scene.requestHook, request, "no_flow", "flags \(flags)")
                } else {
                    try scene.resets(scene.requestHook, request, "flags \(flags)")
                }
                try scene.drops(.podSends, scene.fromPod.with { $0.flags = flags }, "no_flow", "flags \(flags)")
            }
            #expect(try scene.reverses() == [])
            #expect(try scene.flows() == [])
        }
    }

    @Test(arguments: Scene.families)
    func `O1: options and extension headers are kept by a translation, both ways`(_ family: IPFamily) async throws {
        try await Scene.with(family) { scene in
            for (index, sent) in scene.request.withHeadersBetween.enumerated() {
                for kind in [Datagram.Kind.tcp, .udp, .echo] {
                    // Not kept, so that the port changes too.
                    let sent = sent.with { ($0.kind, $0.sourcePort) = (kind, 900 + UInt16(index)) }
                    try scene.setEgress([scene.cast.egress], kept: 60000...65535)
                    let out = try scene.isTranslated(sent, "\(sent.ipOptions) \(sent.extensions)")
                    #expect(out.sourcePort != sent.sourcePort)
                    try scene.isReversed(out.answered(), to: sent, "\(sent.ipOptions) \(sent.extensions)")
                }
            }
        }
    }

    @Test func `O1: extension headers that can't be followed are a drop, at every door`() async throws {
        try await Scene.with(.ipv6) { scene in
            let sent = scene.fromPod.with { $0.kind = .udp }
            try scene.isTunnelled(sent)
            let out = try scene.isTranslated(scene.request.with { $0.kind = .udp })
            let reply = sent.answered { $0.macs = Octets(Role.onWire(Role.token)) }
            let chains: [[Datagram.Extension]] = [
                [.routingOn], [.hopByHop, .routingOn, .destination], [Datagram.Extension](repeating: .destination, count: 7),
            ]
            for chain in chains {
                try scene.drops(.podSends, sent.with { $0.extensions = chain }, "extension", "\(chain)")
                let request = scene.request.with { ($0.kind, $0.extensions) = (.udp, chain) }
                try scene.drops(scene.requestHook, request, "extension", "\(chain)")
                try scene.drops(scene.replyHook, reply.with { $0.extensions = chain }, "extension", "\(chain)")
                let answer = out.answered { $0.extensions = chain }
                #expect(try scene.run(.uplink, answer).verdict != World.Outcome.redirect, "\(chain)")
            }
            for number: UInt8 in [50, 51] {
                let hidden = scene.fromPod.with { ($0.kind, $0.number, $0.extensions) = (.other, number, [.destination]) }
                try scene.drops(.podSends, hidden, "protocol", "\(number)")
            }
        }
    }

    @Test(arguments: Scene.families)
    func `O1: a fragment that is a whole packet is one (RFC 6946)`(_ family: IPFamily) async throws {
        try await Scene.with(family) { scene in
            for kind in [Datagram.Kind.tcp, .udp, .echo] {
                let sent = scene.request.with { ($0.kind, $0.fragment, $0.sourcePort) = (kind, .init(id: 7, from: 0), 900) }
                try scene.isReversed(try scene.isTranslated(sent).answered(), to: sent)
                try scene.isTunnelled(scene.fromPod.with { ($0.kind, $0.fragment) = (kind, .init(id: 7, from: 0)) })
            }
        }
    }
}
