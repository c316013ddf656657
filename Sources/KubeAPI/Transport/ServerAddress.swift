/// The parts of an API server's URL: `https://[2001:db8::1]:6443/k8s/clusters/c-1`.
struct ServerAddress: Sendable, Hashable {
    var isSecure: Bool
    /// Without brackets.
    var host: String
    var port: Int
    /// Host and port as they were written, which is what the `Host` header says and errors print.
    var authority: String
    /// Empty, or starting with a slash and not ending with one.
    var prefix: String

    /// `nil` for what isn't an `http` or `https` URL. What asks for a name and password in front of the host is cut off.
    init?(_ text: String) {
        let rest: Substring
        if text.lowercased().hasPrefix("https://") {
            (isSecure, rest) = (true, text.dropFirst(8))
        } else if text.lowercased().hasPrefix("http://") {
            (isSecure, rest) = (false, text.dropFirst(7))
        } else {
            return nil
        }
        let end = rest.firstIndex { $0 == "/" || $0 == "?" || $0 == "#" } ?? rest.endIndex
        var place = rest[..<end]
        if let at = place.lastIndex(of: "@") { place = place[place.index(after: at)...] }
        let path = rest[end...].prefix { $0 != "?" && $0 != "#" }
        guard let (host, port) = Self.hostAndPort(place) else { return nil }
        self.host = host
        self.port = port ?? (isSecure ? 443 : 80)
        authority = String(place)
        var prefix = path
        while prefix.last == "/" { prefix.removeLast() }
        guard Self.isPlain(prefix), Self.isPlain(place) else { return nil }
        self.prefix = String(prefix)
    }

    var scheme: String { isSecure ? "https" : "http" }

    /// As a URL writes a host.
    static func bracketed(_ host: String) -> String { host.contains(":") ? "[\(host)]" : host }

    /// `host`, `host:port`, `[v6]`, `[v6]:port`; `nil` when it is none of them.
    static func hostAndPort(_ text: Substring) -> (host: String, port: Int?)? {
        if text.first == "[" {
            guard let close = text.firstIndex(of: "]") else { return nil }
            let host = text[text.index(after: text.startIndex)..<close]
            let rest = text[text.index(after: close)...]
            guard !host.isEmpty else { return nil }
            if rest.isEmpty { return (String(host), nil) }
            guard rest.first == ":", let port = portNumber(rest.dropFirst()) else { return nil }
            return (String(host), port)
        }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard let host = parts.first, !host.isEmpty, parts.count <= 2 else { return nil }
        guard parts.count == 2 else { return (String(host), nil) }
        guard let port = portNumber(parts[1]) else { return nil }
        return (String(host), port)
    }

    private static func portNumber(_ text: Substring) -> Int? {
        guard let port = UInt16(text), port > 0 else { return nil }
        return Int(port)
    }

    /// No white space or control character, which would end a request's line.
    private static func isPlain(_ text: Substring) -> Bool { text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F } }
}
