/// How a cluster's API is reached, as the command line says it; kubeconfig says the rest.
public struct ClusterAccess: Sendable, Hashable {
    public var kubeconfig: String?
    public var context: String?
    public var cluster: String?
    public var user: String?
    public var namespace: String?
    public var server: String?
    public var token: String?
    public var impersonatedUser: String?
    public var impersonatedGroups: [String] = []
    public var impersonatedUID: String?
    /// By key (`--as-user-extra key=value`); a key may have several values.
    public var impersonatedExtra: [String: [String]] = [:]
    /// Basic authentication, which API servers dropped in 1.19 and proxies in front of them may still take.
    public var username: String?
    public var password: String?
    /// Overrides the kubeconfig's `proxy-url`.
    public var proxyURL: String?
    public var isCompressionDisabled: Bool = false
    /// Seconds; 0: for ever.
    public var requestTimeout: Double = 0
    public var isInsecure: Bool = false
    public var certificateAuthority: String?
    public var clientCertificate: String?
    public var clientKey: String?
    public var tlsServerName: String?
    /// Of the process: KUBECONFIG, HOME, proxies, KUBERNETES_SERVICE_HOST.
    public var variables: [String: String] = [:]
    /// `-v`: 6 logs requests, 8 bodies without secrets.
    public var verbosity: Int = 0
    /// False where standard input is in use or must not be read, so that a credential plugin may not ask.
    public var isInteractive: Bool = false

    public init() {}
}

/// What of a cluster is read.
public enum ClusterScope: Sendable, Hashable {
    /// Everything: what a command line wants.
    case cluster
    /// What one node's agent needs: its own pods; of EgressNodes those of gateways.
    case node(String)
}

/// What a kubeconfig names, without asking a server.
public struct KubeconfigNames: Sendable, Hashable {
    public var contexts: [String]
    public var clusters: [String]
    public var users: [String]

    public init(contexts: [String] = [], clusters: [String] = [], users: [String] = []) {
        self.contexts = contexts
        self.clusters = clusters
        self.users = users
    }
}
