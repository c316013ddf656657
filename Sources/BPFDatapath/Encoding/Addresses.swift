import CEgressABI
import EgressModel

/// Sixteen octets as C has them.
typealias OctetsOf16 = (
    UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8
)

extension IPAddress {
    /// The address as a `__be32`; throws for IPv6.
    func wire4(_ what: @autoclosure () -> String) throws -> UInt32 {
        guard let bits = ipv4Bits else { throw DatapathError("\(what()) \(self) is not an IPv4 address") }
        return bits.bigEndian
    }

    /// From a `__be32`.
    init(wire4 value: UInt32) {
        self.init(ipv4: UInt32(bigEndian: value))
    }

    /// Network order; throws for IPv4.
    func wire6(_ what: @autoclosure () -> String) throws -> OctetsOf16 {
        guard family == .ipv6 else { throw DatapathError("\(what()) \(self) is not an IPv6 address") }
        return unsafeBitCast(bits.bigEndian, to: OctetsOf16.self)
    }

    init(wire6 octets: OctetsOf16) {
        self.init(ipv6: UInt128(bigEndian: unsafeBitCast(octets, to: UInt128.self)))
    }
}

/// An index of an interface as the kernel counts them; throws when it is out of range.
func wireIndex(_ index: Int, _ what: @autoclosure () -> String) throws -> UInt32 {
    guard index >= 0, let index32 = Int32(exactly: index) else { throw DatapathError("\(what()) has no interface index: \(index)") }
    return UInt32(index32)
}
