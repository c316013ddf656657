import EgressModel
import EgressPorts
import TestKit
import Testing

@testable import KubeAPI

@Suite(.requires(.api)) struct ClusterFollowingTests {
    @Test func `an agent sees its own pods, the gateways and itself`() async throws {
        let fixture = try await ClusterFixture.shared()
        for name in ["scope-me", "scope-other"] { try await fixture.addNode(name) }
        try await fixture.addPod("scope-mine", on: "scope-me", address: "10.244.1.20")
        try await fixture.addPod("scope-foreign", on: "scope-other", address: "10.244.1.21")
        for (name, labels) in [
            ("scope-me", ""), ("scope-other", ""), ("scope-gateway", ", labels: {kubectl-egress.dev/gateway: \"true\"}"),
        ] {
            try await fixture.apply("{apiVersion: kubectl-egress.dev/v1alpha1, kind: EgressNode, metadata: {name: \(name)\(labels)}}")
        }
        let cluster = try fixture.cluster(.node("scope-me"))
        let snapshot = try await cluster.snapshot()
        #expect(snapshot.isComplete)
        #expect(snapshot.podScope == .node("scope-me"))
        #expect(snapshot.pods.map(\.name) == ["scope-mine"])
        #expect(snapshot.nodes.contains { $0.name == "scope-other" })
        let reports = Set(snapshot.egressNodes.map(\.name))
        #expect(reports.isSuperset(of: ["scope-me", "scope-gateway"]))
        #expect(!reports.contains("scope-other"))
        // One that becomes a gateway appears; one that is none any more, and isn't ours, goes.
        try await fixture.kubectl("label", "egressnode", "scope-other", "kubectl-egress.dev/gateway=true")
        try await fixture.kubectl("label", "egressnode", "scope-gateway", "kubectl-egress.dev/gateway-")
        try await fixture.kubectl("label", "egressnode", "scope-me", "kubectl-egress.dev/gateway=true")
        try await eventually("labels count") {
            let names = Set(try await cluster.snapshot().egressNodes.map(\.name))
            return names.contains("scope-other") && !names.contains("scope-gateway")
        }
        try await fixture.kubectl("label", "egressnode", "scope-me", "kubectl-egress.dev/gateway-")
        try await Task.sleep(for: .milliseconds(300))
        #expect(try await cluster.snapshot().egressNodes.contains { $0.name == "scope-me" })
    }

    @Test func `what changes wakes the reader, what doesn't matter does not`() async throws {
        let fixture = try await ClusterFixture.shared()
        try await fixture.addNode("wake-node")
        try await fixture.addPod("wake-pod", on: "wake-node", address: "10.244.1.30")
        let cluster = try fixture.cluster(.node("wake-node"))
        var changes = cluster.changes().makeAsyncIterator()
        _ = await changes.next()
        #expect(try await cluster.snapshot().isComplete)
        try await fixture.kubectl("label", "pod", "wake-pod", "tier=a")
        while await changes.next() != nil {
            if try await cluster.snapshot().pods.first?.metadata.labels["tier"] == "a" { break }
        }
        // Other tests change the shared server's nodes and policies; pods of this node are ours alone.
        let before = try await cluster.snapshot().pods
        try await fixture.kubectl("annotate", "pod", "wake-pod", "unread=1")
        try await fixture.kubectl("label", "--overwrite", "pod", "wake-pod", "tier=b")
        try await eventually("the label is seen") { try await cluster.snapshot().pods.first?.metadata.labels["tier"] == "b" }
        #expect(before.first?.metadata.labels["tier"] == "a", "a snapshot that was taken stays as it was")
        try await fixture.kubectl("delete", "pod", "wake-pod", "--grace-period=0", "--force", "--wait=false")
        try await eventually("the pod is gone") { try await cluster.snapshot().pods.isEmpty }
    }

    @Test func `a policy that becomes invalid stays known, as rejected`() async throws {
        let fixture = try await ClusterFixture.shared()
        try await fixture.addPolicy("turns-bad")
        let cluster = try fixture.cluster(.node("nowhere"))
        func policy() async throws -> PolicyObject? { try await cluster.snapshot().policies.first { $0.metadata.name == "turns-bad" } }
        #expect(try await policy()?.policy != nil)
        try await fixture.kubectl("annotate", "--overwrite", "ciliumegressgatewaypolicy", "turns-bad", "kubectl-egress.dev/priority=high")
        try await eventually("it is rejected") { try await policy()?.policy == nil }
        let rejected = try #require(try await policy())
        #expect(rejected.findings.contains { $0.code == .invalidAnnotation && $0.severity == .error })
        #expect(try await cluster.snapshot().isComplete)
        try await fixture.kubectl("annotate", "--overwrite", "ciliumegressgatewaypolicy", "turns-bad", "kubectl-egress.dev/priority=3")
        try await eventually("it is good again") { try await policy()?.policy?.priority == 3 }
    }

    @Test func `the whole cluster can be followed too`() async throws {
        let fixture = try await ClusterFixture.shared()
        let cluster = try fixture.cluster()
        var changes = cluster.changes().makeAsyncIterator()
        _ = await changes.next()
        #expect(try await cluster.snapshot().isComplete)
        try await fixture.addPod("whole-pod", on: "anywhere", address: "10.244.1.40")
        while await changes.next() != nil {
            if try await cluster.snapshot().pods.contains(where: { $0.name == "whole-pod" && !$0.addresses.isEmpty }) { break }
        }
    }

    @Test func `an agent without a right is told, and plans nothing`() async throws {
        let fixture = try await ClusterFixture.shared()
        let kubeconfig = try await fixture.serviceAccount("agent", namespace: "rights")
        try await fixture.kubectl(
            "create", "clusterrole", "rights", "--verb=get,list,watch",
            "--resource=nodes,namespaces,pods,services,leases,configmaps,egressnodes")
        try await fixture.kubectl("create", "clusterrolebinding", "rights", "--clusterrole=rights", "--serviceaccount=rights:agent")
        let cluster = try fixture.cluster(.node("n"), as: kubeconfig)
        let refused = try await cluster.snapshot()
        #expect(!refused.isComplete)
        let unread = try #require(refused.unread.first { $0.kind == .policy })
        #expect(unread.code == .readForbidden)
        #expect(unread.reason.contains(#"cannot list resource "ciliumegressgatewaypolicies""#))
        try await fixture.kubectl("create", "clusterrole", "rights-2", "--verb=get,list,watch", "--resource=ciliumegressgatewaypolicies")
        try await fixture.kubectl("create", "clusterrolebinding", "rights-2", "--clusterrole=rights-2", "--serviceaccount=rights:agent")
        try await eventually("the right is noticed") { try await cluster.snapshot().isComplete }
        #expect(try await !cluster.snapshot().unread.contains { $0.kind == .policy })
        // Rights that are taken away leave what was read.
        try await fixture.addPolicy("rights-policy")
        try await eventually("it is followed") { try await cluster.snapshot().policies.contains { $0.metadata.name == "rights-policy" } }
    }
}
