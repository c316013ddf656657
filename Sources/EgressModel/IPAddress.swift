/// The address family of an address or a prefix.
public enum IPFamily: String, Sendable, Hashable, Comparable, CaseIterable {
    case ipv4
    case ipv6

    /// Width of an address of the family, in bits.
    public var bitWidth: Int {
        switch self {
        case .ipv4: 32
        case .ipv6: 128
        }
    }

    public static func < (a: IPFamily, b: IPFamily) -> Bool { a.bitWidth < b.bitWidth }
}

/// An IPv4 or IPv6 address without a zone.
///
/// The value is kept as a number in host order: `bits` of `192.0.2.1` is `0xC000_0201`. Use ``octets`` for the order
/// on the wire. An IPv4-mapped IPv6 address (`::ffff:192.0.2.1`) stays an IPv6 address, as Kubernetes treats it.
public struct IPAddress: Sendable, Hashable {
    public let family: IPFamily
    /// The address as a number in host order; an IPv4 address has only its low 32 bits set.
    public let bits: UInt128

    public init(ipv4 bits: UInt32) {
        self.family = .ipv4
        self.bits = UInt128(bits)
    }

    public init(ipv6 bits: UInt128) {
        self.family = .ipv6
        self.bits = bits
    }

    /// Makes an address from 4 or 16 octets in network order; `nil` for any other count.
    public init?(octets: some Collection<UInt8>) {
        let bits = octets.reduce(UInt128(0)) { $0 << 8 | UInt128($1) }
        switch octets.count {
        case 4: self.init(ipv4: UInt32(truncatingIfNeeded: bits))
        case 16: self.init(ipv6: bits)
        default: return nil
        }
    }

    /// The address in network order: 4 or 16 octets.
    public var octets: [UInt8] {
        stride(from: family.bitWidth - 8, through: 0, by: -8).map { UInt8(truncatingIfNeeded: bits >> $0) }
    }

    /// The number of an IPv4 address in host order; `nil` for IPv6.
    public var ipv4Bits: UInt32? { family == .ipv4 ? UInt32(truncatingIfNeeded: bits) : nil }

    public var isLoopback: Bool {
        switch family {
        case .ipv4: bits >> 24 == 127
        case .ipv6: bits == 1
        }
    }

    /// 169.254.0.0/16 (RFC 3927) or fe80::/10 (RFC 4291, 2.5.6).
    public var isLinkLocal: Bool {
        switch family {
        case .ipv4: bits >> 16 == 0xA9FE
        case .ipv6: bits >> 118 == 0xFE80 >> 6
        }
    }

    public var isMulticast: Bool {
        switch family {
        case .ipv4: bits >> 28 == 0xE
        case .ipv6: bits >> 120 == 0xFF
        }
    }

    public var isUnspecified: Bool { bits == 0 }

    /// Whether packets can leave a node with this source: not unspecified, loopback, link-local or multicast.
    public var isGlobal: Bool { !isUnspecified && !isLoopback && !isLinkLocal && !isMulticast }
}

extension IPAddress: Comparable {
    /// IPv4 before IPv6, then by number.
    public static func < (a: IPAddress, b: IPAddress) -> Bool {
        a.family == b.family ? a.bits < b.bits : a.family < b.family
    }
}
