import CEgressABI
import EgressModel
import EgressPlan
import EgressPolicy
import Glibc
import TestKit
import Testing

@testable import BPFDatapath

/// What a connection keeps of its way for a second must not outlive what it came from: after each write of the helper
/// the next packet is judged anew, in the same second too.
@Suite("Cases of kept ways", .requires(.packet))
struct FastPathCases {
    /// What the helper writes, and what becomes of the next packet of an established connection.
    private struct Change: Sendable {
        enum Then {
            case dropped(String)
            case passed(String?)
            /// Dropped, and the pod is told.
            case reset
        }

        var name: String
        var then: Then
        var write: @Sendable (Scene) throws -> Void
    }

    private static func pod(_ scene: Scene, _ change: (inout PodRecord) -> Void) -> DatapathOperation {
        var record = scene.podRecord
        change(&record)
        return .setPod(interfaceIndex: scene.world.podIndex, record)
    }

    private static let ofPods: [Change] = [
        Change(name: "its record is gone", then: .dropped("no_record")) {
            try $0.world.execute(.removePod(interfaceIndex: $0.world.podIndex))
        },
        Change(name: "its address is another", then: .dropped("spoofed")) { scene in
            try scene.world.execute(pod(scene) { ($0.ipv4, $0.ipv6) = (Role.otherPod, IPAddress("fd00:1::6")) })
        },
        Change(name: "the destination is in the cluster now", then: .passed(nil)) {
            try $0.world.execute(.setClusterRange(IPPrefix(host: $0.cast.server), .node))
        },
        Change(name: "no policy claims it, and what its choices don't allow is lost", then: .reset) { scene in
            try scene.world.execute(pod(scene) { $0.set = 99 })
            try scene.world.execute(
                .removeChoice(ChoiceKey(interfaceIndex: scene.world.podIndex, policy: Role.policy, family: scene.family)))
            try scene.world.execute(.forgetFlows(interfaceIndex: scene.world.podIndex))
        },
        Change(name: "its connections are recorded again", then: .passed("recorded")) { scene in
            try scene.world.execute(pod(scene) { $0.mode = .record })
        },
    ]

    private static let ofRemoteGateways: [Change] = [
        Change(name: "the gateway is gone", then: .dropped("no_gateway")) { try $0.world.execute(.removeGateway(Role.otherNode)) },
        Change(name: "the gateway is here now", then: .reset) {
            try $0.world.execute(.setGateway(Role.otherNode, GatewayRecord(place: .local)))
        },
        Change(name: "there is no token any more", then: .dropped("tunnel")) {
            try $0.world.execute(
                .setSettings(.init(tunnelIndex: $0.world.tunnelIndex, nodeAddress: Role.thisNode, tunnelMTU: 1450, tokens: [])))
        },
    ]

    private static let ofEntries: [Change] = [
        Change(name: "the entry is gone", then: .dropped("no_entry")) { try $0.world.execute(.removeEntry(id: Role.localEntry)) },
        Change(name: "the entry has another address", then: .reset) { try $0.setEgress([$0.cast.otherEgress]) },
        Change(name: "the entry leaves by another interface", then: .dropped("no_route")) {
            try $0.setEgress([$0.cast.egress], interface: $0.world.podIndex)
        },
    ]

    private static let ofNodes: [Change] = [
        Change(name: "the sender is gone", then: .dropped("outer_source")) { try $0.world.execute(.removeNode(Role.otherNode)) },
        Change(name: "the sender has other pods", then: .dropped("inner_source")) {
            let record = NodeRecord(podNetwork: IPPrefix("10.9.0.0/24"), podNetwork6: IPPrefix("fd00:9::/64"))
            try $0.world.execute(.setNode(Role.otherNode, record))
        },
    ]

    /// Runs each change in a world of its own, behind packets of an established connection.
    private static func check(
        _ family: IPFamily, _ changes: [Change], _ hook: @escaping @Sendable (Scene) -> World.Hook,
        _ first: @escaping @Sendable (Scene) throws -> Datagram
    ) async throws {
        for change in changes {
            try await Scene.with(family) { scene in
                let sent = try first(scene)
                let next = sent.with { $0.flags = Datagram.ack }
                try scene.run(hook(scene), sent)
                for _ in 0..<3 {
                    #expect(try scene.run(hook(scene), next).verdict == World.Outcome.redirect, "before: \(change.name)")
                }
                try change.write(scene)
                switch change.then {
                case .dropped(let reason): try scene.drops(hook(scene), next, reason, "\(change.name)")
                case .reset: try scene.resets(hook(scene), next, "\(change.name)")
                case .passed(let count): try scene.passes(hook(scene), next, counting: count, "\(change.name)")
                }
            }
        }
    }

    @Test(arguments: Scene.families)
    func `a pod's connection through the tunnel keeps nothing that was written since`(_ family: IPFamily) async throws {
        try await Self.check(family, Self.ofPods + Self.ofRemoteGateways, { _ in .podSends }, { $0.fromPod })
    }

    @Test(arguments: Scene.families)
    func `a pod's connection at the gateway keeps nothing that was written since`(_ family: IPFamily) async throws {
        let gone = Change(name: "the gateway is gone", then: .dropped("no_gateway")) { try $0.world.execute(.removeGateway(Role.thisNode)) }
        try await Self.check(family, Self.ofPods + Self.ofEntries + [gone], { _ in .podSends }) { scene in
            try scene.choose([(Role.localEntry, Role.thisNode)])
            return scene.fromPod
        }
    }

    @Test(arguments: Scene.families)
    func `another node's connection keeps nothing that was written since`(_ family: IPFamily) async throws {
        try await Self.check(family, Self.ofEntries + Self.ofNodes, { $0.requestHook }, { $0.request })
    }

    @Test(arguments: Scene.families)
    func `an answer is the stack's in the same second in which its egress IP is taken away`(_ family: IPFamily) async throws {
        try await Scene.with(family) { scene in
            let out = try scene.isTranslated(scene.request)
            for _ in 0..<3 { try scene.isReversed(out.answered { $0.flags = Datagram.ack }, to: scene.request) }
            try scene.world.execute(.removeEgressAddress(scene.cast.egress))
            try scene.passes(.uplink, out.answered { $0.flags = Datagram.ack })
        }
    }

    @Test(arguments: Scene.families)
    func `a gateway that fails is left in the same second by what can begin anew`(_ family: IPFamily) async throws {
        try await Scene.with(family) { scene in
            let third = Role.address(172, 18, 0, 4)
            try scene.world.execute(.setGateway(third, .init(place: .remote)))
            try scene.choose([(Role.remoteEntry, Role.otherNode), (21, third)])
            let datagram = scene.fromPod.with { $0.kind = .udp }
            for _ in 0..<3 { try scene.isTunnelled(datagram) }
            #expect(try scene.flows().map(\.entry) == [Role.remoteEntry])
            try scene.world.execute(.setGateway(Role.otherNode, .init(place: .remote, isHealthy: false)))
            try scene.isTunnelled(datagram)
            #expect(try scene.flows().map(\.entry) == [21])
        }
    }

    @Test(arguments: Scene.families, [false, true])
    func `what is written by hand counts from the next generation on, or from the next second`(
        _ family: IPFamily, _ isHere: Bool
    ) async throws {
        try await Scene.with(family) { scene in
            if isHere { try scene.choose([(Role.localEntry, Role.thisNode)]) }
            let next = scene.fromPod.with { $0.flags = Datagram.ack }
            let record = try scene.takePodRecord()
            var wasKept = false
            // A busy machine may take longer than a second between two lines.
            for _ in 0..<10 where !wasKept {
                try scene.putPodRecord(record)
                for sent in [scene.fromPod, next, next] { try scene.run(.podSends, sent) }
                _ = try scene.takePodRecord()
                wasKept = try scene.run(.podSends, next).verdict == World.Outcome.redirect
            }
            #expect(wasKept, "no way is kept: this suite asks nothing")
            try scene.raiseGeneration()
            try scene.drops(.podSends, next, "no_record")

            try scene.putPodRecord(record)
            for sent in [scene.fromPod, next, next] { try scene.run(.podSends, sent) }
            _ = try scene.takePodRecord()
            usleep(1_300_000)
            try scene.drops(.podSends, next, "no_record")
        }
    }
}
