import EgressModel
import JSONText

/// Addresses and prefixes are canonical text: `192.0.2.1`, `2001:db8::/32`.
extension JSONReader {
    func address() throws(JSONFieldError) -> IPAddress { try text("an IP address", IPAddress.init) }

    func address(_ family: IPFamily) throws(JSONFieldError) -> IPAddress {
        let address = try address()
        guard address.family == family else { throw fault("\(address) is not an \(family == .ipv4 ? "IPv4" : "IPv6") address") }
        return address
    }

    func prefix() throws(JSONFieldError) -> IPPrefix { try text("a prefix such as 192.0.2.0/24", IPPrefix.init) }

    func addresses(_ key: String) throws(JSONFieldError) -> [IPAddress] {
        try list(key) { reader throws(JSONFieldError) in try reader.address() }
    }

    func addresses(_ key: String, _ family: IPFamily) throws(JSONFieldError) -> [IPAddress] {
        try list(key) { reader throws(JSONFieldError) in try reader.address(family) }
    }

    func prefixes(_ key: String) throws(JSONFieldError) -> [IPPrefix] {
        try list(key) { reader throws(JSONFieldError) in try reader.prefix() }
    }

    func optionalAddress(_ key: String) throws(JSONFieldError) -> IPAddress? {
        guard let reader = try optional(key) else { return nil }
        return try reader.address()
    }

    func optionalAddress(_ key: String, _ family: IPFamily) throws(JSONFieldError) -> IPAddress? {
        guard let reader = try optional(key) else { return nil }
        return try reader.address(family)
    }

    /// The name or an alternative name of an interface.
    func optionalInterface(_ key: String) throws(JSONFieldError) -> String? {
        guard let reader = try optional(key) else { return nil }
        return try reader.name(upTo: 127)
    }
}
