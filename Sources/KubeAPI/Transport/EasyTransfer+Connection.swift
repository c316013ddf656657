import CCurl

extension EasyTransfer {
    /// Address, proxy, version of HTTP.
    func configureConnection() throws(TransportFailure) {
        let route = request.route
        let server = route.server
        // With a name of its own for TLS the URL says that name, and the connection goes to the host all the same.
        let host = ServerAddress.bracketed(route.tlsServerName ?? server.host)
        if let name = route.tlsServerName, server.isSecure {
            guard ServerAddress.hostAndPort("\(ServerAddress.bracketed(name)):1") != nil else {
                throw TransportFailure(kind: .untrusted, message: "tls: \"\(name)\" is no server name")
            }
            try set(CURLOPT_CONNECT_TO, list: ["\(host):\(server.port):\(ServerAddress.bracketed(server.host)):\(server.port)"])
            try set(CURLOPT_URL, text: "https://\(host):\(server.port)\(server.prefix)\(request.target)")
        } else {
            try set(CURLOPT_URL, text: "\(server.scheme)://\(server.authority)\(server.prefix)\(request.target)")
        }
        try set(CURLOPT_PROTOCOLS_STR, text: "http,https")
        // "../" in a path is the server's business: curl would take it away.
        try set(CURLOPT_PATH_AS_IS, 1)
        try set(CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2TLS)
        // A request that could share a connection waits for it rather than opening another.
        try set(CURLOPT_PIPEWAIT, 1)
        try set(CURLOPT_CONNECTTIMEOUT_MS, Self.milliseconds(route.connectSeconds))
        // Credentials come from the kubeconfig, not from ~/.netrc.
        try set(CURLOPT_NETRC, Int(CURL_NETRC_IGNORED.rawValue))
        // The environment was looked at already, by Go's rules; libcurl's own differ.
        try set(CURLOPT_PROXY, text: route.proxy ?? "")
        try set(CURLOPT_NOPROXY, text: "")
        // What is meant for the server isn't shown to the proxy.
        try set(CURLOPT_HEADEROPT, Int(CURLHEADER_SEPARATE))
    }

    /// Whom to believe, and who we are.
    func configureTLS() throws(TransportFailure) {
        guard request.route.server.isSecure || request.route.proxy != nil else { return }
        try set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
        try set(CURLOPT_PROXY_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
        // The names in the server's certificate, for an error that says which they are.
        try set(CURLOPT_CERTINFO, 1)
        switch request.route.authority {
        case .unchecked:
            for option in [CURLOPT_SSL_VERIFYPEER, CURLOPT_SSL_VERIFYHOST, CURLOPT_PROXY_SSL_VERIFYPEER, CURLOPT_PROXY_SSL_VERIFYHOST] {
                try set(option, 0)
            }
        case .pem(let bytes):
            guard Self.holdsCertificate(bytes) else { throw .noRoots }
            // The system's folder and file would be believed too.
            for option in [CURLOPT_CAINFO, CURLOPT_CAPATH, CURLOPT_PROXY_CAINFO, CURLOPT_PROXY_CAPATH] { try set(option, text: nil) }
            try set(CURLOPT_CAINFO_BLOB, blob: bytes)
            try set(CURLOPT_PROXY_CAINFO_BLOB, blob: bytes)
        case .system:
            // As Go and OpenSSL let a user name them.
            if let file = ProxyChoice.environment("SSL_CERT_FILE"), !file.isEmpty { try set(CURLOPT_CAINFO, text: file) }
            if let folder = ProxyChoice.environment("SSL_CERT_DIR"), !folder.isEmpty { try set(CURLOPT_CAPATH, text: folder) }
        }
        guard let identity = request.identity else { return }
        for option in [CURLOPT_SSLCERTTYPE, CURLOPT_SSLKEYTYPE] { try set(option, text: "PEM") }
        try set(CURLOPT_SSLCERT_BLOB, blob: identity.certificate)
        try set(CURLOPT_SSLKEY_BLOB, blob: identity.key)
        // With a password, if an empty one, OpenSSL doesn't ask the terminal for an encrypted key's.
        try set(CURLOPT_KEYPASSWD, text: "")
    }

    private static func holdsCertificate(_ bytes: [UInt8]) -> Bool {
        let text = String(decoding: bytes, as: UTF8.self)
        return ["CERTIFICATE", "TRUSTED CERTIFICATE", "X509 CERTIFICATE"].contains { text.contains("-----BEGIN \($0)-----") }
    }
}

extension TransportFailure {
    static let noRoots = TransportFailure(
        kind: .untrusted, message: "unable to load root certificates: unable to parse bytes as PEM block")
}
