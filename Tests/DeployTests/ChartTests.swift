import Foundation
import TestKit
import Testing

/// The chart, checked with the real helm.
@Suite(.requiresHelm) struct ChartTests {
    @Test func `helm lint finds nothing, strictly`() throws {
        let outcome = try Chart.run("lint", "--strict", Chart.path, "--namespace", "kubectl-egress")
        #expect(outcome.succeeded, "\(outcome.output)\(outcome.errors)")
    }

    @Test func `the chart's objects are the kustomization's`() throws {
        let chart = try Chart.objects(of: Chart.template("--set", "rbac.flannel=never"))
        let base = try Chart.objects(of: Manifests.kustomize("with-policy-crd"))
        #expect(Set(chart.objects.keys) == Set(base.objects.keys).subtracting(["Namespace /kubectl-egress"]))
        for (key, object) in chart.objects { #expect(object == base.objects[key], "\(key)") }
        let never = try Chart.objects(of: Chart.template("--set", "crds.policy=never"))
        #expect(never.objects["CustomResourceDefinition /ciliumegressgatewaypolicies.cilium.io"] == nil)
    }

    @Test func `with startup taint and flannel the chart's objects are the components'`() throws {
        let overlay = try Manifests.overlay(resources: ["with-policy-crd"], components: ["components/startup-taint", "components/flannel"])
        defer { try? FileManager.default.removeItem(atPath: overlay) }
        let chart = try Chart.objects(of: Chart.template("--set", "rbac.flannel=always,startupTaint=true"))
        let base = try Chart.objects(of: Manifests.kustomize(overlay))
        #expect(Set(chart.objects.keys) == Set(base.objects.keys).subtracting(["Namespace /kubectl-egress"]))
        for (key, object) in chart.objects { #expect(object == base.objects[key], "\(key)") }
    }

    @Test(arguments: [
        ("helper.attach=xdp", "attach"), ("agent.clusterCIDRs={pods}", "clusterCIDRs"), ("image.digest=latest", "digest"),
        ("crds.policy=maybe", "policy"), ("helpr.attach=tcx", "helpr"), ("seccompProfile.type=Off", "type"),
    ])
    func `a wrong value is refused by its name`(value: String, name: String) throws {
        let outcome = try Chart.run("template", "x", Chart.path, "--namespace", "kubectl-egress", "--set", value)
        #expect(!outcome.succeeded)
        #expect(outcome.errors.contains(name), "\(outcome.errors)")
    }

    @Test func `another namespace is refused, and the error says which`() throws {
        let outcome = try Chart.run("template", "x", Chart.path, "--namespace", "other")
        #expect(outcome.errors.contains("must be kubectl-egress, not other: pass --namespace kubectl-egress"), "\(outcome.errors)")
    }

    @Test func `values reach the place that they are for`() throws {
        let text = try Chart.template(
            "--set", "image.repository=r.example/e,image.digest=sha256:\(String(repeating: "a", count: 64))",
            "--set", "agent.clusterCIDRs={10.1.0.0/16},agent.serviceCIDRs={10.2.0.0/16,fd00::/108},helper.attach=clsact",
            "--set", "agent.apiServer.host=192.0.2.9,imagePullSecrets[0].name=pull",
            "--set", "extraPluginVolumes[0].name=site,extraPluginVolumes[0].hostPath.path=/opt/p")
        for wanted in [
            "image: r.example/e@sha256:aaaa", "--cluster-cidr=10.1.0.0/16", "--service-cidr=10.2.0.0/16", "--service-cidr=fd00::/108",
            "--attach=clsact", "value: \"192.0.2.9\"", "--plugin-dir=/host/plugins/site", "mountPath: /host/plugins/site", "- name: pull",
        ] {
            #expect(text.contains(wanted), "\(wanted)")
        }
    }
}

extension ClusterTests {
    @Suite(.requires(.api), .requiresHelm) struct ChartInstallTests {
        @Test func `helm installs, upgrades and uninstalls on a real API server, and keeps the policies`() throws {
            let server = try Cluster.server()
            try Cluster.kubectl("apply", "--server-side", "-f", "\(Manifests.folder)/base/namespace.yaml")
            defer { Self.remove() }
            let helm = { (words: [String]) in
                let outcome = try Chart.run(words + ["--namespace", "kubectl-egress"], environment: ["KUBECONFIG": server.kubeconfig])
                guard outcome.succeeded else { throw TestKitError(outcome.errors) }
                return outcome.output
            }
            let notes = try helm(["install", "kubectl-egress", Chart.path, "--wait=hookOnly"])
            #expect(notes.contains("rollout status daemonset/kubectl-egress"))
            try Cluster.kubectl("get", "daemonset", "kubectl-egress", "-n", "kubectl-egress")
            try Cluster.kubectl("wait", "--for=condition=Established", "--timeout=20s", "crd/ciliumegressgatewaypolicies.cilium.io")
            try Cluster.kubectl("apply", "--server-side", "-f", "\(Manifests.folder)/examples/egress-sample.yaml")
            _ = try helm(["upgrade", "kubectl-egress", Chart.path, "--wait=hookOnly", "--set", "startupTaint=true"])
            try Cluster.kubectl("get", "clusterrole", "kubectl-egress-agent-taint")
            _ = try helm(["uninstall", "kubectl-egress", "--wait=hookOnly"])
            #expect(throws: TestKitError.self) { try Cluster.kubectl("get", "daemonset", "kubectl-egress", "-n", "kubectl-egress") }
            try Cluster.kubectl("get", "cegp", "egress-sample")
        }

        @Test func `a definition that Cilium brought stays Cilium's`() throws {
            let server = try Cluster.server()
            try Cluster.kubectl("apply", "--server-side", "-k", "\(Manifests.folder)/policy-crd")
            try Cluster.kubectl("apply", "--server-side", "-f", "\(Manifests.folder)/base/namespace.yaml")
            defer { Self.remove() }
            let before = try Cluster.kubectl(
                "get", "crd", "ciliumegressgatewaypolicies.cilium.io", "-o", "jsonpath={.metadata.generation}{.metadata.annotations}")
            let outcome = try Chart.run(
                ["install", "kubectl-egress", Chart.path, "--wait=hookOnly", "--namespace", "kubectl-egress"],
                environment: ["KUBECONFIG": server.kubeconfig])
            #expect(outcome.succeeded, "\(outcome.errors)")
            let after = try Cluster.kubectl(
                "get", "crd", "ciliumegressgatewaypolicies.cilium.io", "-o", "jsonpath={.metadata.generation}{.metadata.annotations}")
            #expect(before == after)
        }

        private static func remove() {
            guard let server = try? Cluster.server() else { return }
            _ = try? Chart.run(
                ["uninstall", "kubectl-egress", "--wait=hookOnly", "--namespace", "kubectl-egress"],
                environment: ["KUBECONFIG": server.kubeconfig])
            _ = try? server.kubectl("delete", "--ignore-not-found", "--wait=false", "-k", "\(Manifests.folder)/crds")
            Cluster.removeNamespace()
        }
    }
}

extension Trait where Self == ConditionTrait {
    static var requiresHelm: Self { .enabled("needs helm: EGRESS_HELM, PATH, or pip and its index") { Chart.helm != nil } }
}

enum Chart {
    static let path = Manifests.folder + "/helm/kubectl-egress"
    /// `nil` with no helm to be had.
    static let helm: String? = {
        guard let outcome = try? Command.outcome([Programs.top + "/Tests/Lab/fetch-tool", "helm"]), outcome.succeeded else { return nil }
        return outcome.output.split(separator: "\n").first.map(String.init)
    }()

    static func run(_ arguments: String...) throws -> CommandOutcome { try run(arguments) }

    static func run(_ arguments: [String], environment: [String: String] = [:]) throws -> CommandOutcome {
        guard let helm else { throw TestKitError("no helm") }
        // Its caches go into the checkout's build folder.
        let home = Programs.top + "/.build/tools/helm-home"
        return try Command.outcome([helm] + arguments, environment: ["HOME": home, "KUBECONFIG": "/dev/null"].merging(environment) { $1 })
    }

    static func template(_ arguments: String...) throws -> String {
        let outcome = try run(["template", "kubectl-egress", path, "--namespace", "kubectl-egress"] + arguments)
        guard outcome.succeeded else { throw TestKitError("helm template: \(outcome.errors)") }
        return outcome.output
    }

    /// Without what Helm says of itself: its labels, and that definitions stay.
    static func objects(of yaml: String) throws -> Manifests {
        let script = """
            import sys, yaml
            for o in yaml.safe_load_all(sys.stdin):
                if not o: continue
                m = o["metadata"]
                for key in list(m.get("labels", {})):
                    if key.startswith("helm.sh/") or key in ("app.kubernetes.io/" + k for k in ("managed-by", "instance", "version")):
                        del m["labels"][key]
                m.get("annotations", {}).pop("helm.sh/resource-policy", None)
                if not m.get("annotations"): m.pop("annotations", None)
                if o["kind"] == "CustomResourceDefinition": m.pop("labels", None)
                print("---"); yaml.safe_dump(o, sys.stdout)
            """
        return try Manifests(yaml: Command.run(["/usr/bin/python3", "-c", script], input: yaml))
    }
}
