import EgressPorts
import Glibc

/// What a pod is given to reach its own cluster's API: the address by environment, the rest by its service account's
/// folder (client-go's `rest.InClusterConfig`).
struct InClusterSettings: Sendable, Hashable {
    static let folder = "/var/run/secrets/kubernetes.io/serviceaccount"

    var server: String
    var tokenFile: String
    var authorityFile: String
    private var namespaceFile: String
    private var namespaceVariable: String?

    /// `nil` outside of a pod: without the address, or without a token.
    init?(_ variables: [String: String], folder: String) {
        guard let host = variables["KUBERNETES_SERVICE_HOST"].given, let port = variables["KUBERNETES_SERVICE_PORT"].given else {
            return nil
        }
        tokenFile = "\(folder)/token"
        guard LocalFile.isPlainFile(tokenFile) else { return nil }
        server = "https://\(host.contains(":") ? "[\(host)]" : host):\(port)"
        authorityFile = "\(folder)/ca.crt"
        namespaceFile = "\(folder)/namespace"
        namespaceVariable = variables["POD_NAMESPACE"].given
    }

    /// `nil` where neither variable nor file says one.
    var namespace: String? {
        if let namespaceVariable { return namespaceVariable }
        guard let bytes = try? LocalFile.read(namespaceFile) else { return nil }
        return String(decoding: bytes, as: UTF8.self).trimmed.nonEmpty
    }

    /// As if a kubeconfig said it. A folder without an authority means the system's, as it does for client-go.
    func cluster(_ access: ClusterAccess) -> KubeconfigCluster {
        var cluster = KubeconfigCluster()
        cluster.server = server
        if let file = access.certificateAuthority.given {
            cluster.authorityFile = file
        } else if LocalFile.version(authorityFile) != nil, !access.isInsecure {
            cluster.authorityFile = authorityFile
        }
        cluster.isInsecure = access.isInsecure
        cluster.tlsServerName = access.tlsServerName ?? ""
        return cluster
    }
}

extension String {
    /// Without white space at both ends.
    var trimmed: String {
        String(drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
    }

    var nonEmpty: String? { isEmpty ? nil : self }
}
