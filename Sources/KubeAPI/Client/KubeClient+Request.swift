import EgressPorts
import JSONText

extension KubeClient {
    /// Who we are for the next request. Over plain HTTP nobody: whoever listens would be it too.
    func credential() async throws(APIError) -> Credential {
        guard address?.isSecure == true else { return .none }
        do {
            return try await connection.credentials.credential()
        } catch let error as ClusterError {
            throw APIError(kind: .transport, message: error.message, isVerbatim: error.voice == .verbatim, hint: error.hint)
        } catch is CancellationError {
            throw apiError(.cancelled)
        } catch {
            throw APIError(kind: .transport, message: "Unable to connect to the server: getting credentials: \(error)", isVerbatim: true)
        }
    }

    func http(_ request: APIRequest, _ credential: Credential, _ reading: BodyReading) async throws(APIError) -> HTTPRequest {
        guard let address else {
            throw APIError(
                kind: .transport, message: "the server's address \"\(connection.server)\" is not a URL such as https://host:port")
        }
        let authority: TrustedAuthority
        do throws(TransportFailure) {
            authority = address.isSecure ? try roots.current() : .system
        } catch {
            throw APIError(kind: .transport, message: error.message)
        }
        let route = HTTPRoute(server: address, authority: authority, tlsServerName: tlsServerName, proxy: proxy)
        var http = HTTPRequest(target: request.target(timeout: connection.requestTimeout), route: route)
        http.method = request.method
        http.headers = headers(request, credential, address)
        if let body = request.body {
            http.body = Array(body.text().utf8)
            logBody("Request Body", http.body ?? [])
        }
        if let certificate = credential.clientCertificate, let key = credential.clientKey { http.identity = (certificate, key) }
        http.deadline = request.ownDeadline ?? connection.requestTimeout
        http.acceptsCompression = !connection.isCompressionDisabled
        http.reading = reading
        return http
    }

    private var tlsServerName: String? { connection.tlsServerName?.isEmpty == false ? connection.tlsServerName : nil }

    private func headers(_ request: APIRequest, _ credential: Credential, _ address: ServerAddress) -> [(name: String, value: String)] {
        var headers = [("Accept", request.accept), ("User-Agent", connection.userAgent)]
        // The URL may say another name, for TLS.
        if tlsServerName != nil { headers.append(("Host", address.authority)) }
        if let type = request.contentType { headers.append(("Content-Type", type)) }
        if let authorization = credential.authorization { headers.append(("Authorization", authorization)) }
        return headers + connection.impersonation.map { ($0.name, $0.value) }
    }

    /// A failure of the connection as kubectl prints it.
    func apiError(_ failure: TransportFailure) -> APIError {
        let place = address?.authority ?? connection.server
        switch failure.kind {
        case .cancelled:
            return APIError(kind: .transport, message: failure.message)
        case .refused:
            let message = "The connection to the server \(place) was refused - did you specify the right host or port?"
            return APIError(kind: .transport, message: message, isVerbatim: true)
        case .tooLong:
            return APIError(kind: .malformed, message: failure.message)
        default:
            return APIError(kind: .transport, message: "Unable to connect to the server: \(failure.message)", isVerbatim: true)
        }
    }
}
