import EgressModel

/// Fields of a frame that came out of a program.
struct Frame {
    let bytes: [UInt8]

    private var isIPv6: Bool { bytes[14] >> 4 == 6 }
    private var header: Int { isIPv6 ? 54 : 14 + Int(bytes[14] & 0x0f) * 4 }
    var macs: [UInt8] { Array(bytes[..<12]) }
    var ttl: UInt8 { bytes[isIPv6 ? 21 : 22] }
    var protocolNumber: UInt8 { bytes[isIPv6 ? 20 : 23] }
    var source: IPAddress { isIPv6 ? address(22) : IPAddress(ipv4: word(26)) }
    var destination: IPAddress { isIPv6 ? address(38) : IPAddress(ipv4: word(30)) }
    /// ICMP echo: the identifier.
    var sourcePort: UInt16 { half(isEcho ? header + 4 : header) }
    var destinationPort: UInt16 { half(isEcho ? header + 4 : header + 2) }
    private var isEcho: Bool { protocolNumber == 1 || protocolNumber == 58 }
    var udpChecksum: UInt16 { half(header + 6) }
    var tcpOptions: [UInt8] { Array(bytes[(header + 20)..<(header + Int(bytes[header + 12] >> 4) * 4)]) }

    private func address(_ at: Int) -> IPAddress {
        IPAddress(ipv6: bytes[at..<(at + 16)].reduce(0) { $0 << 8 | UInt128($1) })
    }

    private func half(_ at: Int) -> UInt16 { UInt16(bytes[at]) << 8 | UInt16(bytes[at + 1]) }
    private func word(_ at: Int) -> UInt32 { UInt32(half(at)) << 16 | UInt32(half(at + 2)) }

    /// The same with another TTL and IP checksum, to compare what must be equal otherwise.
    func withTTL(_ ttl: UInt8) -> [UInt8] {
        var copy = bytes
        copy[22] = ttl
        copy.replaceSubrange(24..<26, with: [0, 0])
        copy.replaceSubrange(24..<26, with: octets(checksum(Array(copy[14..<header]))))
        return copy
    }

    /// The same without what tells hosts of one link apart.
    func withoutMACs() -> [UInt8] { [UInt8](repeating: 0, count: 12) + bytes.dropFirst(12) }
}
