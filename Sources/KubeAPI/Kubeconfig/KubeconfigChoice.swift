import EgressPorts

/// The context, cluster and user that flags and kubeconfig mean together (client-go's `DirectClientConfig`).
struct KubeconfigChoice {
    var contextName: String
    var context: KubeconfigContext
    var clusterName: String
    var cluster: KubeconfigCluster
    var userName: String
    var user: KubeconfigUser

    /// A flag wins over the file where it isn't empty; an empty one erases nothing.
    init(_ config: Kubeconfig, _ access: ClusterAccess) throws(ClusterError) {
        contextName = access.context.given ?? config.currentContext
        context = KubeconfigContext()
        if !contextName.isEmpty {
            guard let context = config.contexts[contextName] else {
                throw ClusterError(
                    "Error in configuration: context was not found for specified context: \(contextName)", voice: .verbatim,
                    hint: Self.knownContexts(config))
            }
            self.context = context
        }
        clusterName = access.cluster.given ?? context.cluster
        cluster = Self.cluster(config.clusters[clusterName] ?? KubeconfigCluster(), access)
        userName = access.user.given ?? context.user
        user = Self.user(config.users[userName] ?? KubeconfigUser(), access)
        try check()
        if let name = access.user.given, config.users[name] == nil { throw ClusterError("auth info \"\(name)\" does not exist") }
    }

    static func knownContexts(_ config: Kubeconfig) -> String? {
        let names = config.contexts.keys.sorted()
        guard !names.isEmpty else { return nil }
        let more = names.count > 10 ? ", and \(names.count - 10) more" : ""
        return "known contexts: \(names.prefix(10).joined(separator: ", "))\(more)"
    }

    private static func cluster(_ given: KubeconfigCluster, _ access: ClusterAccess) -> KubeconfigCluster {
        var cluster = given
        // The file's name for the certificate belongs to the file's server.
        if access.server.given != nil || access.tlsServerName.given != nil { cluster.tlsServerName = access.tlsServerName ?? "" }
        if let server = access.server.given { cluster.server = server }
        if let proxy = access.proxyURL.given { cluster.proxyURL = proxy }
        if access.isCompressionDisabled { cluster.isCompressionDisabled = true }
        if access.isInsecure || access.certificateAuthority.given != nil {
            cluster.isInsecure = access.isInsecure
            cluster.authorityFile = access.certificateAuthority ?? ""
            cluster.authorityData = []
        }
        return cluster
    }

    private static func user(_ given: KubeconfigUser, _ access: ClusterAccess) -> KubeconfigUser {
        var user = given
        if let token = access.token.given { (user.token, user.tokenFile) = (token, "") }
        if let name = access.username.given { user.username = name }
        if let password = access.password.given { user.password = password }
        if let certificate = access.clientCertificate.given { (user.certificateFile, user.certificateData) = (certificate, []) }
        if let key = access.clientKey.given { (user.keyFile, user.keyData) = (key, []) }
        if let name = access.impersonatedUser.given { user.impersonation.name = name }
        if let uid = access.impersonatedUID.given { user.impersonation.uid = uid }
        if !access.impersonatedGroups.isEmpty { user.impersonation.groups = access.impersonatedGroups }
        if !access.impersonatedExtra.isEmpty { user.impersonation.extra = access.impersonatedExtra }
        return user
    }

    private func check() throws(ClusterError) {
        let faults = KubeconfigCheck.faults(of: user, named: userName) + KubeconfigCheck.faults(of: cluster, named: clusterName)
        switch faults.count {
        case 0: return
        case 1: throw ClusterError(faults[0])
        default:
            throw ClusterError("Error in configuration: \n" + faults.map { "* \($0)" }.joined(separator: "\n"), voice: .verbatim)
        }
    }
}

extension String? {
    /// `nil` for the empty text too.
    var given: String? { self?.isEmpty == false ? self : nil }
}
