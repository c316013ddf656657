import EgressPorts

extension APIConnection {
    /// Settles flags, kubeconfig files and environment as kubectl does, with its words where it refuses.
    ///
    /// Reads files; runs no plugin and asks no server. There is no default server: where nothing says one, that is the
    /// error, not `http://localhost:8080`.
    static func resolve(_ access: ClusterAccess) throws(ClusterError) -> APIConnection {
        try resolve(access, podFolder: InClusterSettings.folder)
    }

    /// - Parameter podFolder: where a pod finds its service account.
    static func resolve(_ access: ClusterAccess, podFolder: String) throws(ClusterError) -> APIConnection {
        let files = KubeconfigFiles(access)
        let config = try files.load()
        var choice = try KubeconfigChoice(config, access)
        let pod = InClusterSettings(access.variables, folder: podFolder)
        if choice.cluster.server.isEmpty {
            guard let pod else { throw NoCluster.error(files, config, choice) }
            choice.cluster = pod.cluster(access)
            var user = KubeconfigUser()
            user.impersonation = choice.user.impersonation
            if let token = access.token.given { user.token = token } else { user.tokenFile = pod.tokenFile }
            choice.user = user
        }
        // A pod's own namespace counts whatever the cluster, as it does for client-go.
        let namespace = access.namespace.given ?? choice.context.namespace.nonEmpty ?? pod?.namespace ?? "default"
        return try connection(choice, access, namespace: namespace)
    }

    private static func connection(
        _ choice: KubeconfigChoice, _ access: ClusterAccess, namespace: String
    ) throws(ClusterError) -> APIConnection {
        let server = try ServerURL(choice.cluster.server)
        let proxy =
            choice.cluster.proxyURL.isEmpty
            ? try ProxyAddress.fromEnvironment(access.variables, for: server) : ProxyAddress.curlText(choice.cluster.proxyURL)
        let authority = server.isSecure ? try self.authority(choice.cluster) : .system
        return APIConnection(
            server: server.text, authority: authority, tlsServerName: server.isSecure ? choice.cluster.tlsServerName.nonEmpty : nil,
            proxy: proxy, isCompressionDisabled: choice.cluster.isCompressionDisabled,
            impersonation: try choice.user.impersonation.headers(),
            // Nothing secret goes over plain HTTP.
            credentials: server.isSecure ? try CredentialChoice(choice, access, server).provider() : NoCredentials(),
            requestTimeout: access.requestTimeout, namespace: namespace, userAgent: UserAgent.text)
    }

    /// An authority that can't be read is an error: never the system's in its place, never none.
    private static func authority(_ cluster: KubeconfigCluster) throws(ClusterError) -> Authority {
        if !cluster.authorityData.isEmpty || !cluster.authorityFile.isEmpty {
            guard !cluster.isInsecure else {
                throw ClusterError("specifying a root certificates file with the insecure flag is not allowed")
            }
        }
        if cluster.isInsecure { return .unchecked }
        if !cluster.authorityData.isEmpty {
            try checkAuthority(cluster.authorityData)
            return .pem(cluster.authorityData)
        }
        guard !cluster.authorityFile.isEmpty else { return .system }
        try checkAuthority(try LocalFile.content(cluster.authorityFile))
        return .file(cluster.authorityFile)
    }

    private static func checkAuthority(_ bytes: [UInt8]) throws(ClusterError) {
        guard PEM.labels(in: bytes).contains("CERTIFICATE") else {
            throw ClusterError("unable to load root certificates: unable to parse bytes as PEM block")
        }
    }
}

/// Nothing says which server.
private enum NoCluster {
    static func error(_ files: KubeconfigFiles, _ config: Kubeconfig, _ choice: KubeconfigChoice) -> ClusterError {
        if !choice.contextName.isEmpty { return ClusterError("the context \"\(choice.contextName)\" names no cluster") }
        if !config.contexts.isEmpty {
            return ClusterError(
                "current-context is not set", hint: "pass --context; \(KubeconfigChoice.knownContexts(config) ?? "")")
        }
        return ClusterError(
            "no kubeconfig found\n       looked at: \(places(files))",
            hint: "set KUBECONFIG, pass --kubeconfig FILE, or log in with your cloud's tool;\n"
                + "--snapshot PATH reads manifests and needs no cluster")
    }

    private static func places(_ files: KubeconfigFiles) -> String {
        let found = files.listed.map { "\($0) (\(LocalFile.version($0) == nil ? "missing" : "empty"))" }
        switch files.source {
        case .home: return (["$KUBECONFIG (not set)"] + found).joined(separator: ", ")
        case .variable, .flag: return found.isEmpty ? "$KUBECONFIG (names no file)" : found.joined(separator: ", ")
        }
    }
}
