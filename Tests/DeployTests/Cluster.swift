import Foundation
import TestKit

/// The API server that these suites share, and what there is no controller for. It is theirs alone: other suites leave
/// definitions behind, and helm refuses to take over what it didn't make.
enum Cluster {
    private static let own = Result { try APIServer.start() }

    static func server() throws -> APIServer { try own.get() }

    /// Runs kubectl and throws with its words when it fails.
    @discardableResult
    static func kubectl(_ arguments: String..., as kubeconfig: String? = nil, input: String = "") throws -> String {
        let outcome = try server().kubectl(arguments, as: kubeconfig, input: input)
        guard outcome.succeeded else { throw TestKitError("kubectl \(arguments.joined(separator: " ")): \(outcome.errors)") }
        return outcome.output
    }

    /// Puts everything of a kustomization into the cluster, runs the body, and takes it away.
    static func with(_ kustomization: String, _ body: () throws -> Void) throws {
        let folder = "\(Manifests.folder)/\(kustomization)"
        // A dry run asks for the namespace, which it doesn't make.
        try kubectl("apply", "--server-side", "-f", "\(Manifests.folder)/base/namespace.yaml")
        defer { removeAll(folder) }
        try kubectl("apply", "--server-side", "-k", folder)
        try kubectl("wait", "--for=condition=Established", "--timeout=20s", "crd/egressnodes.kubectl-egress.dev")
        try body()
    }

    private static func removeAll(_ folder: String) {
        guard let server = try? server() else { return }
        _ = try? server.kubectl("delete", "--ignore-not-found", "--wait=false", "-k", folder)
        removeNamespace()
    }

    /// What the namespace controller does: an empty namespace loses its finalizer.
    static func removeNamespace() {
        guard let server = try? server() else { return }
        for kind in ["leases", "secrets"] { _ = try? server.kubectl("delete", kind, "--all", "-n", "kubectl-egress") }
        _ = try? server.kubectl("delete", "namespace", "kubectl-egress", "--ignore-not-found", "--wait=false")
        _ = try? server.kubectl(
            "replace", "--raw", "/api/v1/namespaces/kubectl-egress/finalize", "-f", "-",
            input: #"{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"kubectl-egress"},"spec":{"finalizers":[]}}"#)
        for _ in 0..<50 {
            if (try? server.kubectl("get", "namespace", "kubectl-egress"))?.succeeded == false { return }
            usleep(100_000)
        }
    }
}
