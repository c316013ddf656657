import EgressModel

/// Fields of a frame that came out of a program.
struct Frame {
    let bytes: [UInt8]

    private var header: Int { 14 + Int(bytes[14] & 0x0f) * 4 }
    var macs: [UInt8] { Array(bytes[..<12]) }
    var ttl: UInt8 { bytes[22] }
    var protocolNumber: UInt8 { bytes[23] }
    var source: IPAddress { IPAddress(ipv4: word(26)) }
    var destination: IPAddress { IPAddress(ipv4: word(30)) }
    /// ICMP echo: the identifier.
    var sourcePort: UInt16 { half(protocolNumber == 1 ? header + 4 : header) }
    var destinationPort: UInt16 { half(protocolNumber == 1 ? header + 4 : header + 2) }
    var udpChecksum: UInt16 { half(header + 6) }
    var tcpOptions: [UInt8] { Array(bytes[(header + 20)..<(header + Int(bytes[header + 12] >> 4) * 4)]) }

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
