import Glibc
import TestKit
import Testing

extension SharedServerTests {
    /// What stands between a user and the server: no cluster, a wrong context, a server that is down, credentials that expired.
    @Suite struct ConnectionTests {
        @Test func `without any cluster there is one clear error`() throws {
            let server = try SampleCluster.server()
            let empty = server.folder + "/empty-home"
            mkdir(empty, 0o700)
            let run = try server.egress("status", environment: ["KUBECONFIG": "", "HOME": empty])
            #expect(run.status == 1)
            #expect(run.output.isEmpty)
            #expect(run.errors.hasPrefix("error: no kubeconfig found\n"), "\(run.errors)")
            #expect(run.errors.contains("\(empty)/.kube/config (missing)"))
            #expect(run.errors.contains("hint:  ") && run.errors.contains("--snapshot"))
            #expect(try server.egress("version", environment: ["KUBECONFIG": "", "HOME": empty]).status == 0)
        }

        @Test func `a context that isn't there is named with those that are`() throws {
            let server = try SampleCluster.server()
            let ours = try server.egress("status", "--context", "nope")
            let theirs = try server.kubectl("get", "pods", "--context", "nope")
            #expect(ours.status == 1)
            #expect(
                ours.errors.hasPrefix(theirs.errors.split(separator: "\n").last.map(String.init) ?? "?"),
                "\(ours.errors) | \(theirs.errors)")
            #expect(ours.errors.contains("known contexts: "))
        }

        @Test(arguments: [
            ["-s", "https://127.0.0.1:1"], ["-s", "https://127.0.0.1:1", "--insecure-skip-tls-verify"], ["--server=http://127.0.0.1:1"],
        ])
        func `a server that is down is said as kubectl says it`(words: [String]) throws {
            let server = try SampleCluster.server()
            let theirs = try server.kubectl(["get", "pods"] + words)
            let wanted =
                theirs.errors.split(separator: "\n").last { $0.hasPrefix("The connection") || $0.hasPrefix("Unable") }.map(String.init)
                ?? "?"
            for command in [
                ["status"], ["list"], ["explain", "pod", "x"], ["snapshot"], ["install"], ["uninstall"], ["apply", "-f", "-"],
            ] {
                let ours = try server.kubectl(["egress"] + command + words, input: SampleCluster.policy("x"))
                #expect(ours.status == 1, "\(command)")
                #expect(ours.output.isEmpty, "\(command) \(ours.output)")
                #expect(ours.errors.hasPrefix(wanted), "\(command): \(ours.errors) | \(theirs.errors)")
            }
        }

        @Test func `a token that expired is no entry`() throws {
            let server = try SampleCluster.server()
            let run = try server.egress(
                "status", "-s", server.url, "--certificate-authority", server.certificateAuthority, "--token=expired", as: "/dev/null")
            #expect(run.status == 1)
            #expect(run.errors.hasPrefix("error: You must be logged in to the server (Unauthorized)"), "\(run.errors)")
            #expect(!run.errors.contains("expired"))
        }

        @Test func `a credential plugin is asked again after its answer expired`() throws {
            let server = try SampleCluster.server()
            let token = try server.token(serviceAccount: "plugin", namespace: "default")
            try SampleCluster.kubectl(
                server, "create", "clusterrolebinding", "plugin", "--clusterrole=view", "--serviceaccount=default:plugin")
            let plugin = try server.write(
                """
                #!/bin/sh
                echo run >> \(server.folder)/plugin.runs
                cat <<'T'
                {"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"\(token)","expirationTimestamp":"2020-01-01T00:00:00Z"}}
                T

                """, to: "plugin", executable: true)
            let config = try server.write(Self.kubeconfig(server, plugin: plugin), to: "plugin.kubeconfig")
            let run = try server.egress("version", as: config)
            #expect(run.status == 0, "\(run.errors)")
            #expect(run.output.contains("Server Version: v"))
            #expect((FileText.read("\(server.folder)/plugin.runs") ?? "").split(separator: "\n").count > 1)
            let broken = try server.write("#!/bin/sh\nexit 3\n", to: "broken", executable: true)
            let failed = try server.egress("status", as: try server.write(Self.kubeconfig(server, plugin: broken), to: "broken.kubeconfig"))
            #expect(failed.status == 1)
            #expect(failed.errors.contains("getting credentials: exec: executable \(broken) failed with exit code 3"), "\(failed.errors)")
        }

        private static func kubeconfig(_ server: APIServer, plugin: String) -> String {
            """
            apiVersion: v1
            kind: Config
            clusters: [{name: c, cluster: {server: "\(server.url)", certificate-authority: "\(server.certificateAuthority)"}}]
            users: [{name: u, user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: "\(plugin)", interactiveMode: Never}}}]
            contexts: [{name: x, context: {cluster: c, user: u}}]
            current-context: x

            """
        }

        @Test func `a typo comes with what was meant`() throws {
            let server = try SampleCluster.server()
            let run = try server.egress("stauts")
            #expect(run.status == 1)
            #expect(run.errors.contains("error: unknown command \"stauts\"") && run.errors.contains("status"))
            let flag = try server.egress("status", "--contxt", "x")
            #expect(flag.errors.hasPrefix("error: unknown flag: --contxt\n"))
        }

        @Test func `requests and their time are shown with -v, secrets never`() throws {
            let server = try SampleCluster.server()
            let token = try server.token(serviceAccount: "verbose", namespace: "default")
            let run = try server.egress(
                "status", "-v=8", "-s", server.url, "--certificate-authority", server.certificateAuthority, "--token", token,
                as: "/dev/null")
            #expect(run.errors.contains("GET \(server.url)/"), "\(run.errors.prefix(2000))")
            #expect(!run.errors.contains(token))
            #expect(try server.egress("version", "--request-timeout=10s").status == 0)
        }
    }
}
