import EgressModel
import EgressPlan
import TestKit
import Testing

/// Cases 25 and 27 and Cilium's N1, N3, N5 to N7: ICMP errors belong to the connection of the packet that they quote.
@Suite("Cases of ICMP errors", .requires(.packet))
struct ErrorCases {
    @Test(arguments: Scene.families)
    func `25, N1, N7: an error from a router reaches the pod that it is for, quoting what the pod sent`(_ family: IPFamily) async throws {
        try await Scene.with(family) { scene in
            for sent in scene.kinds(scene.request) {
                let out = try scene.isTranslated(sent)
                for kind in ErrorKind.all(family) { try scene.errorArrives(kind, about: out, to: sent) }
            }
        }
    }

    @Test(arguments: Scene.families)
    func `25, N5, N6: it is enough that eight octets behind the IP header are quoted`(_ family: IPFamily) async throws {
        try await Scene.with(family) { scene in
            for sent in scene.kinds(scene.request) {
                // Another port, so that checksums change by it too.
                let other = sent.with { $0.source = scene.cast.otherRemotePod }
                try scene.isTranslated(sent)
                let out = try scene.isTranslated(other)
                #expect(out.sourcePort != other.sourcePort)
                for length in [8, 12, 16, 18, 20, 28] {
                    try scene.errorArrives(.unreachable(family), about: out, to: other, quoting: out.headerLength + length)
                }
            }
        }
    }

    @Test(arguments: Scene.families)
    func `25: an error reaches a pod of the gateway's own node`(_ family: IPFamily) async throws {
        try await Scene.with(family) { scene in
            try scene.choose([(Role.localEntry, Role.thisNode)])
            for sent in scene.kinds(scene.fromPod) {
                let out = try scene.isTranslated(sent, by: .podSends)
                for kind in ErrorKind.all(family) { try scene.errorArrives(kind, about: out, to: sent, isHere: true) }
                try scene.errorArrives(.tooBig(family, 1500), about: out, to: sent, isHere: true)
            }
        }
    }

    @Test(arguments: Scene.families)
    func `25: how large a packet may be is at most what the tunnel takes`(_ family: IPFamily) async throws {
        try await Scene.with(family) { scene in
            let out = try scene.isTranslated(scene.request)
            for (told, mtu) in [(1500, 1450), (1451, 1450), (1450, 1450), (1400, 1400), (0, 0)] {
                try scene.errorArrives(.tooBig(family, told), about: out, to: scene.request, mtu: mtu)
            }
        }
    }

    @Test(arguments: Scene.families)
    func `25: an error refreshes nothing and ends nothing`(_ family: IPFamily) async throws {
        try await Scene.with(family) { scene in
            let out = try scene.isTranslated(scene.request)
            let before = try scene.translationOctets()
            for kind in ErrorKind.all(family) { try scene.errorArrives(kind, about: out, to: scene.request) }
            #expect(try scene.translationOctets() == before)
        }
    }

    @Test(arguments: Scene.families)
    func `25: the pod's node gives the pod an error only about what it sent, by the gateway that it left by`(
        _ family: IPFamily
    ) async throws {
        try await Scene.with(family) { scene in
            for (number, kind) in scene.kinds(scene.fromPod).enumerated() {
                let sent = kind.with { $0.sourcePort += UInt16(number) }
                let error = sent.error(.unreachable(family), from: scene.cast.hop).with { $0.macs = Octets(Role.onWire(Role.token)) }
                try scene.drops(scene.replyHook, error, "icmp_error", "\(sent.kind): never sent")
                try scene.isTunnelled(sent)
                let before = try scene.translationOctets()
                for kind in ErrorKind.all(family) {
                    let error = error.with { ($0.type, $0.code, $0.rest) = (kind.type, kind.code, kind.rest) }
                    try scene.leaves(scene.replyHook, error, as: error.with { $0.hops -= 1 }, counting: ["delivered"])
                }
                try scene.drops(.tunnel(vni: 0x80_0000 | 18, from: Role.otherNode), error, "icmp_error")
                try scene.drops(scene.replyHook, error.with { $0.destination = scene.cast.otherPod }, "icmp_error")
                try scene.drops(scene.replyHook, error.with { $0.quotes[0].source = scene.cast.otherPod }, "icmp_error")
                try scene.drops(scene.replyHook, error.with { $0.hops = 1 }, "ttl")
                #expect(try scene.translationOctets() == before)
            }
        }
    }

    @Test(arguments: Scene.families)
    func `26: an error that quotes no living translation, or not enough of it, is dropped`(_ family: IPFamily) async throws {
        try await Scene.with(family) { scene in
            let out = try scene.isTranslated(scene.request)
            let error = out.error(.unreachable(family), from: scene.cast.hop)
            let strangers: [Datagram] = [
                error.with { $0.quotes[0].sourcePort &+= 1 }, error.with { $0.quotes[0].destinationPort = 444 },
                error.with { $0.quotes[0].kind = .udp }, error.with { $0.quotes[0].kind = .echo },
                error.with { $0.quotes[0].source = scene.cast.unclaimed }, error.with { $0.quotes[0].destination = scene.cast.otherServer },
                error.with { ($0.quotes[0].kind, $0.quotes[0].number) = (.other, 47) },
                error.with { $0.quotes[0].fragment = .init(id: 7, from: 16) },
            ]
            for stranger in strangers { try scene.drops(.uplink, stranger, "icmp_error") }
            for length in [0, 1, 19, out.headerLength, out.headerLength + 7] {
                try scene.drops(.uplink, error.with { $0.quotedLength = length }, "malformed", "\(length)")
            }
            try scene.drops(.uplink, error.with { $0.hops = 1 }, "ttl")
        }
    }

    @Test(arguments: Scene.families)
    func `26: to the node's own address such errors are the node's`(_ family: IPFamily) async throws {
        try await Scene.with(family) { scene in
            try scene.setEgress([scene.cast.sharedEgress])
            let out = try scene.isTranslated(scene.request, to: scene.cast.sharedEgress)
            let error = out.error(.unreachable(family), from: scene.cast.hop)
            try scene.errorArrives(.unreachable(family), about: out, to: scene.request)
            try scene.passes(.uplink, error.with { $0.quotes[0].sourcePort &+= 1 })
            try scene.passes(.uplink, error.with { $0.quotedLength = out.headerLength + 3 })
        }
    }

    @Test(arguments: Scene.families)
    func `27, N3: what a pod says about an answer goes the way of the connection`(_ family: IPFamily) async throws {
        try await Scene.with(family) { scene in
            for (number, kind) in scene.kinds(scene.fromPod).enumerated() {
                let sent = kind.with { $0.sourcePort += UInt16(number) }
                let error = sent.answered().error(.unreachable(family), from: scene.cast.pod)
                try scene.drops(.podSends, error, "icmp_error", "\(sent.kind): nothing was answered")
                try scene.isTunnelled(sent)
                try scene.isTunnelled(error)
                try scene.isTunnelled(error.with { $0.quotedLength = sent.headerLength + 8 })
                try scene.drops(.podSends, error.with { $0.destination = scene.cast.otherServer }, "icmp_error")
                try scene.drops(.podSends, error.with { $0.quotes[0].destination = scene.cast.otherPod }, "icmp_error")
                try scene.drops(.podSends, error.with { $0.source = scene.cast.otherPod }, "spoofed")
                try scene.drops(.podSends, error.with { $0.quotedLength = sent.headerLength + 7 }, "malformed")
                try scene.drops(.podSends, error.with { $0.hops = 1 }, "ttl")
            }
        }
    }

    @Test(arguments: Scene.families, [true, false])
    func `27, N3: on its gateway it quotes what the far end sent`(_ family: IPFamily, _ isHere: Bool) async throws {
        try await Scene.with(family) { scene in
            if isHere { try scene.choose([(Role.localEntry, Role.thisNode)]) }
            let hook = isHere ? World.Hook.podSends : scene.requestHook
            for sent in scene.kinds(isHere ? scene.fromPod : scene.request) {
                let out = try scene.isTranslated(sent, by: hook)
                let before = try scene.translationOctets()
                for kind in ErrorKind.all(family) {
                    let answer = sent.answered()
                    let error = answer.error(kind, from: sent.source).with { $0.macs = sent.macs }
                    let expected = error.with {
                        $0.hops -= 1
                        $0.source = scene.cast.egress
                        $0.quotes = [out.with { $0.hops = sent.hops }.answered()]
                    }
                    try scene.leaves(hook, error, as: expected, counting: ["translated"], "\(kind) about \(sent.kind)")
                }
                #expect(try scene.translationOctets() == before)
            }
        }
    }

    @Test(arguments: Scene.families)
    func `27: the gateway lets out no error about what isn't the pod's`(_ family: IPFamily) async throws {
        try await Scene.with(family) { scene in
            let sent = scene.request
            try scene.isTranslated(sent)
            let error = sent.answered().error(.unreachable(family), from: sent.source).with { $0.macs = sent.macs }
            let wrong: [Datagram] = [
                error.with { $0.quotes[0].destinationPort &+= 1 }, error.with { $0.quotes[0].source = scene.cast.otherServer },
                error.with { $0.quotes[0].destination = scene.cast.otherRemotePod },
                error.with { $0.destination = scene.cast.otherServer }, error.with { $0.source = scene.cast.otherRemotePod },
            ]
            for packet in wrong { try scene.drops(scene.requestHook, packet, "icmp_error") }
            try scene.drops(scene.requestHook, error.with { $0.source = scene.cast.strangePod }, "inner_source")
        }
    }

    @Test(arguments: Scene.families)
    func `27, 10: what a pod says about a connection that came in goes the ordinary way`(_ family: IPFamily) async throws {
        try await Scene.with(family) { scene in
            let called = scene.fromPod.answered { ($0.flags, $0.sourcePort, $0.destinationPort) = (Datagram.syn, 50000, 80) }
            try scene.passes(.podIsGiven, called)
            try scene.passes(.podSends, called.error(.unreachable(family), from: scene.cast.pod), counting: "inbound")
        }
    }
}
