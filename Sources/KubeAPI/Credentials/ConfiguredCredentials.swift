import EgressPorts

/// A token, a password or a certificate that kubeconfig or flags say, renewed where it lies in files.
actor ConfiguredCredentials: CredentialProviding {
    enum Authorization {
        case none
        case header(String)
        /// The token is for when the file can't be read at all.
        case tokenFile(TokenFile, else: String?)
    }

    private var authorization: Authorization
    private var certificate: ClientCertificate?
    private let clock: CredentialClock

    init(_ authorization: Authorization, _ certificate: ClientCertificate?, clock: CredentialClock) {
        self.authorization = authorization
        self.certificate = certificate
        self.clock = clock
    }

    func credential() throws -> Credential {
        certificate?.refresh()
        return Credential(
            authorization: try header(), clientCertificate: certificate?.certificate, clientKey: certificate?.key)
    }

    func wasRejected(_ credential: Credential) {
        guard case .tokenFile(var file, let token) = authorization else { return }
        file.invalidate()
        authorization = .tokenFile(file, else: token)
    }

    private func header() throws(ClusterError) -> String? {
        switch authorization {
        case .none: return nil
        case .header(let header): return header
        case .tokenFile(var file, let token):
            do throws(ClusterError) {
                let read = try file.read(now: clock.uptime())
                authorization = .tokenFile(file, else: token)
                return "Bearer \(read)"
            } catch {
                guard let token else { throw error }
                return "Bearer \(token)"
            }
        }
    }
}
