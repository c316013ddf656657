import EgressModel
import EgressPorts

/// The proxy on the way to a server: the cluster's `proxy-url`, or what the environment says (Go's `httpproxy`).
enum ProxyAddress {
    /// What is wrong with a `proxy-url`, in client-go's words; `nil` for a good one and for none.
    static func problem(with url: String) -> String? {
        guard !url.isEmpty else { return nil }
        guard let colon = url.firstIndex(of: ":"), colon > url.startIndex, url.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else {
            return url.contains(":") ? "could not parse: \(withoutSecrets(url))" : unknown("")
        }
        let scheme = url[..<colon].lowercased()
        return ["http", "https", "socks5"].contains(scheme) ? nil : unknown(scheme)
    }

    /// For libcurl: a SOCKS proxy looks names up itself, as Go has it do.
    static func curlText(_ url: String) -> String {
        url.lowercased().hasPrefix("socks5://") ? "socks5h://" + url.dropFirst("socks5://".count) : url
    }

    /// The environment's proxy for a server; empty for none. Loopback is never proxied.
    static func fromEnvironment(_ variables: [String: String], for server: ServerURL) throws(ClusterError) -> String {
        let name = server.isSecure ? "HTTPS_PROXY" : "HTTP_PROXY"
        guard let proxy = variables[name].given ?? variables[name.lowercased()].given else { return "" }
        // As a CGI program, HTTP_PROXY is a header of whoever asks (CVE-2016-5386).
        if !server.isSecure, variables["REQUEST_METHOD"].given != nil { return "" }
        guard !isLoopback(server.host) else { return "" }
        let exceptions = variables["NO_PROXY"].given ?? variables["no_proxy"].given ?? ""
        guard !exceptions.split(separator: ",").contains(where: { ProxyException($0).covers(server) }) else { return "" }
        let url = proxy.contains("://") ? proxy : "http://\(proxy)"
        guard problem(with: url) == nil else {
            throw ClusterError("\(name) is \"\(withoutSecrets(url))\": not an http, https or socks5 URL")
        }
        return curlText(url)
    }

    /// A proxy's URL may hold a password.
    static func withoutSecrets(_ url: String) -> String {
        guard let at = url.lastIndex(of: "@") else { return url }
        let start = url.firstRange(of: "://")?.upperBound ?? url.startIndex
        return start <= at ? "\(url[..<start])xxxxx\(url[at...])" : url
    }

    private static func unknown(_ scheme: String) -> String {
        "unsupported scheme \"\(scheme)\", must be http, https, or socks5"
    }

    private static func isLoopback(_ host: String) -> Bool { host.lowercased() == "localhost" || IPAddress(host)?.isLoopback == true }
}

/// One entry of NO_PROXY: `*`, an address, a prefix, a name with what is under it, `.name` with only that; perhaps a port.
private struct ProxyException {
    private let text: String
    private let port: Int?

    init(_ entry: Substring) {
        let entry = entry.filter { !$0.isWhitespace }.lowercased()
        if IPAddress(entry) == nil, !entry.contains("/"), let colon = entry.lastIndex(of: ":"),
            let port = UInt16(entry[entry.index(after: colon)...])
        {
            (text, self.port) = (Self.unbracketed(String(entry[..<colon])), Int(port))
        } else {
            (text, port) = (Self.unbracketed(entry), nil)
        }
    }

    func covers(_ server: ServerURL) -> Bool {
        if text == "*" { return true }
        guard !text.isEmpty, port == nil || port == server.port ?? (server.isSecure ? 443 : 80) else { return false }
        if let address = IPAddress(server.host) {
            return IPPrefix(text)?.contains(address) ?? (IPAddress(text) == address)
        }
        let name = text.hasPrefix("*.") ? String(text.dropFirst()) : text
        let host = server.host.lowercased()
        return name.hasPrefix(".") ? host.hasSuffix(name) : host == name || host.hasSuffix(".\(name)")
    }

    private static func unbracketed(_ text: String) -> String {
        text.hasPrefix("[") && text.hasSuffix("]") ? String(text.dropFirst().dropLast()) : text
    }
}
