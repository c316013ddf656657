/// A secret's description says which kinds there are, and nothing of them.
extension Credential: CustomStringConvertible, CustomReflectable {
    var description: String {
        let kinds = [
            authorization.map { $0.hasPrefix("Basic ") ? "a password" : "a token" }, clientCertificate.map { _ in "a client certificate" },
        ].compactMap(\.self)
        return "Credential(\(kinds.isEmpty ? "none" : kinds.joined(separator: " and ")))"
    }

    var customMirror: Mirror { Mirror(self, children: [:]) }
}

/// For a server without secrets.
struct NoCredentials: CredentialProviding {
    func credential() async throws -> Credential { .none }
    func wasRejected(_ credential: Credential) async {}
}
