import CEgressABI
import EgressModel

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
    func wire6(_ what: @autoclosure () -> String) throws -> egress_address6 {
        guard family == .ipv6 else { throw DatapathError("\(what()) \(self) is not an IPv6 address") }
        return withUnsafeBytes(of: bits.bigEndian) { $0.loadUnaligned(as: egress_address6.self) }
    }

    init(wire6 address: egress_address6) {
        let words = [address.word.0, address.word.1, address.word.2, address.word.3]
        self.init(ipv6: words.reduce(0) { $0 << 32 | UInt128($1.bigEndian) })
    }

    /// As IPv6 has it: an IPv4 address mapped (RFC 4291, 2.5.5.2).
    var mapped: egress_address6 {
        let wide = family == .ipv6 ? bits : 0xffff << 32 | bits
        return withUnsafeBytes(of: wide.bigEndian) { $0.loadUnaligned(as: egress_address6.self) }
    }

    /// `nil` for zero.
    init?(mapped address: egress_address6) {
        let wide = IPAddress(wire6: address)
        guard !wide.isUnspecified else { return nil }
        let isMapped = wide.bits >> 32 == 0xffff
        self = isMapped ? IPAddress(ipv4: UInt32(truncatingIfNeeded: wide.bits)) : wide
    }
}

/// An index of an interface as the kernel counts them; throws when it is out of range.
func wireIndex(_ index: Int, _ what: @autoclosure () -> String) throws -> UInt32 {
    guard index >= 0, let index32 = Int32(exactly: index) else { throw DatapathError("\(what()) has no interface index: \(index)") }
    return UInt32(index32)
}
