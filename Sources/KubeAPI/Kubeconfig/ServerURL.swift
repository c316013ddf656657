import EgressPorts

/// The server of a cluster as a URL (client-go's `DefaultServerURL`).
struct ServerURL: Sendable, Hashable {
    /// `https` or `http`.
    var scheme: String
    /// As written, an IPv6 address without its brackets.
    var host: String
    var port: Int?
    /// Where the API begins; no slash at its end, and empty for the root.
    var prefix: String

    var isSecure: Bool { scheme == "https" }

    /// `https://[fd00::1]:6443/k8s/clusters/c-1`.
    var text: String {
        "\(scheme)://\(host.contains(":") ? "[\(host)]" : host)\(port.map { ":\($0)" } ?? "")\(prefix)"
    }

    /// A text without a scheme is plain HTTP, as it is for kubectl. Query and fragment are dropped.
    init(_ text: String) throws(ClusterError) {
        let hasScheme = text.contains("://")
        let end = text.firstIndex(of: ":") ?? text.endIndex
        scheme = hasScheme ? text[..<end].lowercased() : "http"
        guard scheme == "https" || scheme == "http" else {
            throw ClusterError("Unable to connect to the server: unsupported protocol scheme \"\(scheme)\"", voice: .verbatim)
        }
        let rest = hasScheme ? text[end...].dropFirst(3) : text[...]
        let location = rest.prefix { $0 != "?" && $0 != "#" }
        let authority = location.prefix { $0 != "/" }
        let path = location.dropFirst(authority.count)
        guard !authority.contains("@") else {
            throw ClusterError(
                "the server's URL holds a user name or a password", hint: "set username and password of the user in the kubeconfig instead")
        }
        let isPlain = location.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F }
        guard isPlain, hasScheme || path.isEmpty || path == "/", let (host, port) = Self.hostAndPort(authority) else {
            throw ClusterError("host must be a URL or a host:port pair: \"\(text)\"")
        }
        (self.host, self.port) = (host, port)
        prefix = String(path.reversed().drop { $0 == "/" }.reversed())
    }

    private static func hostAndPort(_ authority: Substring) -> (String, Int?)? {
        var host = authority
        var rest = Substring()
        if authority.hasPrefix("[") {
            guard let end = authority.firstIndex(of: "]") else { return nil }
            host = authority[authority.index(after: authority.startIndex)..<end]
            rest = authority[authority.index(after: end)...]
        } else if let colon = authority.lastIndex(of: ":") {
            (host, rest) = (authority[..<colon], authority[colon...])
            guard !host.contains(":") else { return nil }
        }
        guard !host.isEmpty, !host.contains("\\") else { return nil }
        guard !rest.isEmpty, rest != ":" else { return (String(host), nil) }
        guard rest.hasPrefix(":"), let port = UInt16(rest.dropFirst()), !rest.contains("+") else { return nil }
        return (String(host), Int(port))
    }
}
