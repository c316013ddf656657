import EgressModel

/// `--to` as typed: `HOST[:PORT[/PROTO]]`, an IPv6 address bare or as `[addr]:port`.
struct DestinationText: Sendable, Hashable {
    enum Host: Sendable, Hashable {
        case address(IPAddress)
        case name(String)
    }

    var host: Host
    var port: UInt16?
    /// `tcp`, `udp` or `sctp`; TCP where a port stands alone.
    var transport: String?

    init(_ text: String) throws(CommandError) {
        func bad(_ why: String) -> CommandError {
            CommandError(
                "--to \(plainText(text)): \(why)",
                hints: ["HOST[:PORT[/PROTO]], such as 203.0.113.80:443/tcp, 2001:db8::1 or [2001:db8::1]:443"])
        }
        let (hostText, rest) = try Self.split(text, bad)
        if let address = IPAddress(hostText) {
            host = .address(address)
        } else if IPPrefix(hostText) != nil {
            throw bad("is a range; name one address in it")
        } else if Self.isHostName(hostText), !text.hasPrefix("[") {
            host = .name(hostText)
        } else {
            throw bad("is neither an address nor a host's name")
        }
        guard let rest else { return }
        let parts = rest.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, let port = UInt16(first), port > 0 else {
            throw bad("\"\(plainText(rest))\" is not a port from 1 to 65535")
        }
        self.port = port
        transport = parts.count == 2 ? parts[1].lowercased() : "tcp"
        guard ["tcp", "udp", "sctp"].contains(transport) else { throw bad("the protocol is tcp, udp or sctp") }
    }

    /// The host, and what stands after its colon.
    private static func split(_ text: String, _ bad: (String) -> CommandError) throws(CommandError) -> (String, String?) {
        if IPAddress(text) != nil || IPPrefix(text) != nil { return (text, nil) }
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { throw bad("the bracket isn't closed") }
            let host = String(text[text.index(after: text.startIndex)..<end])
            let rest = text[text.index(after: end)...]
            if rest.isEmpty { return (host, nil) }
            guard rest.hasPrefix(":") else { throw bad("a colon and a port may follow the bracket, nothing else") }
            return (host, String(rest.dropFirst()))
        }
        let pieces = text.split(separator: ":", omittingEmptySubsequences: false)
        switch pieces.count {
        case 1: return (text, nil)
        case 2: return (String(pieces[0]), String(pieces[1]))
        default: throw bad("an IPv6 address with a port stands in brackets")
        }
    }

    /// Labels of letters, digits, hyphens and underscores (RFC 1123, and what resolvers take).
    private static func isHostName(_ text: String) -> Bool {
        guard (1...253).contains(text.utf8.count) else { return false }
        let labels = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        let named = labels.last?.isEmpty == true ? labels.dropLast() : labels[...]
        guard !named.isEmpty, named.last?.allSatisfy(\.isNumber) == false else { return false }
        return named.allSatisfy { label in
            (1...63).contains(label.utf8.count) && !label.hasPrefix("-") && !label.hasSuffix("-")
                && label.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") }
        }
    }
}

/// Where `--to` leads, and how that was found out.
struct ResolvedDestination: Sendable {
    var address: IPAddress
    var port: UInt16?
    var transport: String?
    /// The host's name, when it was one.
    var name: String?
    /// Other addresses of the name.
    var others: [IPAddress] = []

    /// `203.0.113.80:443/tcp`.
    var text: String {
        guard let port else { return address.description }
        let host = address.family == .ipv6 ? "[\(address)]" : address.description
        return "\(host):\(port)/\(transport ?? "tcp")"
    }
}
