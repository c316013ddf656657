import EgressModel
import Glibc

/// Whether a proxy stands in between, and which: as Go's `http.ProxyFromEnvironment` decides, since every other
/// Kubernetes client on the machine decides so.
enum ProxyChoice {
    /// The proxy's URL; `nil` for a connection of its own.
    ///
    /// - Parameters:
    ///   - configured: the kubeconfig's `proxy-url`; `nil` leaves it to the environment, empty means none. A configured
    ///     one is taken for every address, loopback too.
    ///   - variable: reads the environment.
    static func proxy(for server: ServerAddress, configured: String?, variable: (String) -> String? = environment) -> String? {
        if let configured { return configured.isEmpty ? nil : withRemoteNames(configured) }
        let names = server.isSecure ? ["HTTPS_PROXY", "https_proxy"] : ["HTTP_PROXY", "http_proxy"]
        guard let proxy = first(names, variable), !isLoopback(server.host) else { return nil }
        let exceptions = first(["NO_PROXY", "no_proxy"], variable) ?? ""
        guard !exceptions.split(separator: ",").contains(where: { covers(trimmed($0), server) }) else { return nil }
        return withRemoteNames(proxy.contains("://") ? proxy : "http://\(proxy)")
    }

    static func environment(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

    private static func first(_ names: [String], _ variable: (String) -> String?) -> String? {
        names.lazy.compactMap(variable).first { !$0.isEmpty }
    }

    /// Go lets a SOCKS proxy resolve names; libcurl does so by another scheme.
    private static func withRemoteNames(_ proxy: String) -> String {
        proxy.lowercased().hasPrefix("socks5://") ? "socks5h://" + proxy.dropFirst("socks5://".count) : proxy
    }

    static func isLoopback(_ host: String) -> Bool {
        if host.lowercased() == "localhost" { return true }
        guard let address = IPAddress(host) else { return false }
        return address.isLoopback
    }

    /// One entry of `NO_PROXY`: `*`, an address, a CIDR, a domain with its hosts (`example.org`), its hosts alone
    /// (`.example.org`, `*.example.org`); the port, where one is given, must be the server's.
    static func covers(_ entry: Substring, _ server: ServerAddress) -> Bool {
        let entry = entry.lowercased()
        if entry.isEmpty { return false }
        if entry == "*" { return true }
        let host = server.host.lowercased()
        if let range = IPPrefix(entry) { return IPAddress(host).map { range.contains($0) } ?? false }
        if let address = IPAddress(entry) { return IPAddress(host) == address }
        guard let (name, port) = ServerAddress.hostAndPort(entry[...]), port == nil || port == server.port else { return false }
        if let address = IPAddress(name) { return IPAddress(host) == address }
        if name.hasPrefix("*.") { return host.hasSuffix(name.dropFirst()) }
        if name.hasPrefix(".") { return host.hasSuffix(name) }
        return host == name || host.hasSuffix("." + name)
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text.drop { $0 == " " || $0 == "\t" }
        while let last = text.last, last == " " || last == "\t" { text.removeLast() }
        return text
    }
}
