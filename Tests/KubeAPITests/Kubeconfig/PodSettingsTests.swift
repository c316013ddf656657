import EgressPorts
import TestKit
import Testing

@testable import KubeAPI

/// Inside a pod, and where nothing says which server.
@Suite struct PodSettingsTests {
    private let folder: ScratchFolder

    init() throws {
        folder = try ScratchFolder()
        try folder.write("sa/token", "podtok\n")
        try folder.write("sa/ca.crt", KubeconfigSamples.certificate)
        try folder.write("sa/namespace", "podns\n")
    }

    @Test func `a pod's service account is used without a kubeconfig`() async throws {
        let connection = try resolve()
        #expect(connection.server == "https://10.96.0.1:443")
        #expect(connection.authority == .file("\(folder.path)/sa/ca.crt"))
        #expect(connection.namespace == "podns")
        #expect(connection.userAgent == "kubectl-egress/0.1.0 (linux/amd64)" || connection.userAgent.hasSuffix("(linux/arm64)"))
        #expect(try await connection.credentials.credential().authorization == "Bearer podtok")
    }

    @Test func `an IPv6 address stands in brackets`() throws {
        #expect(try resolve { $0.variables["KUBERNETES_SERVICE_HOST"] = "fd00::1" }.server == "https://[fd00::1]:443")
    }

    @Test func `namespaces come from flag, context, variable and file, in this order`() throws {
        let config = try folder.write("config", "contexts: [{name: c, context: {namespace: ctx}}]\n")
        #expect(try resolve { $0.namespace = "flag" }.namespace == "flag")
        #expect(
            try resolve {
                $0.kubeconfig = config
                $0.context = "c"
                $0.variables["POD_NAMESPACE"] = "env"
            }.namespace == "ctx")
        #expect(try resolve { $0.variables["POD_NAMESPACE"] = "env" }.namespace == "env")
    }

    @Test func `flags win over the service account`() async throws {
        let connection = try resolve {
            $0.token = "flag"
            $0.impersonatedUser = "bob"
        }
        #expect(try await connection.credentials.credential().authorization == "Bearer flag")
        #expect(connection.impersonation.map(\.name) == ["Impersonate-User"])
        #expect(try resolve { $0.isInsecure = true }.authority == .unchecked)
    }

    @Test func `a kubeconfig or a server given wins over the pod`() async throws {
        let config = try folder.write(
            "config",
            "clusters: [{name: c, cluster: {server: 'https://192.0.2.1'}}]\ncontexts: [{name: x, context: {cluster: c}}]\ncurrent-context: x\n"
        )
        #expect(try resolve { $0.kubeconfig = config }.server == "https://192.0.2.1")
        let given = try resolve { $0.server = "https://192.0.2.2" }
        #expect(given.server == "https://192.0.2.2")
        #expect(try await given.credentials.credential() == .none)
    }

    @Test func `without an authority the system's are used, one that can't be read is an error`() throws {
        try Command.run(["rm", "\(folder.path)/sa/ca.crt"])
        #expect(try resolve().authority == .system)
        try Command.run(["mkdir", "\(folder.path)/sa/ca.crt"])
        #expect(throws: ClusterError.self) { try resolve() }
    }

    @Test func `without a kubeconfig and outside a pod the error says where it looked`() {
        let error = #expect(throws: ClusterError.self) { try resolve { $0.variables = ["HOME": "/nonexistent"] } }
        #expect(error?.message == "no kubeconfig found\n       looked at: $KUBECONFIG (not set), /nonexistent/.kube/config (missing)")
        #expect(
            error?.hint?.hasPrefix("set KUBECONFIG, pass --kubeconfig FILE, or log in with your cloud's tool;\n--snapshot PATH") == true)
    }

    @Test func `there is no default server`() throws {
        for text in [
            "", "contexts: [{name: a, context: {}}]", "contexts: [{name: a, context: {}}]\ncurrent-context: a",
            "contexts: [{name: a, context: {cluster: none}}]\ncurrent-context: a", "clusters: [{name: a, cluster: {}}]",
        ] {
            let config = try folder.write("config", text)
            #expect(throws: ClusterError.self) {
                try resolve {
                    $0.kubeconfig = config
                    $0.variables = [:]
                }
            }
        }
        let unset = #expect(throws: ClusterError.self) {
            try resolve {
                $0.variables = ["KUBECONFIG": try! folder.write("config", "contexts: [{name: b, context: {}}, {name: a, context: {}}]")]
            }
        }
        #expect(unset?.description == "current-context is not set (pass --context; known contexts: a, b)")
    }

    @Test func `a real token of a service account is refused and renewed with the file`() async throws {
        let connection = try resolve()
        let first = try await connection.credentials.credential()
        try folder.write("sa/token", "renewed")
        await connection.credentials.wasRejected(first)
        #expect(try await connection.credentials.credential().authorization == "Bearer renewed")
    }

    private func resolve(_ change: (inout ClusterAccess) throws -> Void = { _ in }) throws -> APIConnection {
        var access = ClusterAccess()
        access.variables = ["KUBERNETES_SERVICE_HOST": "10.96.0.1", "KUBERNETES_SERVICE_PORT": "443", "HOME": "/nonexistent"]
        try change(&access)
        return try APIConnection.resolve(access, podFolder: "\(folder.path)/sa")
    }
}
