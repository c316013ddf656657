import EgressModel
import EgressPolicy
import EngineSamples
import Testing

@Suite struct ResolveTests {
    @Test func `the order of the input never matters`() {
        for seed in 0..<120 {
            var cluster = RandomCluster(seed: seed)
            for _ in 0..<3 { cluster.change() }
            let expected = resolve(cluster.snapshot)
            let shuffled = cluster.snapshot.shuffled(using: &cluster.chance)
            #expect(resolve(shuffled) == expected, "seed \(seed)")
            #expect(
                shuffled.announced().egressNodes.sorted { $0.name < $1.name } == cluster.snapshot.announced().egressNodes, "seed \(seed)")
        }
    }

    @Test func `an invalid update leaves the last good version in force, and says so`() {
        var snapshot = ClusterSnapshot.sample(ClusterSnapshot.egressSample).announced()
        let good = ClusterSnapshot.egressSample
        snapshot.policies[0].policy = nil
        snapshot.policies[0].metadata.generation = 2
        snapshot.policies[0].findings = [Finding(.error, .invalidCIDR, object: good.reference, message: "no CIDR")]
        #expect(resolve(snapshot).policies.isEmpty)
        #expect(resolve(snapshot).findings.contains { $0.code == .invalidCIDR })
        let effective = resolve(snapshot, accepted: [good.metadata.uid: good])
        #expect(effective.pods.first { $0.pod.name == "mediabot" }?.rules.first?.action == .gateway)
        #expect(effective.findings.contains { $0.code == .lastGoodInForce && $0.message.contains("generation 1 stays in force") })
        #expect(effective.findings.contains { $0.code == .invalidCIDR })
    }

    @Test func `findings of the input pass through once, the worst first`() {
        var snapshot = ClusterSnapshot.sample(.sample("none", pods: ["x": "y"]))
        let warning = Finding(.warning, .unknownField, message: "spec.foo")
        snapshot.findings = [warning, warning, Finding(.error, .notAManifest, message: "no YAML")]
        let findings = resolve(snapshot).findings
        #expect(findings.first?.code == .notAManifest)
        #expect(findings.count { $0 == warning } == 1)
        #expect(findings == findings.sorted())
    }

    @Test func `what is inside the cluster is told by kind`() {
        var snapshot = ClusterSnapshot.sample()
        snapshot.egressNodes[0].ranges = ClusterRanges(pods: ["10.244.0.0/16"], services: ["10.96.0.0/12"])
        snapshot.services = [Service(metadata: ObjectMetadata(name: "lb", uid: "s"), addresses: ["203.0.113.80"])]
        snapshot.pods.append(.sample("stray", at: "172.16.0.9"))
        snapshot.pods.append(.sample("host", at: "172.16.0.10", hostNetwork: true))
        let effective = resolve(snapshot)
        func kind(_ address: IPAddress) -> InClusterRange.Kind? { effective.clusterRange(holding: address)?.kind }
        #expect(kind("10.244.3.9") == .pod)
        #expect(kind("10.97.0.1") == .service)
        #expect(kind("203.0.113.80") == .service)
        #expect(kind("192.0.2.12") == .node)
        #expect(kind("172.16.0.9") == .pod)
        #expect(kind("172.16.0.10") == nil)
        #expect(kind("169.254.169.254") == .local)
        #expect(kind("224.0.0.1") == .local)
        #expect(kind("fe80::1") == .local)
        #expect(kind("203.0.113.81") == nil)
        #expect(Set(effective.clusterRanges.map(\.prefix)).count == effective.clusterRanges.count)
    }

    @Test func `a cluster whose pod range nobody knows is told`() {
        var snapshot = ClusterSnapshot.sample(ClusterSnapshot.egressSample)
        #expect(!resolve(snapshot).findings.contains { $0.code == .rangesUnknown })
        for index in snapshot.nodes.indices { snapshot.nodes[index].podCIDRs = [] }
        #expect(resolve(snapshot).findings.contains { $0.code == .rangesUnknown && $0.severity == .error })
    }

    @Test func `an incomplete snapshot stays marked`() {
        var snapshot = ClusterSnapshot.sample(ClusterSnapshot.egressSample)
        snapshot.isComplete = false
        #expect(!resolve(snapshot).isComplete)
        #expect(resolve(snapshot).findings.contains { $0.code == .snapshotIncomplete })
    }
}
