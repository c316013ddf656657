import EgressModel
import EgressPolicy
import EngineSamples
import Testing

@Suite struct KnownRangesTests {
    private func unranged() -> ClusterSnapshot {
        var snapshot = ClusterSnapshot.sample(ClusterSnapshot.egressSample).announced()
        for index in snapshot.nodes.indices { snapshot.nodes[index].podCIDRs = [] }
        return snapshot
    }

    private func verdict(_ snapshot: ClusterSnapshot, to address: IPAddress) -> Verdict? {
        explain(snapshot.pods[0], to: Destination(address: address), in: resolve(snapshot)).verdict
    }

    @Test func `without any range of pods nothing private is steered, and explain says why`() throws {
        let snapshot = unranged()
        let inside = try #require(verdict(snapshot, to: "10.9.8.7"))
        #expect(inside.action == .direct)
        #expect(inside.code == .rangesUnknown)
        #expect(inside.reason == "10.9.8.7 is treated as inside: the cluster's own ranges aren't known")
        #expect(verdict(snapshot, to: "203.0.113.10")?.action == .gateway)
        let steps = explain(snapshot.pods[0], to: Destination(address: "10.9.8.7"), in: resolve(snapshot)).steps
        #expect(steps.last?.step == .matched)
        #expect(steps.last?.detail == "10.9.8.7 is treated as inside: the cluster's own ranges aren't known (EG4006)")
        let finding = try #require(resolve(snapshot).findings.first { $0.code == .rangesUnknown })
        #expect(finding.severity == .error)
        #expect(finding.hint?.contains("--cluster-cidr") == true)
    }

    @Test func `a known range of pods lets everything else private be steered`() {
        var snapshot = unranged()
        snapshot.ranges = [DiscoveredRange("10.244.0.0/16", .pods, source: "x")]
        #expect(verdict(snapshot, to: "10.9.8.7")?.action == .gateway)
        #expect(verdict(snapshot, to: "10.244.9.9")?.code == .inCluster)
        #expect(!resolve(snapshot).findings.contains { $0.code == .rangesUnknown })
    }

    @Test func `what nodes publish counts before what the configuration says`() {
        var snapshot = unranged()
        snapshot.ranges = [DiscoveredRange("10.244.0.0/16", .pods, source: "x"), DiscoveredRange("10.96.0.0/12", .services, source: "x")]
        snapshot.egressNodes[0].ranges = ClusterRanges(pods: ["10.50.0.0/16"], services: ["10.60.0.0/16"])
        #expect(verdict(snapshot, to: "10.244.9.9")?.action == .gateway)
        #expect(verdict(snapshot, to: "10.97.0.1")?.action == .gateway)
        #expect(verdict(snapshot, to: "10.50.1.1")?.code == .inCluster)
        #expect(verdict(snapshot, to: "10.60.1.1")?.code == .inCluster)
    }

    @Test func `nodes that report and publish no range assume, whatever the configuration says`() throws {
        var snapshot = unranged()
        snapshot.ranges = [DiscoveredRange("10.244.0.0/16", .pods, source: "ippool/a spec.cidr")]
        for index in snapshot.egressNodes.indices { snapshot.egressNodes[index].reportedAt = "2026-11-22T10:00:00Z" }
        #expect(verdict(snapshot, to: "10.9.8.7")?.code == .rangesUnknown)
        let finding = try #require(resolve(snapshot).findings.first { $0.code == .rangesUnknown })
        #expect(
            finding.hint == "ippool/a spec.cidr says 10.244.0.0/16, which no node uses: start the agents with --cluster-cidr 10.244.0.0/16")
    }

    @Test func `a missing range of services alone is a warning, and known services stay inside`() throws {
        var snapshot = ClusterSnapshot.sample(ClusterSnapshot.egressSample).announced()
        #expect(!resolve(snapshot).findings.contains { $0.code == .rangesUnknown })
        snapshot.services = [Service(metadata: ObjectMetadata(name: "dns", namespace: "kube-system", uid: "s"), addresses: ["10.96.0.10"])]
        let finding = try #require(resolve(snapshot).findings.first { $0.code == .rangesUnknown })
        #expect(finding.severity == .warning)
        #expect(finding.hint?.contains("--service-cidr") == true)
        #expect(verdict(snapshot, to: "10.96.0.10")?.code == .inCluster)
        #expect(verdict(snapshot, to: "10.96.0.11")?.action == .gateway)
        snapshot.ranges = [DiscoveredRange("10.96.0.0/12", .services, source: "x")]
        #expect(!resolve(snapshot).findings.contains { $0.code == .rangesUnknown })
        #expect(verdict(snapshot, to: "10.96.0.11")?.code == .inCluster)
    }
}
