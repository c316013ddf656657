import EgressModel
import EgressPolicy
import EngineSamples
import Testing

/// What has nothing to do with a pod changes nothing for it.
@Suite struct IrrelevanceTests {
    /// Everything that decides, without the words that name the rest of the cluster.
    private struct Decided: Hashable {
        var source: IPAddress
        var prefix: IPPrefix
        var action: ResolvedRule.Action
        var policy: String
        var gateway: String?
        var egressIP: IPAddress?
        var ranked: [RankedGateway]
        var beats: [String]

        init(_ rule: ResolvedRule) {
            (source, prefix, action, policy) = (rule.source, rule.prefix, rule.action, rule.policyUID)
            (gateway, egressIP, ranked, beats) = (rule.gatewayNode, rule.egressIP, rule.ranked, rule.beats)
        }
    }

    private func decided(_ snapshot: ClusterSnapshot, _ uids: Set<String>) -> [String: [Decided]] {
        let pods = resolve(snapshot, carrying: [.ipv4, .ipv6]).pods.filter { uids.contains($0.pod.metadata.uid) }
        return Dictionary(pods.map { ($0.pod.metadata.uid, $0.rules.map(Decided.init)) }, uniquingKeysWith: { first, _ in first })
    }

    static let additions: [(name: String, add: @Sendable (inout ClusterSnapshot) -> Void)] = [
        ("a namespace", { $0.namespaces.append(.sample("elsewhere", ["team": "a"])) }),
        ("a pod of another label", { $0.pods.append(.sample("elsewhere/x", ["app": "none"], at: "10.244.1.250")) }),
        ("a pod that is selected too", { $0.pods.append(.sample("elsewhere/x", ["app": "a", "tier": "x"], at: "10.244.1.251")) }),
        ("a pod of the host's network", { $0.pods.append(.sample("x", ["app": "a"], at: "192.0.2.11", hostNetwork: true)) }),
        (
            "a finished pod with a living one's address",
            { snapshot in
                snapshot.pods.append(.sample("x", ["app": "a"], at: snapshot.pods[0].addresses.first ?? "10.244.1.1", phase: .succeeded))
            }
        ),
        (
            "a service",
            { $0.services.append(Service(metadata: ObjectMetadata(name: "s", namespace: "x", uid: "s"), addresses: ["10.96.9.9"])) }
        ),
        (
            "a policy that selects nobody",
            { $0.policies.append(EgressGatewayPolicy.sample("0", pods: ["app": "nobody"], priority: 9).object) }
        ),
        (
            "a policy that was never valid",
            { snapshot in
                let policy = EgressGatewayPolicy.sample("0", priority: 9)
                snapshot.policies.append(PolicyObject(metadata: policy.metadata, policy: nil, findings: []))
            }
        ),
        (
            "a report of a node that isn't there",
            { snapshot in
                var node = EgressNode.sample("gone", .sample("eth0", 2, "203.0.113.1/24"))
                node.resolutions = snapshot.policies.compactMap(\.policy).map {
                    EntryResolution(policy: $0.name, uid: $0.metadata.uid, entry: 0, id: 1, ipv4: ["203.0.113.1"])
                }
                snapshot.egressNodes.append(node)
            }
        ),
        (
            "an announcement of a policy that isn't there",
            { snapshot in
                snapshot.egressNodes[0].resolutions.append(
                    EntryResolution(policy: "gone", uid: "gone", entry: 0, id: 99, ipv4: ["203.0.113.1"]))
            }
        ),
    ]

    @Test(arguments: additions.indices) func `an object that has nothing to do with a pod changes no rule of it`(_ index: Int) {
        let (name, add) = Self.additions[index]
        for seed in 0..<60 {
            let snapshot = NaiveEngineTests.cluster(seed: seed)
            let uids = Set(snapshot.pods.map(\.metadata.uid))
            var more = snapshot
            add(&more)
            #expect(decided(more, uids) == decided(snapshot, uids), "\(name), seed \(seed)")
        }
    }

    @Test func `a node that no selector matches changes no rule`() {
        for seed in 0..<60 {
            var snapshot = NaiveEngineTests.cluster(seed: seed)
            for index in snapshot.policies.indices {
                for entry in snapshot.policies[index].policy?.gateways.indices ?? 0..<0 {
                    snapshot.policies[index].policy?.gateways[entry].nodeSelector = ["role": entry % 2 == 0 ? "a" : "b"]
                }
            }
            let uids = Set(snapshot.pods.map(\.metadata.uid))
            var more = snapshot
            more.nodes.insert(.sample("a-first", "192.0.2.200", labels: ["role": "c"]), at: 0)
            more.egressNodes.append(.sample("a-first", .sample("eth0", 2, "192.0.2.200/24")))
            #expect(decided(more, uids) == decided(snapshot, uids), "seed \(seed)")
            #expect(more.announced().egressNodes.dropLast() == snapshot.announced().egressNodes[...], "seed \(seed)")
        }
    }
}
