import TestKit
import Testing

/// The API server that other tests stand on.
@Suite(.requires(.api), .serialized)
struct APIServerTests {
    @Test func `the shared server is one, and serves its admin`() throws {
        let server = try APIServer.shared()
        #expect(try APIServer.shared() === server)
        #expect(try server.kubectl("get", "namespace", "default", "-o", "name").output == "namespace/default\n")
    }

    @Test func `a user has the rights that RBAC gives, and no others`() throws {
        let server = try APIServer.shared()
        let user = try server.user("jane", groups: ["readers"])
        let refused = try server.kubectl("get", "nodes", as: user)
        #expect(refused.errors.contains(#"User "jane" cannot list resource "nodes""#), "\(refused.errors)")
        let role = """
            apiVersion: rbac.authorization.k8s.io/v1
            kind: ClusterRoleBinding
            metadata: {name: egt-readers}
            roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
            subjects: [{apiGroup: rbac.authorization.k8s.io, kind: Group, name: readers}]
            """
        try server.apply(role)
        defer { try? server.delete(role) }
        #expect(try server.kubectl("get", "nodes", as: user).succeeded)
    }

    @Test func `a service account is itself`() throws {
        let server = try APIServer.shared()
        let account = try server.serviceAccount("reader", namespace: "egt-accounts")
        let refused = try server.kubectl("get", "nodes", as: account)
        #expect(refused.errors.contains(#"User "system:serviceaccount:egt-accounts:reader""#), "\(refused.errors)")
    }

    @Test func `a server that is killed comes back with its objects, its flags and without its history`() throws {
        let server = try APIServer.start(flags: ["--watch-cache=false"])
        defer { server.stop() }
        let old = try server.kubectl("get", "namespace", "default", "-o", "jsonpath={.metadata.resourceVersion}").output
        try server.apply(#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"kept","namespace":"default"}}"#)
        try server.kill(.apiserver)
        #expect(try server.kubectl("get", "configmaps").errors.contains("was refused"))
        try server.resume()
        #expect(try server.kubectl("get", "configmap", "kept").succeeded)
        try server.compact()
        let watch = try server.kubectl("get", "--raw", "/api/v1/namespaces?watch=1&resourceVersion=\(old)")
        #expect(watch.output.contains(#""code":410"#), "\(watch.output)\(watch.errors)")
        server.stop()
        #expect(FileText.read(server.kubeconfig) == nil)
    }
}
