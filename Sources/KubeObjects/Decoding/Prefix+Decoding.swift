import EgressModel
import JSONText

extension ObjectChecker {
    /// A list of CIDRs: masked, duplicates removed.
    mutating func prefixes(_ list: JSONReader?) -> [IPPrefix] {
        var prefixes: [IPPrefix] = []
        var seen: [IPPrefix: JSONPath] = [:]
        for element in elements(list) {
            guard let prefix = prefix(element) else { continue }
            if let first = seen[prefix] {
                report(.warning, .duplicateEntry, element.path, "\(prefix) stands twice, first as \(first)", hint: "remove one of them")
                continue
            }
            seen[prefix] = element.path
            prefixes.append(prefix)
        }
        return prefixes
    }

    private mutating func prefix(_ reader: JSONReader) -> IPPrefix? {
        guard let text = string(reader) else { return nil }
        guard let prefix = IPPrefix(text) else {
            let (message, hint) = Self.whyNotPrefix(text)
            report(.error, .invalidCIDR, reader.path, message, hint: hint)
            return nil
        }
        guard let written = IPAddress(String(text.prefix { $0 != "/" })) else { return prefix }
        if let meant = written.mappedIPv4 {
            let length = max(0, prefix.length - 96)
            report(
                .error, .invalidCIDR, reader.path, "\"\(text)\" is IPv4 written as IPv6: no packet has such a destination",
                hint: prefix.length < 96 ? "write the IPv4 range" : "write \"\(IPPrefix(meant, length: length)?.description ?? text)\"")
            return nil
        }
        if written != prefix.address {
            report(.warning, .hostBitsMasked, reader.path, "\"\(text)\" has host bits set; \(prefix) is used", hint: "write \"\(prefix)\"")
        }
        return prefix
    }

    private static func whyNotPrefix(_ text: String) -> (message: String, hint: String?) {
        if let address = IPAddress(text) {
            return ("\"\(text)\" is an address, not a CIDR", "write \"\(IPPrefix(host: address))\" for this address alone")
        }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        if parts.count == 2, let address = IPAddress(parts[0]) {
            return ("\"\(text)\" is not a CIDR: the length goes from 0 to \(address.family.bitWidth)", nil)
        }
        if let fault = AddressText.fault(parts.first ?? "") {
            return ("\"\(text)\" is not a CIDR: \(fault.message)", fault.hint.map { "\($0)\(parts.count == 2 ? "/\(parts[1])" : "")" })
        }
        if text.contains(where: \.isLetter), !text.contains(":") {
            return ("\"\(text)\" is not a CIDR", "only addresses can be destinations, names can't")
        }
        return ("\"\(text)\" is not a CIDR", "such as \"203.0.113.0/24\" or \"2001:db8::/32\"")
    }
}

/// Why a text that looks like an address is none.
enum AddressText {
    static func fault(_ text: String) -> (message: String, hint: String?)? {
        if text != text.filter({ !$0.isWhitespace }) {
            let bare = text.filter { !$0.isWhitespace }
            return ("it has white space in it", IPAddress(bare).map { "write \($0)" })
        }
        let beforeZone = String(text.prefix { $0 != "%" })
        if text.contains("%"), let address = IPAddress(beforeZone) {
            return ("a zone such as \"\(text.dropFirst(beforeZone.count))\" means something on one node only", "write \(address)")
        }
        let octets = text.split(separator: ".", omittingEmptySubsequences: false)
        let isQuad = octets.count == 4 && octets.allSatisfy { !$0.isEmpty && $0.utf8.allSatisfy { (48...57).contains($0) } }
        if isQuad, octets.contains(where: { $0.count > 1 && $0.hasPrefix("0") }) {
            let numbers = octets.compactMap { UInt8($0) }
            let meant = numbers.count == 4 ? IPAddress(octets: numbers) : nil
            return ("a number in it begins with 0, which some programs read as octal", meant.map { "write \($0)" })
        }
        if text.hasPrefix("["), text.hasSuffix("]"), let address = IPAddress(String(text.dropFirst().dropLast())) {
            return ("brackets belong to an address with a port", "write \(address)")
        }
        return nil
    }
}

extension IPAddress {
    /// The IPv4 address inside of an IPv4-mapped one, `::ffff:192.0.2.1` (RFC 4291, 2.5.5.2).
    var mappedIPv4: IPAddress? {
        family == .ipv6 && bits >> 32 == 0xFFFF ? IPAddress(ipv4: UInt32(truncatingIfNeeded: bits)) : nil
    }
}
