import EgressPorts

/// A certificate with its key, both PEM, from the kubeconfig itself or from files that may be renewed.
///
/// Looking whether a file changed costs one `stat` each; both are read again when either did. Renewed one after the other,
/// the pair doesn't match for a moment: the change of the second file mends that.
struct ClientCertificate {
    private enum Source {
        case data([UInt8])
        case file(String, LocalFile.Version?)

        /// A new version's bytes; `nil` where nothing changed.
        var isChanged: Bool {
            guard case .file(let path, let version) = self else { return false }
            return LocalFile.version(path) != version
        }

        mutating func read() throws(ClusterError) -> [UInt8] {
            switch self {
            case .data(let bytes): return bytes
            case .file(let path, _):
                // Asked for before the reading: a change in between is seen the next time.
                let version = LocalFile.version(path)
                let bytes = try LocalFile.content(path)
                self = .file(path, version)
                return bytes
            }
        }
    }

    private var certificateSource: Source
    private var keySource: Source
    private(set) var certificate: [UInt8] = []
    private(set) var key: [UInt8] = []

    /// `nil` for a user without one.
    init?(_ user: KubeconfigUser) throws(ClusterError) {
        guard !user.certificateData.isEmpty || !user.certificateFile.isEmpty else { return nil }
        certificateSource = user.certificateData.isEmpty ? .file(user.certificateFile, nil) : .data(user.certificateData)
        keySource = user.keyData.isEmpty ? .file(user.keyFile, nil) : .data(user.keyData)
        try load()
    }

    /// Keeps the old pair while the new one can't be read or isn't one.
    mutating func refresh() {
        guard certificateSource.isChanged || keySource.isChanged else { return }
        do { try load() } catch {}
    }

    private mutating func load() throws(ClusterError) {
        var (newCertificateSource, newKeySource) = (certificateSource, keySource)
        let (certificate, key) = (try newCertificateSource.read(), try newKeySource.read())
        try KeyPair.check(certificate: certificate, key: key)
        (self.certificate, self.key) = (certificate, key)
        (certificateSource, keySource) = (newCertificateSource, newKeySource)
    }
}

/// Whether two texts can be a certificate and its key, as far as their PEM says, in Go's words.
enum KeyPair {
    static func check(certificate: [UInt8], key: [UInt8]) throws(ClusterError) {
        if let problem = problem(certificate: certificate, key: key) {
            throw ClusterError(problem, hint: PEM.isEncrypted(key) ? "the key is encrypted: store it without a passphrase" : nil)
        }
    }

    static func problem(certificate: [UInt8], key: [UInt8]) -> String? {
        let (certificates, keys) = (PEM.labels(in: certificate), PEM.labels(in: key))
        if !certificates.contains("CERTIFICATE") {
            if certificates.isEmpty { return "tls: failed to find any PEM data in certificate input" }
            return certificates.allSatisfy(isKey)
                ? "tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched"
                : "tls: failed to find \"CERTIFICATE\" PEM block in certificate input after skipping PEM blocks of the following types: [\(certificates.joined(separator: " "))]"
        }
        if !keys.contains(where: isKey) {
            if keys.isEmpty { return "tls: failed to find any PEM data in key input" }
            return keys == ["CERTIFICATE"]
                ? "tls: found a certificate rather than a key in the PEM for the private key"
                : "tls: failed to find PEM block with type ending in \"PRIVATE KEY\" in key input after skipping PEM blocks of the following types: [\(keys.joined(separator: " "))]"
        }
        return PEM.isEncrypted(key) ? "tls: failed to parse private key" : nil
    }

    private static func isKey(_ label: String) -> Bool { label == "PRIVATE KEY" || label.hasSuffix(" PRIVATE KEY") }
}
