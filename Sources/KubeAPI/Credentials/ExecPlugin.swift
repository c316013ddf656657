import EgressPorts
import JSONText

/// A credential plugin, ready to run (KEP-541; `client.authentication.k8s.io` v1 and v1beta1).
///
/// Equal plugins share what they answered. Its environment may hold secrets.
struct ExecPlugin: Sendable, Hashable, CustomStringConvertible, CustomReflectable {
    var settings: KubeconfigExec
    var policy: CredentialPluginPolicy
    /// Of our process; the plugin's own are added.
    var variables: [String: String]
    /// Whether standard input is ours to give away.
    var mayAsk: Bool
    /// What it is told of the cluster, where it wants to know.
    var cluster: JSONValue?

    init(
        _ settings: KubeconfigExec, _ cluster: KubeconfigCluster, _ server: ServerURL, _ access: ClusterAccess
    ) throws(ClusterError) {
        guard settings.apiVersion == KubeconfigExec.v1 || settings.apiVersion == KubeconfigExec.v1beta1 else {
            throw ClusterError("exec plugin: invalid apiVersion \"\(settings.apiVersion)\"")
        }
        self.settings = settings
        policy = try CredentialPluginPolicy.read(access.variables)
        variables = access.variables
        mayAsk = access.isInteractive
        if settings.providesClusterInfo { self.cluster = try Self.info(cluster, server) }
    }

    /// Authorities from files are given as data (client-go's `ConfigToExecCluster`).
    private static func info(_ cluster: KubeconfigCluster, _ server: ServerURL) throws(ClusterError) -> JSONValue {
        var info: JSONObject = ["server": .string(server.text)]
        if !cluster.tlsServerName.isEmpty { info["tls-server-name"] = .string(cluster.tlsServerName) }
        if cluster.isInsecure { info["insecure-skip-tls-verify"] = true }
        var authority = cluster.authorityData
        if authority.isEmpty, !cluster.authorityFile.isEmpty { authority = try LocalFile.content(cluster.authorityFile) }
        if !authority.isEmpty { info["certificate-authority-data"] = .string(Base64.encode(authority)) }
        if !cluster.proxyURL.isEmpty { info["proxy-url"] = .string(cluster.proxyURL) }
        if cluster.isCompressionDisabled { info["disable-compression"] = true }
        if let settings = cluster.pluginSettings { info["config"] = settings }
        return .object(info)
    }

    /// What it finds in `KUBERNETES_EXEC_INFO`.
    func request(isInteractive: Bool) -> String {
        var spec = JSONObject()
        if let cluster { spec["cluster"] = cluster }
        spec["interactive"] = .bool(isInteractive)
        let request: JSONValue = ["kind": "ExecCredential", "apiVersion": .string(settings.apiVersion), "spec": .object(spec)]
        return request.text() + "\n"
    }

    /// Our variables, then the plugin's own, the last of equal names winning, then the request.
    func environment(isInteractive: Bool) -> [String] {
        var all = variables
        for variable in settings.variables { all[variable.name] = variable.value }
        all["KUBERNETES_EXEC_INFO"] = request(isInteractive: isInteractive)
        return all.map { "\($0.key)=\($0.value)" }.sorted()
    }

    var description: String { "ExecPlugin(\(settings.command))" }
    var customMirror: Mirror { Mirror(self, children: [:]) }
}
