import EgressModel

/// The packet that is sent: UDP over IPv4, 64 octets, with right checksums.
struct BenchFrame {
    static let length = 64
    private let destinationMAC: [UInt8]
    private static let pod: [UInt8] = [10, 1, 0, 5]
    private static let server: [UInt8] = [198, 51, 100, 9]
    private static let payload = [UInt8](repeating: 0x61, count: length - 42)

    init(destinationMAC: [UInt8]) {
        self.destinationMAC = destinationMAC
    }

    func octets(sourcePort: UInt16, destinationPort: UInt16) -> [UInt8] {
        var ip: [UInt8] = [0x45, 0, 0, UInt8(Self.length - 14), 0, 0, 0x40, 0, 64, 17, 0, 0] + Self.pod + Self.server
        ip.replaceSubrange(10..<12, with: big(~fold(sum(ip))))
        var udp = big(sourcePort) + big(destinationPort) + big(UInt16(8 + Self.payload.count)) + [0, 0] + Self.payload
        udp.replaceSubrange(6..<8, with: big(~fold(sum(udp) + pseudoHeader(udp.count))))
        return destinationMAC + [2, 0, 0, 0, 0, 9, 8, 0] + ip + udp
    }

    /// Of all that the UDP checksum covers but the ports, in the order in which the machine adds.
    var sumWithoutPorts: UInt32 {
        let udp = big(0) + big(0) + big(UInt16(8 + Self.payload.count)) + [0, 0] + Self.payload
        return UInt32(fold(sum(udp) + pseudoHeader(udp.count)).bigEndian)
    }

    private func pseudoHeader(_ length: Int) -> UInt32 { sum(Self.pod + Self.server) + 17 + UInt32(length) }
    private func big(_ value: UInt16) -> [UInt8] { [UInt8(value >> 8), UInt8(value & 0xff)] }

    private func sum(_ octets: [UInt8]) -> UInt32 {
        stride(from: 0, to: octets.count, by: 2).reduce(0) { $0 + UInt32(octets[$1]) << 8 + UInt32(octets[$1 + 1]) }
    }

    private func fold(_ sum: UInt32) -> UInt16 {
        var sum = sum
        while sum >> 16 != 0 { sum = sum & 0xffff + sum >> 16 }
        return UInt16(sum)
    }
}
