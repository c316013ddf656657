import Foundation
import TestKit
import Testing

extension ClusterTests {
    /// Every manifest of `deploy/`, asked of a real API server.
    @Suite(.requires(.api)) struct DryRunTests {
        @Test func `every kustomization passes a server-side dry run before anything is installed`() throws {
            try Cluster.kubectl("apply", "--server-side", "-f", "\(Manifests.folder)/base/namespace.yaml")
            defer { Cluster.removeNamespace() }
            for folder in ["crds", "policy-crd", "base", "with-policy-crd"] {
                try Cluster.kubectl("apply", "--dry-run=server", "-k", "\(Manifests.folder)/\(folder)")
            }
        }

        @Test func `with the definitions in place every file passes by itself`() throws {
            try Cluster.with("with-policy-crd") {
                try Cluster.kubectl("create", "namespace", "kube-flannel")
                defer { _ = try? Cluster.kubectl("delete", "namespace", "kube-flannel", "--wait=false") }
                let files = try FileManager.default.subpathsOfDirectory(atPath: Manifests.folder).filter {
                    $0.hasSuffix(".yaml") && !$0.hasPrefix("helm/") && !$0.hasSuffix("kustomization.yaml")
                }
                #expect(files.count >= 10, "\(files)")
                for file in files {
                    try Cluster.kubectl(
                        "apply", "--dry-run=server", "--server-side", "--force-conflicts", "-f", "\(Manifests.folder)/\(file)")
                }
            }
        }

        @Test func `the components add their rights and nothing else`() throws {
            let overlay = try Manifests.overlay(
                resources: ["base"], components: ["components/startup-taint", "components/flannel"])
            defer { try? FileManager.default.removeItem(atPath: overlay) }
            let base = try Manifests(yaml: Manifests.kustomize("base")).objects
            let whole = try Manifests(yaml: Manifests.kustomize(overlay)).objects
            for (key, object) in base { #expect(whole[key] == object, "\(key)") }
            let added = whole.filter { base[$0.key] == nil }
            #expect(
                added.keys.sorted() == [
                    "ClusterRole /kubectl-egress-agent-taint", "ClusterRoleBinding /kubectl-egress-agent-taint",
                    "Role kube-flannel/kubectl-egress-agent-ranges", "RoleBinding kube-flannel/kubectl-egress-agent-ranges",
                ])
        }

        @Test func `a policy and an EgressNode of the definitions are kept whole`() throws {
            try Cluster.with("with-policy-crd") {
                try Cluster.kubectl("apply", "--server-side", "-f", "\(Manifests.folder)/examples/egress-sample.yaml")
                defer { _ = try? Cluster.kubectl("delete", "cegp", "--all") }
                let ip = try Cluster.kubectl("get", "cegp", "egress-sample", "-o", "jsonpath={.spec.egressGateway.egressIP}")
                #expect(!ip.isEmpty)
            }
        }
    }
}

/// Suites on one API server, one after the other.
@Suite(.requires(.api), .serialized) struct ClusterTests {}
