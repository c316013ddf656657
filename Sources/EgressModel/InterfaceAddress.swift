/// An address as an interface holds it: with the length of its on-link prefix and its own host bits.
public struct InterfaceAddress: Sendable, Hashable {
    public let address: IPAddress
    public let prefixLength: Int

    public init?(_ address: IPAddress, prefixLength: Int) {
        guard (0...address.family.bitWidth).contains(prefixLength) else { return nil }
        self.address = address
        self.prefixLength = prefixLength
    }
}

extension InterfaceAddress: LosslessStringConvertible, CustomStringConvertible {
    /// Reads `192.0.2.11/24`, as `ip address` prints it.
    public init?(_ description: String) {
        guard let slash = description.firstIndex(of: "/"), let prefix = IPPrefix(description),
            let address = IPAddress(String(description[..<slash]))
        else { return nil }
        self.init(address, prefixLength: prefix.length)
    }

    public var description: String { "\(address)/\(prefixLength)" }
}
