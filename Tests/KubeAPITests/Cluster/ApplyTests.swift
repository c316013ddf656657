import EgressModel
import EgressPorts
import TestKit
import Testing

@testable import KubeAPI

@Suite(.requires(.api)) struct ClusterApplyTests {
    private func manifest(_ apiVersion: String, _ kind: String, _ name: String, namespace: String? = nil, _ rest: String = "") -> Manifest {
        let place = namespace.map { #","namespace":"\#($0)""# } ?? ""
        return Manifest(
            object: ObjectReference(kind: kind, namespace: namespace, name: name), apiVersion: apiVersion,
            json: #"{"apiVersion":"\#(apiVersion)","kind":"\#(kind)","metadata":{"name":"\#(name)"\#(place)}\#(rest)}"#)
    }

    private func policy(_ name: String, address: String = "198.51.100.7") -> Manifest {
        manifest(
            "cilium.io/v2", "CiliumEgressGatewayPolicy", name,
            #","spec":{"selectors":[{"podSelector":{}}],"destinationCIDRs":["203.0.113.0/24"],"egressGateway":{"nodeSelector":{},"egressIP":"\#(address)"}}"#
        )
    }

    @Test func `what is applied is created, unchanged, then configured`() async throws {
        let fixture = try await ClusterFixture.shared()
        let cluster = try fixture.cluster()
        let created = try await cluster.apply([policy("apply-1")])
        #expect(created.map(\.change) == [.created])
        #expect(created.first?.generation == 1)
        #expect(created.first?.uid.count == 36)
        #expect(created.first?.object == ObjectReference(kind: "CiliumEgressGatewayPolicy", name: "apply-1"))
        #expect(try await cluster.apply([policy("apply-1")]).map(\.change) == [.unchanged])
        let changed = try await cluster.apply([policy("apply-1", address: "198.51.100.8")])
        #expect(changed.map(\.change) == [.configured])
        #expect(changed.first?.generation == 2)
        #expect(
            try await fixture.kubectl("get", "ciliumegressgatewaypolicy", "apply-1", "-o", "jsonpath={.metadata.managedFields[*].manager}")
                == "kubectl-egress")
    }

    @Test func `a dry run answers the same and keeps nothing`() async throws {
        let fixture = try await ClusterFixture.shared()
        let cluster = try fixture.cluster()
        let options = ApplyOptions(isDryRun: true)
        #expect(try await cluster.apply([policy("dry-1")], options).map(\.change) == [.created])
        #expect(try await !fixture.outcome("get", "ciliumegressgatewaypolicy", "dry-1").succeeded)
        _ = try await cluster.apply([policy("dry-1")])
        #expect(try await cluster.apply([policy("dry-1")], options).map(\.change) == [.unchanged])
        #expect(try await cluster.apply([policy("dry-1", address: "198.51.100.9")], options).map(\.change) == [.configured])
        #expect(try await cluster.apply([policy("dry-1")]).map(\.change) == [.unchanged])
    }

    @Test func `fields that another manages are named, and taken over only by force`() async throws {
        let fixture = try await ClusterFixture.shared()
        let cluster = try fixture.cluster()
        let outcome = try await fixture.outcome(
            "apply", "--server-side", "--field-manager=argocd", "-f", "-", input: "---\n" + ClusterFixture.policy("conflict-1"))
        #expect(outcome.succeeded)
        let error = await #expect(throws: ClusterError.self) { try await cluster.apply([policy("conflict-1", address: "198.51.100.99")]) }
        let conflicts = try #require(error?.conflicts)
        #expect(
            conflicts.contains(
                FieldConflict(
                    object: ObjectReference(kind: "CiliumEgressGatewayPolicy", name: "conflict-1"), field: ".spec.egressGateway.egressIP",
                    manager: "argocd")))
        let forced = try await cluster.apply([policy("conflict-1", address: "198.51.100.99")], ApplyOptions(forcesConflicts: true))
        #expect(forced.map(\.change) == [.configured])
    }

    @Test func `an error says what was applied before it`() async throws {
        let fixture = try await ClusterFixture.shared()
        let cluster = try fixture.cluster(namespace: "default")
        let manifests = [
            manifest("v1", "ConfigMap", "before-1"), policy("before-2"),
            manifest("v1", "ConfigMap", "before-3", namespace: "no-such-namespace"),
            manifest("v1", "ConfigMap", "never"),
        ]
        let error = await #expect(throws: ClusterError.self) { try await cluster.apply(manifests) }
        #expect(error?.message == #"Error from server (NotFound): namespaces "no-such-namespace" not found"#)
        #expect(error?.voice == .verbatim)
        #expect(error?.hint == "applied before this: configmap/default/before-1 created, ciliumegressgatewaypolicy/before-2 created")
        #expect(try await !fixture.outcome("get", "configmap", "never").succeeded)
        let unknown = await #expect(throws: ClusterError.self) { try await cluster.apply([manifest("nobody.example/v1", "Thing", "t")]) }
        #expect(unknown?.message.contains(#"no matches for kind "Thing" in version "nobody.example/v1""#) == true)
    }

    @Test func `a definition is established before its objects follow`() async throws {
        let fixture = try await ClusterFixture.shared()
        let cluster = try fixture.cluster()
        let definition = manifest(
            "apiextensions.k8s.io/v1", "CustomResourceDefinition", "fruits.apply.test",
            #"""
            ,"spec":{"group":"apply.test","scope":"Namespaced","names":{"kind":"Fruit","listKind":"FruitList","plural":"fruits","singular":"fruit"},
            "versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}}]}
            """#)
        let manifests = [
            manifest("v1", "Namespace", "fruits"), definition, manifest("apply.test/v1", "Fruit", "apple", namespace: "fruits"),
        ]
        #expect(try await cluster.apply(manifests).map(\.change) == [.created, .created, .created])
        #expect(try await cluster.apply(manifests).map(\.change) == [.unchanged, .unchanged, .unchanged])
        // In the other order for taking away; twice, as an uninstall may be asked for again.
        let gone = try await cluster.delete(manifests.reversed())
        #expect(gone.map(\.name) == ["apple", "fruits.apply.test", "fruits"])
        try await eventually("all of it is gone") { try await cluster.delete([manifests[2], manifests[1]]) == [] }
    }

    @Test func `who may not write is told in the server's words`() async throws {
        let fixture = try await ClusterFixture.shared()
        let kubeconfig = try await fixture.serviceAccount("reader", namespace: "apply-rights")
        let error = await #expect(throws: ClusterError.self) { try await fixture.cluster(as: kubeconfig).apply([policy("forbidden")]) }
        #expect(
            error?.message.hasPrefix(
                "Error from server (Forbidden): ciliumegressgatewaypolicies.cilium.io \"forbidden\" is forbidden: User ") == true)
        #expect(error?.hint == nil)
    }
}
