import EgressModel
import EgressPorts
import JSONText
import KubeObjects
import TestKit
import Testing

@testable import KubeAPI

@Suite(.requires(.api)) struct ClusterSnapshotTests {
    @Test func `a snapshot holds every kind, and of pods no more than the engine reads`() async throws {
        let fixture = try await ClusterFixture.shared()
        try await fixture.addNode("snap-node")
        try await fixture.addPod("snap-pod", on: "snap-node", address: "10.244.1.5", labels: "app: snap")
        try await fixture.addPolicy("snap-policy", priority: 5)
        try await fixture.apply(
            "{apiVersion: v1, kind: Service, metadata: {name: snap-service, namespace: default}, spec: {ports: [{port: 80, protocol: TCP}], externalIPs: [203.0.113.77]}}"
        )
        let snapshot = try await fixture.cluster().snapshot()
        #expect(snapshot.isComplete)
        #expect(snapshot.unread == [])
        #expect(snapshot.podScope == .cluster)
        let node = try #require(snapshot.nodes.first { $0.name == "snap-node" })
        #expect(node.internalAddresses.map(\.description) == ["192.0.2.11"])
        #expect(node.podCIDRs.map(\.description) == ["10.244.1.0/24"])
        let pod = try #require(snapshot.pods.first { $0.name == "snap-pod" })
        #expect(pod.addresses.map(\.description) == ["10.244.1.5"])
        #expect(pod.metadata.labels == ["app": "snap"])
        #expect(pod.metadata.annotations == [:])
        #expect(pod.metadata.uid.count == 36)
        #expect(snapshot.namespaces.contains { $0.name == "default" })
        #expect(
            snapshot.services.contains { $0.metadata.name == "snap-service" && $0.addresses.map(\.description).contains("203.0.113.77") })
        let policy = try #require(snapshot.policies.first { $0.metadata.name == "snap-policy" })
        #expect(policy.policy?.priority == 5)
        #expect(policy.metadata.annotations == ["kubectl-egress.dev/priority": "5"])
    }

    @Test func `the cluster's own configuration says its ranges, to commands and to agents`() async throws {
        let fixture = try await ClusterFixture.shared()
        try await fixture.apply(
            """
            apiVersion: v1
            kind: ConfigMap
            metadata: {name: kubeadm-config, namespace: kube-system}
            data:
              ClusterConfiguration: |
                networking: {podSubnet: 10.200.0.0/14, serviceSubnet: 10.96.0.0/16}
            """)
        for scope in [ClusterScope.cluster, .node("ranges-node")] {
            let ranges = try await fixture.cluster(scope).snapshot().ranges
            #expect(ranges.filter { $0.use == .pods }.map(\.prefix.description) == ["10.200.0.0/14"])
            #expect(ranges.filter { $0.use == .services }.map(\.prefix.description) == ["10.96.0.0/16"])
            #expect(ranges.first?.source == "configmap/kube-system/kubeadm-config networking.podSubnet")
        }
    }

    @Test func `the later of a report and its Lease counts`() async throws {
        let fixture = try await ClusterFixture.shared()
        for (name, reported) in [
            ("beat-old", "2026-01-01T00:00:00Z"), ("beat-new", "2026-01-01T00:00:09Z"), ("beat-none", "2026-01-01T00:00:01Z"),
        ] {
            try await fixture.apply("{apiVersion: kubectl-egress.dev/v1alpha1, kind: EgressNode, metadata: {name: \(name)}}")
            try await fixture.kubectl(
                "patch", "egressnode", name, "--subresource=status", "--type=merge", "-p", #"{"status":{"reportedAt":"\#(reported)"}}"#)
        }
        for name in ["beat-old", "beat-new"] {
            try await fixture.apply(
                "{apiVersion: coordination.k8s.io/v1, kind: Lease, metadata: {name: \(name), namespace: kubectl-egress}, spec: {renewTime: \"2026-01-01T00:00:05.700000Z\"}}"
            )
        }
        let snapshot = try await fixture.cluster().snapshot()
        let times = Dictionary(uniqueKeysWithValues: snapshot.egressNodes.map { ($0.name, $0.reportedAt) })
        #expect(times["beat-old"] == "2026-01-01T00:00:05Z")
        #expect(times["beat-new"] == "2026-01-01T00:00:09Z")
        #expect(times["beat-none"] == "2026-01-01T00:00:01Z")
    }

    /// A developer may read pods in their own namespace and nothing else: that is what they get, and each gap is named.
    @Test func `who may read little gets that, and the server's words for the rest`() async throws {
        let fixture = try await ClusterFixture.shared()
        let kubeconfig = try await fixture.serviceAccount("little", namespace: "team-little")
        try await fixture.kubectl("create", "role", "pods", "-n", "team-little", "--verb=get,list,watch", "--resource=pods")
        try await fixture.kubectl(
            "create", "rolebinding", "pods", "-n", "team-little", "--role=pods", "--serviceaccount=team-little:little")
        try await fixture.addPod("little-pod", on: "nowhere", address: "10.244.9.5", namespace: "team-little")
        let snapshot = try await fixture.cluster(as: kubeconfig, namespace: "team-little").snapshot()
        #expect(snapshot.pods.map(\.name) == ["little-pod"])
        #expect(!snapshot.isComplete)
        let pods = try #require(snapshot.unread.first { $0.kind == .pod })
        #expect(pods.code == .readForbidden)
        #expect(pods.namespace == nil)
        #expect(
            pods.reason
                == #"pods is forbidden: User "system:serviceaccount:team-little:little" cannot list resource "pods" in API group "" at the cluster scope; read in namespace "team-little" alone"#
        )
        #expect(snapshot.unread.filter { $0.kind == .service }.map(\.namespace) == [nil, "team-little"])
        #expect(snapshot.unread.filter { $0.kind == .node }.map(\.code) == [.readForbidden])
        #expect(Set(snapshot.unread.map(\.kind)) == Set(ClusterKind.allCases.filter { !$0.isOfConnections && $0 != .mesh }))
    }

    @Test func `a server that doesn't know us, or isn't there, is an error in kubectl's words`() async throws {
        let fixture = try await ClusterFixture.shared()
        let path = "\(fixture.server.folder)/stranger.kubeconfig"
        try FileText.write(
            """
            clusters: [{name: c, cluster: {server: "\(fixture.server.url)", certificate-authority: "\(fixture.server.certificateAuthority)"}}]
            users: [{name: u, user: {token: nonsense}}]
            contexts: [{name: x, context: {cluster: c, user: u}}]
            current-context: x

            """, to: path)
        let stranger = await #expect(throws: ClusterError.self) { try await fixture.cluster(as: path).snapshot() }
        #expect(stranger?.message == "You must be logged in to the server (Unauthorized)")
        var connection = try fixture.client().connection
        connection.server = "https://127.0.0.1:9"
        let client = KubeClient(connection, log: quietLog, warn: { _ in })
        for scope in [ClusterScope.cluster, .node("n")] {
            let cluster = APICluster(client: client, scope: scope, log: quietLog)
            let error = await #expect(throws: ClusterError.self) { try await cluster.snapshot() }
            #expect(error?.message == "The connection to the server 127.0.0.1:9 was refused - did you specify the right host or port?")
            #expect(error?.voice == .verbatim)
        }
    }

    @Test func `names come with what tells them apart`() async throws {
        let fixture = try await ClusterFixture.shared()
        try await fixture.apply("{apiVersion: v1, kind: Namespace, metadata: {name: names}}")
        try await fixture.addNode("names-node")
        try await fixture.addPod("b", on: "names-node", address: "10.244.1.7", namespace: "names")
        try await fixture.addPod("a", on: "names-node", address: "10.244.1.8", namespace: "names")
        try await fixture.addPolicy("names-policy", address: "198.51.100.9")
        let cluster = try fixture.cluster()
        let pods = try await cluster.names(of: .pod, namespace: "names")
        #expect(
            pods == [ObjectName("a", remark: "Running 10.244.1.8 names-node"), ObjectName("b", remark: "Running 10.244.1.7 names-node")])
        #expect(try await cluster.names(of: .node, namespace: nil).contains(ObjectName("names-node", remark: "Ready")))
        #expect(try await cluster.names(of: .namespace, namespace: nil).contains(ObjectName("names")))
        #expect(
            try await cluster.names(of: .policy, namespace: nil).contains {
                $0.name == "names-policy" && $0.remark.contains("198.51.100.9")
            })
    }

    @Test func `an exported cluster says what is read, and nothing that is private`() async throws {
        let fixture = try await ClusterFixture.shared()
        try await fixture.addNode("export-node")
        try await fixture.addPod("export-pod", on: "export-node", address: "10.244.1.9")
        try await fixture.addPolicy("export-policy")
        try await fixture.kubectl("create", "secret", "generic", "export-secret", "--from-literal=password=hidden")
        var texts: [String] = []
        for try await text in try fixture.cluster().manifests() { texts.append(text) }
        let all = texts.joined(separator: "\n")
        #expect(!all.contains("hidden") && !all.contains("PASSWORD") && !all.contains("managedFields") && !all.contains("Secret"))
        let pod = try #require(texts.first { $0.contains(#""name":"export-pod""#) })
        #expect(pod.contains(#""podIP":"10.244.1.9""#) && pod.contains(#""kind":"Pod""#) && pod.contains(#""apiVersion":"v1""#))
        #expect(texts.contains { $0.contains(#""name":"export-policy""#) && $0.contains("198.51.100.7") })
        #expect(try texts.allSatisfy { try JSONValue(parsing: $0)["kind"] != nil })
    }

    /// A definition that keeps whatever is written.
    private func definition(_ source: MeshSource) -> String {
        let parts = (source.apiVersions.last ?? "").split(separator: "/").map(String.init)
        let (group, version) = (parts.first ?? "", parts.last ?? "")
        return """
            {apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition,
            metadata: {name: \(source.resource).\(group), annotations: {api-approved.kubernetes.io: "unapproved, for a test"}},
            spec: {group: \(group), scope: Namespaced, names: {plural: \(source.resource), kind: \(source.kind)},
            versions: [{name: \(version), served: true, storage: true,
            schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}]}}
            """
    }

    /// In older versions than the newest, as clusters have them.
    @Test func `what a mesh says is read where it is served, and exported without what it does to requests`() async throws {
        let fixture = try await ClusterFixture.own()
        defer { fixture.server.stop() }
        let before = try await fixture.cluster().snapshot()
        #expect(before.mesh == MeshConfiguration())
        for source in MeshSource.allCases { try await fixture.apply(definition(source)) }
        try await fixture.kubectl("wait", "--for=condition=Established", "--timeout=30s", "crd", "--all")
        for _ in 0..<100
        where try await !fixture.outcome("get", "virtualservices,serviceentries,httproutes,gateways.networking.istio.io").succeeded {}
        try await fixture.apply(
            "{apiVersion: gateway.networking.k8s.io/v1beta1, kind: Gateway, metadata: {name: front, namespace: default}, "
                + "spec: {gatewayClassName: istio, listeners: [{tls: {secret: hidden}}]}}")
        try await fixture.apply(
            "{apiVersion: networking.istio.io/v1alpha3, kind: Gateway, metadata: {name: out, namespace: default}, "
                + "spec: {selector: {istio: egressgateway}}}")
        try await fixture.apply(
            "{apiVersion: networking.istio.io/v1alpha3, kind: ServiceEntry, metadata: {name: partner, namespace: default}, "
                + "spec: {hosts: [a.example], resolution: DNS, ports: [{number: 443, name: tls, protocol: TLS}]}}")
        try await fixture.apply(
            "{apiVersion: networking.istio.io/v1alpha3, kind: VirtualService, metadata: {name: partner, namespace: default}, "
                + "spec: {hosts: [a.example], http: [{match: [{port: 80, headers: {token: {exact: hidden}}}], "
                + "route: [{destination: {host: b}, headers: {request: {set: {token: hidden}}}}]}]}}")
        let mesh = try await fixture.cluster().snapshot().mesh
        #expect(Set(mesh.gateways.map(\.name)) == ["front", "out"])
        #expect(mesh.serviceEntries.map(\.hosts) == [["a.example"]])
        #expect(mesh.virtualServices.first?.routes.first?.matches == [.init(port: 80, others: ["headers"])])
        #expect(mesh.unread.isEmpty)
        let names = try await fixture.cluster().names(of: .gateway, namespace: "default")
        #expect(names.map(\.name) == ["front", "out"])
        var texts: [String] = []
        for try await text in try fixture.cluster().manifests() { texts.append(text) }
        let text = texts.joined(separator: "\n")
        #expect(!text.contains("hidden"))
        let again = clusterSnapshot(from: KubeReading(text, file: "f", format: .jsonLines)).mesh
        #expect(Set(again.virtualServices.flatMap(\.routes)) == Set(mesh.virtualServices.flatMap(\.routes)))
        #expect(again.serviceEntries.map(\.keepsAddress) == [false])
        #expect(again.gateways.count == 2)
    }

    @Test func `who may not read a mesh's objects reads the rest whole`() async throws {
        let fixture = try await ClusterFixture.shared()
        let kubeconfig = try await fixture.serviceAccount("meshless", namespace: "default")
        let snapshot = try await fixture.cluster(as: kubeconfig, namespace: "default").snapshot()
        #expect(snapshot.mesh.unread.map(\.code) == MeshSource.allCases.map { _ in .readForbidden })
        #expect(!snapshot.unread.contains { $0.kind == .mesh })
    }
}
