import TestKit
import Testing

extension ClusterTests {
    /// What the agent's ServiceAccount may do, and what nobody may by it.
    @Suite(.requires(.api)) struct RightsTests {
        static let account = "system:serviceaccount:kubectl-egress:kubectl-egress-agent"

        /// All its rights in a namespace as `kubectl auth can-i --list` prints them, but for those that every account has.
        static func rights(in namespace: String) throws -> [String] {
            let lines = try Cluster.kubectl("auth", "can-i", "--list", "--no-headers", "--as", account, "-n", namespace).split(
                separator: "\n")
            return lines.filter { !$0.hasPrefix(" ") && !$0.hasPrefix("selfsubject") }.map { line in
                line.split(whereSeparator: { $0 == " " }).joined(separator: " ").replacing(" [] [] ", with: " ").replacing(
                    " [] ", with: " ")
            }.sorted()
        }

        static let everywhere = [
            "ciliumegressgatewaypolicies.cilium.io [get list watch]",
            "egressnodes.kubectl-egress.dev [get list watch create patch]",
            "egressnodes.kubectl-egress.dev/status [patch]",
            "ippools.crd.projectcalico.org [get list watch]",
            "namespaces [get list watch]",
            "nodes [get list watch]",
            "pods [get list watch]",
            "servicecidrs.networking.k8s.io [get list watch]",
            "services [get list watch]",
        ]
        static let somewhere = [
            "kube-public": [],
            "default": [
                "endpoints [kubernetes] [get list watch]", "endpointslices.discovery.k8s.io [kubernetes] [get list watch]",
                "events.events.k8s.io [create patch]",
            ],
            "kube-system": ["cilium-config", "kube-flannel-cfg", "kubeadm-config"].map { "configmaps [\($0)] [get list watch]" }
                + ["events.events.k8s.io [create patch]"],
            "kubectl-egress": [
                "leases.coordination.k8s.io [get list watch create update delete]", "secrets [create]",
                "secrets [tunnel-token] [get list watch]",
            ],
        ]

        @Test func `the agent's rights are these and no others`() throws {
            try Cluster.with("with-policy-crd") {
                for (namespace, more) in Self.somewhere {
                    let found = try Self.rights(in: namespace)
                    #expect(found == (Self.everywhere + more).sorted(), "in \(namespace)")
                }
            }
        }

        /// Said one by one, since each would be a way to more.
        @Test func `the agent may not reach what would give it the cluster`() throws {
            let forbidden = [
                ["get", "secrets", "-A"], ["list", "secrets", "-n", "kubectl-egress"], ["get", "secrets/other", "-n", "kubectl-egress"],
                ["delete", "secrets/tunnel-token", "-n", "kubectl-egress"], ["patch", "secrets/tunnel-token", "-n", "kubectl-egress"],
                ["get", "configmaps", "-A"], ["get", "configmaps/coredns", "-n", "kube-system"],
                ["create", "pods", "--subresource=exec", "-A"],
                ["create", "pods"], ["patch", "pods", "-A"], ["patch", "nodes"], ["patch", "nodes", "--subresource=status"],
                ["get", "nodes", "--subresource=proxy"],
                ["create", "serviceaccounts", "--subresource=token", "-n", "kubectl-egress"], ["patch", "ciliumegressgatewaypolicies"],
                ["delete", "egressnodes"], ["patch", "daemonsets", "-n", "kubectl-egress"], ["create", "clusterrolebindings"],
                ["escalate", "clusterroles"], ["impersonate", "users"], ["create", "events.events.k8s.io", "-n", "kube-public"],
                ["patch", "leases", "-n", "kube-node-lease"],
            ]
            try Cluster.with("with-policy-crd") {
                for words in forbidden {
                    let answer = try Cluster.server().kubectl(["auth", "can-i"] + words + ["--as", Self.account])
                    #expect(answer.output.hasPrefix("no"), "\(words.joined(separator: " ")): \(answer.output)")
                }
            }
        }

        @Test func `with its own token the agent writes what it must`() throws {
            try Cluster.with("with-policy-crd") {
                let account = try Cluster.server().serviceAccount("kubectl-egress-agent", namespace: "kubectl-egress")
                let node = "apiVersion: kubectl-egress.dev/v1alpha1\nkind: EgressNode\nmetadata: {name: rights}\n"
                let token =
                    "apiVersion: v1\nkind: Secret\nmetadata: {name: tunnel-token, namespace: kubectl-egress}\nstringData: {tokens: x}\n"
                let event = """
                    {"apiVersion":"events.k8s.io/v1","kind":"Event","metadata":{"name":"rights","namespace":"default"},"action":"a",
                    "reason":"r","note":"n","type":"Normal","reportingController":"c","reportingInstance":"i",
                    "eventTime":"2026-11-22T10:00:00.000000Z","regarding":{"kind":"Node","name":"n"}}
                    """
                defer {
                    _ = try? Cluster.kubectl("delete", "egressnode", "rights")
                    for namespace in ["default", "kube-system"] { _ = try? Cluster.kubectl("delete", "event", "rights", "-n", namespace) }
                }
                // Twice: creating and changing ask for different rights.
                for _ in 1...2 { try Cluster.kubectl("apply", "--server-side", "--field-manager=a", "-f", "-", as: account, input: node) }
                let lease =
                    #"{"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{"name":"rights","namespace":"kubectl-egress"}}"#
                try Cluster.kubectl("create", "-f", "-", as: account, input: lease)
                let made = try Cluster.kubectl("get", "lease", "rights", "-n", "kubectl-egress", "-o", "json", as: account)
                try Cluster.kubectl("replace", "-f", "-", as: account, input: made)
                try Self.applyStatus()
                try Cluster.kubectl("create", "-f", "-", as: account, input: token)
                #expect(
                    try Cluster.kubectl("get", "secret", "tunnel-token", "-n", "kubectl-egress", "-o", "name", as: account).contains(
                        "token"))
                // Kubernetes before 1.21 refuses `default` for an object without a namespace, after it looked at the right.
                let told = try Cluster.server().kubectl("create", "-f", "-", as: account, input: event)
                #expect(told.succeeded || told.errors.contains("does not match event.namespace"), "\(told.errors)")
                let elsewhere = event.replacing(#""namespace":"default""#, with: #""namespace":"kube-system""#)
                try Cluster.kubectl("create", "-f", "-", as: account, input: elsewhere)
                #expect(throws: TestKitError.self) { try Cluster.kubectl("get", "secrets", "-n", "kubectl-egress", as: account) }
            }
        }

        /// As the agent does it; kubectl would read the object's status first.
        private static func applyStatus() throws {
            let server = try Cluster.server()
            let status =
                #"{"apiVersion":"kubectl-egress.dev/v1alpha1","kind":"EgressNode","metadata":{"name":"rights"},"status":{"helper":{"version":"1"}}}"#
            try Command.run([
                "curl", "-fsS", "--noproxy", "*", "--cacert", server.certificateAuthority, "-X", "PATCH",
                "-H", "Content-Type: application/apply-patch+yaml",
                "-H", "Authorization: Bearer \(server.token(serviceAccount: "kubectl-egress-agent", namespace: "kubectl-egress"))", "-d",
                status,
                "\(server.url)/apis/kubectl-egress.dev/v1alpha1/egressnodes/rights/status?fieldManager=a&force=true",
            ])
            let version = try Cluster.kubectl("get", "egressnode", "rights", "-o", "jsonpath={.status.helper.version}")
            #expect(version == "1")
        }

        @Test func `who may view reads all that status wants, and who may edit writes policies`() throws {
            try Cluster.with("with-policy-crd") {
                for role in ["view", "edit"] {
                    try Cluster.kubectl(
                        "create", "clusterrolebinding", "rights-\(role)", "--clusterrole=kubectl-egress-\(role)", "--user=\(role)er")
                }
                defer { _ = try? Cluster.kubectl("delete", "clusterrolebinding", "rights-view", "rights-edit") }
                let mayI = { (user: String, words: [String]) in
                    try Cluster.server().kubectl(["auth", "can-i"] + words + ["--as", user]).output.hasPrefix("yes")
                }
                for kind in ["nodes", "namespaces", "pods", "services", "egressnodes", "ciliumegressgatewaypolicies", "leases"] {
                    #expect(try mayI("viewer", ["list", kind, "-A"]), "\(kind)")
                    #expect(try mayI("editer", ["list", kind, "-A"]), "\(kind)")
                }
                #expect(try !mayI("viewer", ["patch", "ciliumegressgatewaypolicies"]))
                #expect(try mayI("editer", ["patch", "ciliumegressgatewaypolicies"]))
                #expect(try !mayI("editer", ["patch", "egressnodes"]))
                #expect(try !mayI("editer", ["get", "secrets", "-n", "kubectl-egress"]))
                let labels = try Cluster.kubectl("get", "clusterrole", "kubectl-egress-view", "-o", "jsonpath={.metadata.labels}")
                #expect(labels.contains(#""rbac.authorization.k8s.io/aggregate-to-view":"true""#))
            }
        }
    }
}
