import Glibc
import TestKit
import Testing

extension SharedServerTests {
    /// `kubectl egress apply`: server side, conflicts by field, dry runs, waiting for nodes.
    @Suite struct ApplyTests {
        private static let kind = "ciliumegressgatewaypolicy.cilium.io"

        @Test func `an object is created, configured, unchanged, as itself and in dry runs`() throws {
            let server = try SampleCluster.server()
            let (name, first) = ("steps", SampleCluster.policy("steps", labels: "{app: none}"))
            defer { try? server.delete(first) }
            func apply(_ text: String, _ words: String...) throws -> String {
                let run = try server.kubectl(["egress", "apply", "-f", "-", "--wait=false"] + words, input: text)
                #expect(run.status == 0, "\(run.errors)")
                return run.output
            }
            #expect(try apply(first, "--dry-run=server") == "\(Self.kind)/\(name) created (server dry run)\n")
            #expect(try apply(first, "--dry-run=client") == "\(Self.kind)/\(name) created (dry run)\n")
            #expect(try server.kubectl("get", "cegp", name).status == 1)
            #expect(try apply(first) == "\(Self.kind)/\(name) created\n")
            #expect(try apply(first) == "\(Self.kind)/\(name) unchanged\n")
            #expect(try apply(first, "--dry-run") == "\(Self.kind)/\(name) unchanged (dry run)\n")
            let second = SampleCluster.policy(name, egressIP: "203.0.113.101", labels: "{app: none}")
            #expect(try apply(second, "--dry-run=server") == "\(Self.kind)/\(name) configured (server dry run)\n")
            #expect(try apply(second, "--dry-run=client") == "\(Self.kind)/\(name) configured (dry run)\n")
            #expect(try apply(second, "-o", "name") == "\(Self.kind)/\(name)\n")
            let managers = try server.kubectl(
                "get", "cegp", name, "-o", "jsonpath={.metadata.managedFields[*].manager}", "--show-managed-fields")
            #expect(managers.output == "kubectl-egress")
            #expect(
                try apply("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: any}\ndata: {a: b}\n", "-n", "shop")
                    == "configmap/any created\n")
            #expect(try server.kubectl("get", "configmap", "any", "-n", "shop").status == 0)
        }

        @Test func `a conflict names field, both values and owner, and can be forced`() throws {
            let server = try SampleCluster.server()
            let theirs = SampleCluster.policy("contested", egressIP: "203.0.113.200", labels: "{app: none}")
            defer { try? server.delete(theirs) }
            try SampleCluster.kubectl(server, "apply", "--server-side", "--field-manager=argocd", "-f", "-", input: theirs)
            let ours = SampleCluster.policy("contested", egressIP: "203.0.113.100", labels: "{app: none}")
            let run = try server.egress("apply", "-f", "-", "--wait=false", input: ours)
            #expect(run.status == 1)
            #expect(
                run.errors == """
                    error: 1 field of \(Self.kind)/contested is owned by another manager

                      FIELD                         YOURS           LIVE            OWNED-BY
                      spec.egressGateway.egressIP   203.0.113.100   203.0.113.200   argocd

                    hint:  change it where argocd takes it from, or take it over with
                           --force-conflicts, or drop the field from your file to leave it alone

                    """)
            #expect(try server.egress("apply", "-f", "-", "--wait=false", "--dry-run=server", input: ours).status == 1)
            let forced = try server.egress("apply", "-f", "-", "--wait=false", "--force-conflicts", input: ours)
            #expect(forced.output == "\(Self.kind)/contested configured\n", "\(forced.errors)")
        }

        @Test func `applying waits until the nodes concerned report it`() throws {
            let server = try SampleCluster.server()
            let policy = SampleCluster.policy("awaited")
            defer { try? server.delete(policy) }
            let settings = ["KUBECONFIG": server.kubeconfig, "PATH": Programs.path, "HOME": server.folder]
            let apply = try Command.start(
                [Programs.kubectl, "egress", "apply", "-f", "-", "--timeout=60s"], input: policy, environment: settings)
            try apply.wait(for: "/awaited created")
            let uid = try SampleCluster.kubectl(server, "get", "cegp", "awaited", "-o", "jsonpath={.metadata.uid}")
            let sample = try SampleCluster.kubectl(server, "get", "cegp", "egress-sample", "-o", "jsonpath={.metadata.uid}")
            let policies = [("awaited", uid, 1), ("egress-sample", sample, 1)]
            let resolution =
                "{policy: egress-sample, uid: \(sample), entry: 0, id: 7, ipv4: [203.0.113.100], ipv6: [], interface: eth0, code: '', reason: ''}"
            try SampleCluster.report(server, "node-1", policies: policies)
            try SampleCluster.report(server, "node-2", policies: policies, resolutions: "[\(resolution)]")
            let end = apply.finish()
            #expect(end.status == 0, "\(end.errors)")
            #expect(
                end.output.contains("  node-1: generation 1 in force (1 pod)\n  node-2: generation 1 in force (gateway)\n"), "\(end.output)"
            )
            try SampleCluster.report(server, "node-1", policies: [("egress-sample", sample, 1)])
            try SampleCluster.report(server, "node-2", policies: [("egress-sample", sample, 1)], resolutions: "[\(resolution)]")
        }

        @Test func `a diff says what applying would do, and applying says it first`() throws {
            let server = try SampleCluster.server()
            let policy = SampleCluster.policy("compared", labels: "{app: compared}")
            let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: mediabot, namespace: default, labels: {app: compared}}\n"
            defer { try? server.delete(policy) }
            let file = try server.write(policy, to: "compared.yaml")
            let diff = try server.egress("diff", "-f", file, "-f", "-", "-o", "json", input: pod)
            #expect(diff.status == 1, "\(diff.errors)")
            #expect(diff.output.contains(#""object": "ciliumegressgatewaypolicy/compared",\#n      "change": "create""#))
            #expect(diff.output.contains(#""object": "pod/default/mediabot",\#n      "change": "update""#))
            // Nothing of it is there: neither the policy nor the label.
            #expect(try server.kubectl("get", "cegp", "compared").status == 1)
            #expect(try server.kubectl("get", "pod", "mediabot", "-o", "jsonpath={.metadata.labels.app}").output.isEmpty)
            let limited = try server.egress("diff", "-f", "-", "--delete", "--max-pods=0", input: SampleCluster.policy("egress-sample"))
            #expect(limited.status == 3, "\(limited.output) \(limited.errors)")
            #expect(limited.output.contains("ciliumegressgatewaypolicy.cilium.io/egress-sample   delete"))
            let refused = try server.egress(
                "apply", "-f", "-", "--wait=false", "--max-pods=0", input: SampleCluster.policy("egress-sample", egressIP: "203.0.113.7"))
            #expect(refused.status == 3, "\(refused.errors)")
            #expect(refused.errors.contains("change: "), "\(refused.errors)")
            #expect(refused.output.isEmpty)
            #expect(
                try server.kubectl("get", "cegp", "egress-sample", "-o", "jsonpath={.spec.egressGateway.egressIP}").output
                    == "203.0.113.100")
            let created = try server.egress("apply", "-f", file, "--wait=false")
            #expect(created.status == 0)
            #expect(try server.egress("diff", "-f", file).status == 0)
            #expect(try server.egress("diff", "-f", "-", input: "a: [").status == 2)
            #expect(try server.egress("diff", "-f", file, "--server=http://127.0.0.1:1").status == 2)
        }

        @Test func `when time is up the nodes that wait are named`() throws {
            let server = try SampleCluster.server()
            let policy = SampleCluster.policy("late")
            defer { try? server.delete(policy) }
            let run = try server.egress("apply", "-f", "-", "--timeout=1s", input: policy)
            #expect(run.status == 1)
            #expect(run.output == "\(Self.kind)/late created\n")
            #expect(run.errors.contains("\nerror: timed out waiting for the policies to be in force; they are applied all the same\n"))
            #expect(run.errors.contains("  late on node-1: doesn't report the policy yet [EG4005]"), "\(run.errors)")
        }

        @Test func `an interrupt ends the waiting, and the policy stays`() throws {
            let server = try SampleCluster.server()
            let policy = SampleCluster.policy("interrupted")
            defer { try? server.delete(policy) }
            let file = try server.write(policy, to: "interrupted.yaml")
            // timeout(1) sends SIGINT to what it runs, and tells how that ended.
            let run = try Command.outcome(
                ["timeout", "--preserve-status", "--signal=INT", "4", Programs.kubectl, "egress", "apply", "-f", file],
                environment: ["KUBECONFIG": server.kubeconfig, "PATH": Programs.path, "HOME": server.folder])
            #expect(run.status == 130)
            #expect(run.errors.contains("\ninterrupted: the policies are applied"), "\(run.errors)")
            #expect(try server.kubectl("get", "cegp", "interrupted").status == 0)
        }

        @Test func `a warning of the server is passed on, and can be an error`() throws {
            let server = try SampleCluster.server()
            let ingress = """
                apiVersion: networking.k8s.io/v1beta1
                kind: Ingress
                metadata: {name: old, namespace: default}
                spec: {backend: {serviceName: s, servicePort: 80}}

                """
            defer { try? server.delete(ingress) }
            let run = try server.egress("apply", "-f", "-", input: ingress)
            #expect(run.status == 0)
            #expect(run.output == "ingress.networking.k8s.io/old created\n")
            let warning = "Warning: networking.k8s.io/v1beta1 Ingress is deprecated"
            #expect(run.errors.hasPrefix(warning) && run.errors.split(separator: "\n").count == 1, "\(run.errors)")
            let strict = try server.egress("apply", "-f", "-", "--warnings-as-errors", input: ingress)
            #expect(strict.status == 1)
            #expect(strict.errors.hasSuffix("error: 1 warning received\n"), "\(strict.errors)")
        }

        @Test func `what is wrong is said in kubectl's words, and the rest is applied`() throws {
            let server = try SampleCluster.server()
            let good = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: good}\n"
            let unknown = "apiVersion: example.com/v1\nkind: Nope\nmetadata: {name: x}\n"
            let run = try server.egress("apply", "-f", "-", input: "\(unknown)---\n\(good)")
            #expect(run.status == 1)
            #expect(run.output == "configmap/good created\n")
            #expect(run.errors.contains("resource mapping not found for name: \"x\" namespace: \"\""), "\(run.errors)")
            #expect(run.errors.contains("no matches for kind \"Nope\" in version \"example.com/v1\"\nensure CRDs are installed first"))
            let other = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: good, namespace: other}\n"
            let theirs = try server.kubectl("apply", "-f", "-", "-n", "default", input: other)
            let ours = try server.egress("apply", "-f", "-", "-n", "default", input: other)
            #expect(ours.errors == theirs.errors)
            #expect(ours.status == theirs.status)
        }
    }
}
