import EgressModel
import EgressPolicy
import EngineSamples
import Testing

@Suite struct OverlayTests {
    private let cluster = ClusterSnapshot.sample(ClusterSnapshot.egressSample).announced()

    @Test func `an object that is there keeps its identity, a policy that asks for more is the next generation`() {
        var policy = ClusterSnapshot.egressSample
        policy.metadata = ObjectMetadata(name: "egress-sample", uid: "of-the-file", labels: ["team": "a"])
        let same = cluster.overlaid(by: ClusterSnapshot(policies: [policy.object]))
        #expect(same.policies[0].metadata.uid == "policy-egress-sample")
        #expect(same.policies[0].metadata.generation == 1)
        #expect(same.policies[0].policy?.metadata.uid == "policy-egress-sample")
        #expect(same.policies[0].metadata.labels == ["team": "a"])
        policy.destinationCIDRs.append("9.9.9.0/24")
        let other = cluster.overlaid(by: ClusterSnapshot(policies: [policy.object]))
        #expect(other.policies[0].policy?.metadata.generation == 2)
        #expect(other.policies.count == 1)
    }

    @Test func `nothing over a cluster is the cluster`() { #expect(cluster.overlaid(by: ClusterSnapshot()) == cluster) }

    @Test func `objects of every kind are put over it and taken away`() {
        let more = ClusterSnapshot(
            nodes: [.sample("node-2", "192.0.2.12", labels: ["egress": "yes"])], namespaces: [.sample("default", ["a": "b"])],
            pods: [.sample("mediabot", at: "10.244.1.77")],
            services: [Service(metadata: ObjectMetadata(name: "s", namespace: "default", uid: "s"), addresses: ["10.96.0.9"])],
            egressNodes: [.sample("node-4")])
        let both = cluster.overlaid(by: more)
        #expect(both.nodes.map(\.name) == ["node-1", "node-2", "node-3"])
        #expect(both.nodes[1].metadata.labels["egress"] == "yes")
        #expect(both.namespaces[0].metadata.labels == ["a": "b"])
        #expect(both.pods.first { $0.name == "mediabot" }?.addresses == ["10.244.1.77"])
        #expect(both.pods.count == 3)
        #expect(both.egressNodes.count == 4)
        let references: Set<ObjectReference> = [
            ObjectReference(kind: "Node", name: "node-2"), ObjectReference(kind: "Pod", namespace: "default", name: "mediabot"),
            ObjectReference(kind: "Service", namespace: "default", name: "s"), ObjectReference(kind: "EgressNode", name: "node-4"),
            ObjectReference(kind: "Namespace", name: "default"), ObjectReference(kind: "CiliumEgressGatewayPolicy", name: "egress-sample"),
        ]
        let rest = both.without(references)
        #expect(rest.nodes.count == 2 && rest.pods.count == 2 && rest.services.isEmpty && rest.egressNodes.count == 3)
        #expect(rest.namespaces.isEmpty && rest.policies.isEmpty)
    }
}

@Suite struct WhatIfTests {
    private let cluster = ClusterSnapshot.sample(ClusterSnapshot.egressSample).announced()

    private func address(_ pod: String, _ snapshot: ClusterSnapshot, now: Int64? = nil) -> IPAddress? {
        let effective = resolve(snapshot, now: now)
        guard let pod = snapshot.pods.first(where: { $0.name == pod }) else { return nil }
        return explain(pod, to: Destination(address: "9.9.9.9"), in: effective).verdict?.egressIP
    }

    @Test func `a label on one pod lets a policy select it, and off again not`() {
        let labels = [LabelEdit(key: "org", value: "empire"), LabelEdit(key: "class", value: "mediabot")]
        #expect(address("bystander", cluster) == nil)
        let labelled = cluster.with(labels, onPod: "bystander", in: "default")
        #expect(address("bystander", labelled) == "198.51.100.100")
        #expect(address("bystander", labelled.with([LabelEdit(key: "org", value: nil)], onPod: "bystander", in: "default")) == nil)
        #expect(cluster.with(labels, onPod: "bystander", in: "other") == cluster)
    }

    @Test func `a node that is down is left for the next that matches`() {
        var policy = EgressGatewayPolicy.sample("p", via: [GatewayEntry(nodeSelector: [:], source: .defaultRoute)])
        policy.gateways[0].nodeSelector = LabelSelector(
            matchLabels: [:],
            matchExpressions: [LabelRequirement(key: "node.kubernetes.io/name", operation: .in, values: ["node-2", "node-3"])])
        var both = ClusterSnapshot.sample(policy).announced()
        for index in both.egressNodes.indices { both.egressNodes[index].reportedAt = "2026-11-22T10:00:00Z" }
        #expect(address("mediabot", both) == "192.0.2.12")
        let down = both.withNodeDown("node-2", lastReport: "2026-11-22T09:50:00Z")
        #expect(address("mediabot", down) == "192.0.2.13")
        #expect(resolve(down, now: 1_795_341_605).findings.contains { $0.code == .nodeSilent && $0.object?.name == "node-2" })
        #expect(both.withNodeDown("node-9", lastReport: "") == both)
    }

    @Test func `what is late today stays late in a forecast of something else`() {
        // Nobody has announced this policy: its packets are dropped now, and a change of another one doesn't mend that.
        let late = cluster.overlaid(by: ClusterSnapshot(policies: [EgressGatewayPolicy.sample("late", to: ["8.8.8.0/24"]).object]))
        let after = late.overlaid(by: ClusterSnapshot(policies: [EgressGatewayPolicy.sample("new", to: ["9.9.9.0/24"]).object]))
        let forecast = Forecast(from: late, to: after)
        let rule = resolve(forecast.snapshot).pods[0].rules.first { $0.policy == "late" }
        #expect(rule?.action == .drop && rule?.reason.code == .entryNotAnnounced)
        #expect(resolve(forecast.snapshot).pods[0].rules.first { $0.policy == "new" }?.action == .gateway)
        let ids = forecast.snapshot.egressNodes.flatMap { $0.resolutions.map(\.id) }
        #expect(Set(ids).count == ids.count)
    }

    @Test func `a node that gets a gateway's label announces what it can serve`() {
        let policy = EgressGatewayPolicy.sample("p", via: [GatewayEntry(nodeSelector: ["egress": "yes"], source: .defaultRoute)])
        let before = ClusterSnapshot.sample(policy).announced()
        let after = before.overlaid(by: ClusterSnapshot(nodes: [.sample("node-3", "192.0.2.13", labels: ["egress": "yes"])]))
        #expect(address("mediabot", before) == nil)
        #expect(address("mediabot", Forecast(from: before, to: after).snapshot) == "192.0.2.13")
    }
}
