import TestKit
import Testing

extension SharedServerTests {
    /// Commands that read, driven by the real kubectl against the real API server.
    @Suite struct ReadingTests {
        @Test func `status shows the policy in force on its nodes`() throws {
            let server = try SampleCluster.server()
            let run = try server.egress("status", "egress-sample")
            #expect(run.status == 0, "\(run.errors)")
            #expect(run.errors.isEmpty)
            #expect(run.output.contains("egress-sample   1      203.0.113.100   node-2    2/2"), "\(run.output)")
            let json = try server.egress("status", "egress-sample", "-o", "json").output
            #expect(json.contains(#""ports": null"#) && json.contains(#""podsComplete": true"#))
        }

        @Test func `list and explain say how pods leave`() throws {
            let server = try SampleCluster.server()
            let list = try server.egress("list", "-A")
            #expect(list.status == 0, "\(list.errors)")
            #expect(list.output.contains("default     mediabot   10.244.1.10   192.88.99.0/24   203.0.113.100   node-2"), "\(list.output)")
            let explain = try server.egress("explain", "pod", "mediabot", "--to", "192.88.99.5:443")
            #expect(explain.status == 0, "\(explain.errors)")
            #expect(
                explain.output.contains("VERDICT   default/mediabot leaves by 203.0.113.100 through gateway node-2"), "\(explain.output)")
            for line in (list.output + explain.output).split(separator: "\n") { #expect(line.count <= 80, "\(line)") }
        }

        @Test func `commands say the same of the cluster and of its snapshot`() throws {
            let server = try SampleCluster.server()
            let snapshot = try server.egress("snapshot")
            #expect(snapshot.status == 0, "\(snapshot.errors)")
            #expect(!snapshot.output.contains("hunter2"))
            let lines = try server.write(snapshot.output, to: "cluster.jsonl")
            let yaml = try server.write(try server.egress("snapshot", "-o", "yaml").output, to: "cluster.yaml")
            for words in [
                ["list", "-A", "-o", "json"], ["status", "-o", "json"], ["explain", "pod", "mediabot", "-n", "default", "-o", "json"],
                ["explain", "pod", "web", "-n", "shop", "--to", "192.88.99.5"], ["list", "-o", "wide"],
                ["list", "-o", "cilium", "--node", "node-2"],
            ] {
                let wanted = try server.kubectl(["egress"] + words)
                for file in [lines, yaml] {
                    let read = try server.kubectl(["egress"] + words + ["--snapshot", file], as: "/nowhere")
                    #expect(read.output == wanted.output, "\(words) \(file)")
                    #expect(read.status == wanted.status && wanted.status == 0)
                }
            }
        }

        @Test func `the context's namespace is the pod's, and -n goes before it`() throws {
            let server = try SampleCluster.server()
            let text = try #require(FileText.read(server.kubeconfig))
            let shop = try server.write(text.replacing("user: admin}", with: "user: admin, namespace: shop}"), to: "shop.kubeconfig")
            #expect(try server.egress("explain", "pod", "web", as: shop).status == 0)
            let missing = try server.egress("explain", "pod", "mediabot", as: shop)
            #expect(missing.status == 1)
            #expect(missing.errors.hasPrefix("Error from server (NotFound): pods \"mediabot\" not found\nhint:  namespace shop has none"))
            #expect(try server.egress("explain", "pod/mediabot", "-n=default", as: shop).status == 0)
        }

        @Test func `a user with too few rights gets what there is, and the rest is unknown`() throws {
            let server = try SampleCluster.server()
            try server.apply(Self.policyReader)
            let user = try server.user("policy-reader")
            let status = try server.egress("status", as: user)
            #expect(status.status == 0, "\(status.errors)")
            #expect(status.output.contains("unknown") && status.output.contains("[EG5003]"), "\(status.output)")
            #expect(status.errors.contains("note: pods can't be read; what depends on them is unknown [EG5003]"), "\(status.errors)")
            #expect(try server.egress("status", "-o", "json", as: user).output.contains(#""podsComplete": false"#))
            #expect(try server.egress("list", "-o", "json", as: user).status == 0)
            let pod = try server.egress("explain", "pod", "mediabot", as: user)
            #expect(pod.status == 1)
            #expect(pod.errors.contains("Error from server (Forbidden): pods \"mediabot\" is forbidden"), "\(pod.errors)")
            try server.apply(Self.podReader)
            let one = try server.egress("explain", "pod", "mediabot", "--to", "192.88.99.5", as: user)
            #expect(one.status == 0, "\(one.errors)")
            #expect(one.output.contains("unknown"), "\(one.output)")
        }

        @Test func `nobody at all is refused in kubectl's words`() throws {
            let server = try SampleCluster.server()
            let nobody = try server.user("nobody-at-all")
            let run = try server.egress("status", as: nobody)
            #expect(run.status == 0)
            #expect(run.output.contains("Egress policies: unknown."))
            let apply = try server.egress("apply", "-f", "-", as: nobody, input: SampleCluster.policy("x"))
            #expect(apply.status == 1)
            #expect(
                apply.errors.hasPrefix(
                    "note: what this does to pods is unknown: pods can't be read [EG5003]\nError from server (Forbidden): "),
                "\(apply.errors)")
        }

        @Test func `Cilium's own egress gateway is told of`() throws {
            let server = try SampleCluster.server()
            let config = """
                apiVersion: v1
                kind: ConfigMap
                metadata: {name: cilium-config, namespace: kube-system}
                data: {enable-ipv4-egress-gateway: "true"}

                """
            try server.apply(config)
            defer { try? server.delete(config) }
            let run = try server.egress("status")
            #expect(run.status == 0)
            #expect(run.output.contains("[EG4007]"), "\(run.output)")
            #expect(run.output.contains("PROBLEMS  "))
        }

        @Test func `versions of both ends`() throws {
            let server = try SampleCluster.server()
            let run = try server.egress("version")
            #expect(run.status == 0, "\(run.errors)")
            #expect(run.output.contains("Client Version: ") && run.output.contains("Server Version: v"))
            #expect(run.output.contains("Helper Version: 0.1.0 on 2 nodes (datapath tcx, abi 3)"), "\(run.output)")
        }

        @Test func `status follows changes`() throws {
            let server = try SampleCluster.server()
            var settings = ["KUBECONFIG": server.kubeconfig, "PATH": Programs.path]
            settings["HOME"] = server.folder
            let watch = try Command.start([Programs.kubectl, "egress", "status", "-w", "-o", "name"], environment: settings)
            defer { watch.stop() }
            try watch.wait(for: "/egress-sample")
            try server.apply(SampleCluster.policy("followed", labels: "{app: none}"))
            try watch.wait(for: "/followed")
            try server.delete(SampleCluster.policy("followed", labels: "{app: none}"))
        }

        private static let policyReader = """
            apiVersion: rbac.authorization.k8s.io/v1
            kind: ClusterRole
            metadata: {name: policy-reader}
            rules: [{apiGroups: [cilium.io], resources: [ciliumegressgatewaypolicies], verbs: [get, list, watch]}]
            ---
            apiVersion: rbac.authorization.k8s.io/v1
            kind: ClusterRoleBinding
            metadata: {name: policy-reader}
            roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: policy-reader}
            subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: policy-reader}]

            """

        private static let podReader = """
            apiVersion: rbac.authorization.k8s.io/v1
            kind: Role
            metadata: {name: pod-getter, namespace: default}
            rules: [{apiGroups: [""], resources: [pods], verbs: [get]}]
            ---
            apiVersion: rbac.authorization.k8s.io/v1
            kind: RoleBinding
            metadata: {name: pod-getter, namespace: default}
            roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: pod-getter}
            subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: policy-reader}]

            """
    }
}
