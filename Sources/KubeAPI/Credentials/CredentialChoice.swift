import EgressPorts

/// Which of a user's credentials count.
struct CredentialChoice {
    private let user: KubeconfigUser
    private let cluster: KubeconfigCluster
    private let server: ServerURL
    private let access: ClusterAccess

    init(_ choice: KubeconfigChoice, _ access: ClusterAccess, _ server: ServerURL) {
        (user, cluster) = (choice.user, choice.cluster)
        self.server = server
        self.access = access
    }

    /// A plugin runs only where there is no token, password or certificate (client-go's `UpdateTransportConfig`).
    func provider(clock: CredentialClock = .system) throws(ClusterError) -> any CredentialProviding {
        try AuthProviders.refuse(user.authProvider)
        let authorization = try authorization(clock)
        let certificate = try ClientCertificate(user)
        if let exec = user.exec {
            // Checked even where it doesn't run, as kubectl does.
            let plugin = try ExecPlugin(exec, cluster, server, access)
            if case .none = authorization, certificate == nil { return ExecCredentials.shared(for: plugin) }
        }
        return ConfiguredCredentials(authorization, certificate, clock: clock)
    }

    private func authorization(_ clock: CredentialClock) throws(ClusterError) -> ConfiguredCredentials.Authorization {
        let hasBasic = !user.username.isEmpty
        if !user.tokenFile.isEmpty {
            guard !hasBasic else { throw ClusterError("username/password or bearer token may be set, but not both") }
            var file = TokenFile(path: user.tokenFile)
            if user.token.isEmpty { _ = try file.read(now: clock.uptime()) }
            try HeaderText.check(user.token, of: "Authorization")
            return .tokenFile(file, else: user.token.nonEmpty)
        }
        if !user.token.isEmpty {
            try HeaderText.check(user.token, of: "Authorization")
            return .header("Bearer \(user.token)")
        }
        return hasBasic ? .header("Basic " + Base64.encode(Array("\(user.username):\(user.password)".utf8))) : .none
    }
}

/// The built-in ways to log in that kubectl had once.
private enum AuthProviders {
    static func refuse(_ name: String?) throws(ClusterError) {
        switch name {
        case nil: return
        case "gcp":
            throw ClusterError(
                """
                The gcp auth plugin has been removed.
                Please use the "gke-gcloud-auth-plugin" kubectl/client-go credential plugin instead.
                See https://cloud.google.com/blog/products/containers-kubernetes/kubectl-auth-changes-in-gke for further details
                """)
        case "azure":
            throw ClusterError(
                """
                The azure auth plugin has been removed.
                Please use the https://github.com/Azure/kubelogin kubectl/client-go credential plugin instead.
                See https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins for further details
                """)
        case "oidc":
            throw ClusterError(
                "the oidc auth provider is not supported", hint: "log in by an exec credential plugin, such as kubectl oidc-login")
        case let other?: throw ClusterError("no Auth Provider found for name \"\(other)\"")
        }
    }
}
