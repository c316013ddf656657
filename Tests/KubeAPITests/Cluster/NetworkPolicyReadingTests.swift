import EgressModel
import EgressPolicy
import EgressPorts
import JSONText
import KubeAPI
import TestKit
import Testing

/// Network policies of a real API server, where Cilium's kinds aren't served until somebody defines them.
@Suite(.requires(.api), .serialized)
struct NetworkPolicyReadingTests {
    @Test func `those of the namespace are read, and kinds that aren't served are absent, not unknown`() async throws {
        let fixture = try await ClusterFixture.shared()
        try await fixture.apply("{apiVersion: v1, kind: Namespace, metadata: {name: netpol}}")
        for namespace in ["netpol", "default"] {
            try await fixture.apply(
                "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: isolate, namespace: \(namespace)}, spec: {podSelector: {}, policyTypes: [Egress]}}"
            )
        }
        let cluster = try fixture.cluster()
        let snapshot = try await cluster.withNetworkPolicies(ClusterSnapshot(), namespace: "netpol")
        #expect(snapshot.networkPolicies.policies.map(\.reference.description) == ["networkpolicy/netpol/isolate"])
        #expect(snapshot.networkPolicies.policies.allSatisfy { $0.parts?.first?.isolates == true })
        #expect(snapshot.unread == [])
        var exported: [String] = []
        for try await text in cluster.manifests() where text.contains("\"NetworkPolicy\"") { exported.append(text) }
        #expect(exported.count == 2)
        #expect(exported.allSatisfy { !$0.contains("managedFields") && $0.contains("policyTypes") })
    }

    @Test func `who may read nothing gets unknown for what is served, and absent for what isn't`() async throws {
        let fixture = try await ClusterFixture.shared()
        let kubeconfig = try await fixture.serviceAccount("nobody", namespace: "team-netpol")
        let cluster = try fixture.cluster(as: kubeconfig, namespace: "team-netpol")
        let snapshot = try await cluster.withNetworkPolicies(ClusterSnapshot(), namespace: "team-netpol")
        #expect(snapshot.unread.map(\.kind) == [.networkPolicy])
        #expect(snapshot.unread.map(\.code) == [.readForbidden])
        let pod = Pod(metadata: ObjectMetadata(name: "p", namespace: "team-netpol", uid: "p"))
        #expect(networkPolicyVerdict(for: pod, to: nil, in: snapshot).answer == .unknown)
        try await served(fixture)
    }

    /// Once somebody defines the kinds, they are forbidden to that user, and read or named for who may read them.
    private func served(_ fixture: ClusterFixture) async throws {
        try await fixture.apply(
            Self.definition("policy.networking.k8s.io", "v1alpha1", "AdminNetworkPolicy", "adminnetworkpolicies", "Cluster"))
        try await fixture.apply(Self.definition("cilium.io", "v2", "CiliumNetworkPolicy", "ciliumnetworkpolicies", "Namespaced"))
        let admin = try fixture.cluster()
        var mine = ClusterSnapshot()
        // Discovery follows a definition by a moment.
        for _ in 0..<50 where mine.networkPolicies.notEvaluated.isEmpty || !mine.networkPolicies.policies.contains(where: \.kind.isCilium) {
            try? await fixture.apply("{apiVersion: policy.networking.k8s.io/v1alpha1, kind: AdminNetworkPolicy, metadata: {name: first}}")
            try? await fixture.apply(
                "{apiVersion: cilium.io/v2, kind: CiliumNetworkPolicy, metadata: {name: c, namespace: team-netpol}, spec: {endpointSelector: {}, egress: [{}]}}"
            )
            mine = try await fixture.cluster().withNetworkPolicies(ClusterSnapshot(), namespace: "team-netpol")
            try await Task.sleep(for: .milliseconds(200))
        }
        #expect(mine.networkPolicies.notEvaluated.map(\.reference.description) == ["adminnetworkpolicy/first"])
        #expect(mine.networkPolicies.policies.filter(\.kind.isCilium).map(\.reference.description) == ["ciliumnetworkpolicy/team-netpol/c"])
        #expect(mine.unread == [])
        var exported: [String] = []
        for try await text in admin.manifests() where text.contains("AdminNetworkPolicy") { exported.append(text) }
        #expect(exported.count == 1)
        let kubeconfig = try await fixture.serviceAccount("nobody-else", namespace: "team-netpol")
        let theirs = try await fixture.cluster(as: kubeconfig, namespace: "team-netpol")
            .withNetworkPolicies(ClusterSnapshot(), namespace: "team-netpol")
        #expect(theirs.unread.map(\.kind) == [.networkPolicy, .ciliumNetworkPolicy, .otherNetworkPolicy])
        for name in ["adminnetworkpolicies.policy.networking.k8s.io", "ciliumnetworkpolicies.cilium.io"] {
            try await fixture.kubectl("delete", "customresourcedefinition", name)
        }
    }

    private static func definition(_ group: String, _ version: String, _ kind: String, _ plural: String, _ scope: String) -> String {
        """
        apiVersion: apiextensions.k8s.io/v1
        kind: CustomResourceDefinition
        metadata: {name: \(plural).\(group), annotations: {api-approved.kubernetes.io: "unapproved, for tests"}}
        spec:
          group: \(group)
          scope: \(scope)
          names: {kind: \(kind), plural: \(plural), singular: \(kind.lowercased())}
          versions:
          - name: \(version)
            served: true
            storage: true
            schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}

        """
    }
}
