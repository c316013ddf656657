import CEgressABI
import EgressModel
import EgressPlan
import TestKit
import Testing

/// Cases 20 and 21: what the world sends to an egress IP.
@Suite("Cases of what the world sends", .requires(.packet))
struct UplinkCases {
    @Test(arguments: Scene.families)
    func `20, C7: an answer goes back through the tunnel, also when the policy is gone`(_ family: IPFamily) async throws {
        try await Scene.with(family) { scene in
            let requests = [Datagram.Kind.tcp, .udp, .echo].map { kind in scene.request.with { $0.kind = kind } }
            let outs = try requests.map { try scene.isTranslated($0) }
            for (sent, out) in zip(requests, outs) { try scene.isReversed(out.answered(), to: sent) }
            try scene.world.execute(.removeEntry(id: Role.localEntry))
            for (sent, out) in zip(requests, outs) { try scene.isReversed(out.answered { $0.flags = Datagram.ack }, to: sent) }
            #expect(try scene.reverses().map(\.seen) == [1, 1, 1].map { UInt8($0) * UInt8(EGRESS_SEEN_REPLY.rawValue) })
        }
    }

    @Test(arguments: Scene.families)
    func `20, 9: the MSS of a SYN-ACK is lowered on its way to the pod`(_ family: IPFamily) async throws {
        try await Scene.with(family) { scene in
            let most = Role.tunnelMTU - scene.cast.headers
            let out = try scene.isTranslated(scene.request)
            try scene.isReversed(out.answered { $0.tcpOptions = [.nop, .mss(1460)] }, to: scene.request) {
                $0.tcpOptions = [.nop, .mss(most)]
            }
            try scene.isReversed(out.answered { $0.tcpOptions = [.mss(500)] }, to: scene.request)
        }
    }

    @Test(arguments: Scene.families)
    func `21: what nobody asked for is dropped at an address of ours alone`(_ family: IPFamily) async throws {
        try await Scene.with(family) { scene in
            let out = try scene.isTranslated(scene.request)
            let answer = out.answered()
            let strangers: [Datagram] = [
                answer.with { $0.destinationPort = 50000 },
                answer.with {
                    $0.flags = Datagram.syn; $0.destinationPort = 22
                },
                answer.with { $0.sourcePort = 444 }, answer.with { $0.source = scene.cast.otherServer }, answer.with { $0.kind = .udp },
                answer.with { ($0.kind, $0.isRequest) = (.echo, false) }, answer.with { ($0.kind, $0.number) = (.other, 47) },
            ]
            for stranger in strangers { try scene.drops(.uplink, stranger, "unsolicited", "\(stranger.kind)") }
            try scene.passes(.uplink, answer.with { ($0.kind, $0.isRequest) = (.echo, true) }, "the node answers pings")
        }
    }

    @Test(arguments: Scene.families)
    func `21, H1: what nobody asked for at the node's own address is the node's`(_ family: IPFamily) async throws {
        try await Scene.with(family) { scene in
            try scene.setEgress([scene.cast.sharedEgress])
            let out = try scene.isTranslated(scene.request, to: scene.cast.sharedEgress)
            try scene.isReversed(out.answered(), to: scene.request)
            let foreign = out.answered { $0.destinationPort = 22 }
            let all: [Datagram] = [
                foreign, foreign.with { $0.flags = Datagram.syn }, foreign.with { $0.kind = .udp }, foreign.with { $0.kind = .echo },
                foreign.with { ($0.kind, $0.isRequest, $0.sourcePort) = (.echo, false, 9) },
                foreign.with { ($0.kind, $0.number) = (.other, 47) }, foreign.with { ($0.kind, $0.number) = (.other, 4) },
            ]
            for packet in all { try scene.passes(.uplink, packet, "\(packet.kind)") }
        }
    }

    @Test(arguments: Scene.families)
    func `21, N8: what isn't for an egress IP passes untouched`(_ family: IPFamily) async throws {
        try await Scene.with(family) { scene in
            try scene.isTranslated(scene.request)
            let packet = scene.request.answered { $0.destination = scene.cast.unclaimed }
            for kind in [Datagram.Kind.tcp, .udp, .echo, .other] { try scene.passes(.uplink, packet.with { $0.kind = kind }) }
            let arp: [UInt8] = [UInt8](repeating: 0xff, count: 12) + [0x08, 0x06] + [UInt8](repeating: 0, count: 28)
            #expect(try scene.world.run(.uplink, arp).verdict == World.Outcome.pass)
        }
    }

    @Test(arguments: Scene.families)
    func `20: what comes for a pod that is gone is dropped`(_ family: IPFamily) async throws {
        try await Scene.with(family) { scene in
            try scene.choose([(Role.localEntry, Role.thisNode)])
            let out = try scene.isTranslated(scene.fromPod, by: .podSends)
            try scene.isReversed(out.answered(), to: scene.fromPod, isHere: true)
            try scene.world.execute(.removePod(interfaceIndex: scene.world.podIndex))
            try scene.drops(.uplink, out.answered { $0.flags = Datagram.ack }, "no_pod")
        }
    }

    @Test(arguments: Scene.families)
    func `24: identifiers of pings are kept when free, told apart when not, and given back`(_ family: IPFamily) async throws {
        try await Scene.with(family) { scene in
            for identifier: UInt16 in [5, 1024, 5000, 65000] {
                let ping = scene.request.with { ($0.kind, $0.sourcePort) = (.echo, identifier) }
                let other = ping.with { $0.source = scene.cast.otherRemotePod }
                let first = try scene.isTranslated(ping, port: identifier < 1024 ? nil : identifier)
                let second = try scene.isTranslated(other)
                #expect(first.sourcePort != second.sourcePort)
                try scene.isReversed(first.answered(), to: ping)
                try scene.isReversed(second.answered(), to: other)
            }
        }
    }
}
