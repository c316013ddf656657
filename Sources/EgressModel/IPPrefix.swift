/// An address prefix (CIDR block); host bits are always zero.
public struct IPPrefix: Sendable, Hashable {
    public let address: IPAddress
    /// 0 to 32 for IPv4, 0 to 128 for IPv6.
    public let length: Int

    public var family: IPFamily { address.family }

    /// Masks the host bits away; `nil` when the length doesn't fit the family.
    public init?(_ address: IPAddress, length: Int) {
        guard (0...address.family.bitWidth).contains(length) else { return nil }
        let hostBits = address.family.bitWidth - length
        let bits = hostBits == 128 ? 0 : (address.bits >> hostBits) << hostBits
        self.address = address.family == .ipv4 ? IPAddress(ipv4: UInt32(truncatingIfNeeded: bits)) : IPAddress(ipv6: bits)
        self.length = length
    }

    /// The prefix that holds this address alone: /32 or /128.
    public init(host address: IPAddress) {
        self.address = address
        self.length = address.family.bitWidth
    }

    /// The highest address in the prefix.
    public var last: IPAddress {
        let hostBits = family.bitWidth - length
        let hosts: UInt128 = hostBits == 128 ? .max : (UInt128(1) << hostBits) - 1
        return family == .ipv4 ? IPAddress(ipv4: UInt32(truncatingIfNeeded: address.bits | hosts)) : IPAddress(ipv6: address.bits | hosts)
    }

    public func contains(_ other: IPAddress) -> Bool {
        guard other.family == family else { return false }
        return address <= other && other <= last
    }

    public func contains(_ other: IPPrefix) -> Bool {
        other.length >= length && contains(other.address)
    }

    public func overlaps(_ other: IPPrefix) -> Bool {
        contains(other) || other.contains(self)
    }
}

extension IPPrefix: LosslessStringConvertible, CustomStringConvertible {
    /// Reads `address/length`; host bits are masked. A bare address is not a prefix.
    public init?(_ description: String) {
        let parts = description.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let address = IPAddress(String(parts[0])) else { return nil }
        guard (1...3).contains(parts[1].utf8.count), parts[1].utf8.allSatisfy({ (48...57).contains($0) }),
            let length = Int(parts[1])
        else { return nil }
        self.init(address, length: length)
    }

    public var description: String { "\(address)/\(length)" }
}

extension IPPrefix: Comparable {
    /// IPv4 before IPv6, then by address, then the wider prefix first.
    public static func < (a: IPPrefix, b: IPPrefix) -> Bool {
        a.address == b.address ? a.length < b.length : a.address < b.address
    }
}
