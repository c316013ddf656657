import EgressModel
import EgressPolicy
import EngineSamples
import Testing

@Suite struct GatewayTests {
    private let anyNode = EgressGatewayPolicy.sample("p", via: [GatewayEntry(nodeSelector: [:], source: .defaultRoute)])

    private func rule(_ snapshot: ClusterSnapshot, now: Int64? = nil) -> ResolvedRule? {
        resolve(snapshot, now: now).pods.first { $0.pod.name == "mediabot" }?.rules.first
    }

    private func gateway(change: (inout ClusterSnapshot) -> Void) -> String? {
        var snapshot = ClusterSnapshot.sample(anyNode)
        change(&snapshot)
        return rule(snapshot.announced())?.gatewayNode
    }

    @Test func `the first node in order of octets is the gateway`() {
        #expect(gateway { _ in } == "node-1")
        #expect(gateway { $0.nodes[0].metadata.name = "node-9" } == "node-2")
        #expect(gateway { $0.nodes[2].metadata.name = "node-10" } == "node-1")
    }

    @Test func `a node that isn't ready, is drained, tainted or has no IPv4 address is passed over`() {
        #expect(gateway { $0.nodes[0].isReady = false } == "node-2")
        #expect(gateway { $0.nodes[0].metadata.annotations[EgressAnnotation.drain] = "true" } == "node-2")
        #expect(gateway { $0.nodes[0].taintKeys = ["ToBeDeletedByClusterAutoscaler"] } == "node-2")
        #expect(gateway { $0.nodes[0].internalAddresses = ["2001:db8::11"] } == "node-2")
    }

    @Test func `an external address serves where there is no internal one`() {
        var snapshot = ClusterSnapshot.sample(anyNode)
        snapshot.nodes[0].internalAddresses = ["2001:db8::11"]
        snapshot.nodes[0].externalAddresses = ["192.0.2.211"]
        #expect(rule(snapshot.announced())?.gatewayAddress == "192.0.2.211")
    }

    @Test func `a cordon changes nothing and is told`() {
        var snapshot = ClusterSnapshot.sample(anyNode)
        snapshot.nodes[0].isCordoned = true
        let effective = resolve(snapshot.announced())
        #expect(effective.policies[0].entries[0].gateway?.node == "node-1")
        #expect(effective.findings.contains { $0.code == .gatewayCordoned })
    }

    @Test func `without a matching node the pod's node drops`() {
        let effective = resolve(ClusterSnapshot.sample(.sample("p", via: [.sample("nobody", .defaultRoute)])).announced())
        #expect(effective.pods[0].rules[0].action == .drop)
        #expect(effective.pods[0].rules[0].reason.code == .noGatewayMatches)
        #expect(
            effective.findings.contains {
                $0.code == .noGatewayMatches && $0.severity == .error && $0.field == "spec.egressGateway.nodeSelector"
            })
    }

    @Test func `without an eligible node the pod's node drops, and which node lacks what is told`() {
        var snapshot = ClusterSnapshot.sample(ClusterSnapshot.egressSample)
        snapshot.nodes[1].isReady = false
        let decided = rule(snapshot.announced())
        #expect(decided?.action == .drop)
        #expect(decided?.reason == Reason(.noGatewayEligible, "no gateway is eligible: node-2 is not Ready"))
        #expect(decided?.gatewayNode == nil)
    }

    @Test func `bypass leaves as the node, only where no gateway can be chosen`() {
        var policy = ClusterSnapshot.egressSample
        policy.onNoGateway = .bypass
        var snapshot = ClusterSnapshot.sample(policy)
        #expect(rule(snapshot.announced())?.action == .gateway)
        #expect(rule(snapshot)?.action == .drop, "not announced is no reason to let go")
        snapshot.nodes[1].isReady = false
        #expect(rule(snapshot)?.action == .exclude)
        #expect(rule(snapshot)?.reason.code == .bypass)
    }

    @Test func `silence moves traffic to a node that speaks`() {
        var snapshot = ClusterSnapshot.sample(anyNode).announced()
        for index in snapshot.egressNodes.indices { snapshot.egressNodes[index].reportedAt = "2026-11-22T10:00:00Z" }
        snapshot.egressNodes[0].reportedAt = "2026-11-22T09:58:00Z"
        #expect(rule(snapshot, now: 1_795_341_600)?.gatewayNode == "node-2")
        #expect(rule(snapshot)?.gatewayNode == "node-1", "nobody is judged without a clock")
    }

    @Test func `ninety seconds are not silence yet`() {
        var snapshot = ClusterSnapshot.sample(anyNode).announced()
        for index in snapshot.egressNodes.indices { snapshot.egressNodes[index].reportedAt = "2026-11-22T10:00:00Z" }
        snapshot.egressNodes[0].reportedAt = "2026-11-22T09:58:30Z"
        #expect(rule(snapshot, now: 1_795_341_600)?.gatewayNode == "node-1")
        #expect(rule(snapshot, now: 1_795_341_601)?.gatewayNode == "node-2")
    }

    @Test func `when every matching node is silent, traffic goes on and it is told`() {
        var snapshot = ClusterSnapshot.sample(anyNode).announced()
        for index in snapshot.egressNodes.indices { snapshot.egressNodes[index].reportedAt = "2020-01-01T00:00:00.5+01:00" }
        #expect(rule(snapshot, now: 1_795_341_600)?.action == .gateway)
        #expect(
            resolve(snapshot, now: 1_795_341_600).findings.contains {
                $0.code == .nodeSilent && $0.object?.kind == "CiliumEgressGatewayPolicy"
            })
    }

    @Test func `a gateway that the pod's node can't reach is passed over for its pods alone`() {
        var snapshot = ClusterSnapshot.sample(anyNode).announced()
        snapshot.nodes[0].isReady = false
        snapshot.egressNodes[0].gateways = [GatewayReachability(node: "node-2", reachable: false)]
        snapshot.egressNodes[2].gateways = [GatewayReachability(node: "node-2", reachable: true)]
        let pods = resolve(snapshot).pods
        #expect(pods.map { $0.rules[0].gatewayNode } == ["node-3", "node-3", "node-2"])
    }

    @Test func `nothing is used that the gateway hasn't announced`() {
        let decided = rule(.sample(ClusterSnapshot.egressSample))
        #expect(decided?.action == .drop)
        #expect(decided?.reason.code == .entryNotAnnounced)
        #expect(decided?.gatewayNode == "node-2")
    }

    @Test func `a gateway without a report of its own is dropped at, not let go, once any node reports`() {
        var snapshot = ClusterSnapshot.sample(ClusterSnapshot.egressSample).announced()
        snapshot.egressNodes.remove(at: 1)
        #expect(rule(snapshot)?.action == .drop)
        #expect(rule(snapshot)?.reason.code == .entryNotAnnounced)
        #expect(rule(snapshot)?.egressIP == nil)
    }

    @Test func `offline, where no node reports, the policy's own words count`() {
        var snapshot = ClusterSnapshot.sample(ClusterSnapshot.egressSample)
        snapshot.egressNodes = []
        #expect(rule(snapshot)?.action == .gateway)
        #expect(rule(snapshot)?.egressIP == "198.51.100.100")
        #expect(rule(snapshot)?.reason.code == .noNodeReports)
        #expect(resolve(snapshot).findings.contains { $0.code == .noNodeReports && $0.severity == .info })
    }

    @Test func `losing one of several gateways moves only its own pods`() {
        let entries = (1...5).map { GatewayEntry.sample("node-\($0)", .defaultRoute) }
        var snapshot = ClusterSnapshot(policies: [EgressGatewayPolicy.sample("p", via: entries).object])
        for number in 1...5 {
            let address = IPAddress(ipv4: 0xC000_0200 + UInt32(number))
            snapshot.nodes.append(.sample("node-\(number)", address))
            snapshot.egressNodes.append(.sample("node-\(number)", .sample("eth0", 2, "\(address)/24")))
        }
        snapshot.pods = (0..<500).map { .sample("pod-\($0)", at: IPAddress(ipv4: 0x0AF4_0000 + UInt32($0))) }
        snapshot = snapshot.announced()
        let before = resolve(snapshot).pods.map { $0.rules[0].gatewayNode }
        for lost in 1...5 {
            #expect((60...140).contains(before.count { $0 == "node-\(lost)" }), "spread: \(before.count { $0 == "node-\(lost)" })")
            var less = snapshot
            less.nodes[lost - 1].isReady = false
            let after = resolve(less).pods.map { $0.rules[0].gatewayNode }
            for (old, new) in zip(before, after) { #expect(old == "node-\(lost)" ? new != old : new == old) }
        }
    }

    @Test func `a failover inside one entry moves no pod of another entry`() {
        let entries = [
            GatewayEntry(
                nodeSelector: LabelSelector(matchExpressions: [
                    LabelRequirement(key: "node.kubernetes.io/name", operation: .in, values: ["node-1", "node-2"])
                ]), source: .defaultRoute),
            .sample("node-3", .defaultRoute),
        ]
        var snapshot = ClusterSnapshot.sample(.sample("p", via: entries))
        snapshot.pods = (0..<100).map { .sample("pod-\($0)", at: IPAddress(ipv4: 0x0AF4_0100 + UInt32($0))) }
        snapshot = snapshot.announced()
        let before = resolve(snapshot).pods.map { $0.rules[0].gatewayNode }
        snapshot.nodes[0].isReady = false
        let after = resolve(snapshot).pods.map { $0.rules[0].gatewayNode }
        #expect(Set(before) == ["node-1", "node-3"])
        for (old, new) in zip(before, after) { #expect(new == (old == "node-1" ? "node-2" : "node-3")) }
    }

    @Test(arguments: 0..<60) func `candidates are the nodes that match, whatever the selector looks like`(seed: Int) {
        var snapshot = RandomCluster(seed: seed).snapshot
        let requirements = [
            LabelRequirement(key: "role", operation: .in, values: ["a"]),
            LabelRequirement(key: "role", operation: .in, values: ["a", "b"]),
            LabelRequirement(key: "role", operation: .notIn, values: ["a"]), LabelRequirement(key: "zone", operation: .doesNotExist),
            LabelRequirement(key: "role", operation: .exists), LabelRequirement(key: "zone", operation: .in, values: ["z"]),
        ]
        for (number, requirement) in requirements.enumerated() {
            let selectors = [
                LabelSelector(matchExpressions: [requirement]), LabelSelector(matchLabels: ["role": "b"], matchExpressions: [requirement]),
            ]
            let gateways = selectors.map { GatewayEntry(nodeSelector: $0, source: .defaultRoute) }
            snapshot.policies.append(EgressGatewayPolicy.sample("selector-\(number)", via: gateways).object)
        }
        snapshot.nodes.reverse()
        for policy in resolve(snapshot).policies {
            for entry in policy.entries {
                let selector = policy.policy.gateways[entry.entry].nodeSelector
                let matching = snapshot.nodes.filter { selector.matches($0.metadata.labels) }.map(\.name).sorted()
                #expect(entry.candidates.map(\.node) == matching, "seed \(seed), \(selector)")
            }
        }
    }
}
