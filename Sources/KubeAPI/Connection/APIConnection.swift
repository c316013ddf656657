/// Where an API server is and how it is spoken to: kubeconfig, flags and environment, settled.
struct APIConnection: Sendable {
    /// `https://host:port/prefix`, without a slash at the end, query and fragment dropped.
    var server: String
    var authority: Authority
    /// What the certificate is checked against, and SNI, instead of the host.
    var tlsServerName: String?
    /// `http://`, `https://` or `socks5://`; `nil`: the environment's proxy variables decide; empty: none.
    var proxy: String?
    var isCompressionDisabled = false
    /// `Impersonate-User` and its like, names and values as sent.
    var impersonation: [(name: String, value: String)] = []
    var credentials: any CredentialProviding
    /// Seconds that one request may take; 0: for ever. Also sent as `timeout`.
    var requestTimeout: Double = 0
    /// The namespace that commands mean when none is named.
    var namespace: String
    /// `kubectl-egress/0.1.0 (linux/amd64)`.
    var userAgent: String

    /// What the server's certificate is checked by. There is no way from an unreadable file to `unchecked`.
    enum Authority: Sendable, Hashable {
        case system
        /// PEM, one certificate or several.
        case pem([UInt8])
        /// Read again when it changes, as a rotated authority does.
        case file(String)
        /// The user asked for it by name.
        case unchecked
    }
}

/// What proves who we are; never logged, never sent over plain HTTP.
struct Credential: Sendable, Hashable {
    /// The value of the `Authorization` header.
    var authorization: String?
    /// PEM, with intermediates; goes together with the key.
    var clientCertificate: [UInt8]?
    /// PEM: PKCS#1, SEC1 or PKCS#8.
    var clientKey: [UInt8]?

    static let none = Credential()
}

/// Finds the credential for the next request: from the kubeconfig, a file that rotates, or an exec plugin.
protocol CredentialProviding: Sendable {
    /// One run of a plugin serves all requests that wait. Throws ``ClusterError``.
    func credential() async throws -> Credential
    /// The server answered 401 to this one: what is cached of it is dropped. The request isn't sent again.
    func wasRejected(_ credential: Credential) async
}
