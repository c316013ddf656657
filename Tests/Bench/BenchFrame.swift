import EgressModel

/// A packet that is sent: UDP, 64 octets, with right checksums.
struct BenchFrame {
    static let length = 64
    static let podPort: UInt16 = 40000
    static let serverPort: UInt16 = 443

    let family: BenchFamily
    let source: IPAddress
    let destination: IPAddress
    let destinationMAC: [UInt8]

    init(_ family: BenchFamily, from source: String, to destination: String, mac: [UInt8] = [2, 0, 0, 0, 0, 0x10]) throws {
        self.family = family
        self.source = try BenchFamily.address(source)
        self.destination = try BenchFamily.address(destination)
        destinationMAC = mac
    }

    private var l3Length: Int { family == .ipv4 ? 20 : 40 }
    private var payload: [UInt8] { [UInt8](repeating: 0x61, count: Self.length - 14 - l3Length - 8) }

    func octets(sourcePort: UInt16 = podPort, destinationPort: UInt16 = serverPort) -> [UInt8] {
        let type: [UInt8] = family == .ipv4 ? [8, 0] : [0x86, 0xdd]
        var udp = big(sourcePort) + big(destinationPort) + big(UInt16(8 + payload.count)) + [0, 0] + payload
        let sum = ~fold(sum(udp) + pseudoHeader(udp.count))
        udp.replaceSubrange(6..<8, with: big(sum == 0 ? 0xffff : sum))
        return destinationMAC + [2, 0, 0, 0, 0, 9] + type + header(udp.count) + udp
    }

    private func header(_ length: Int) -> [UInt8] {
        guard family == .ipv4 else { return [0x60, 0, 0, 0] + big(UInt16(length)) + [17, 64] + source.octets + destination.octets }
        var ip: [UInt8] = [0x45, 0] + big(UInt16(20 + length)) + [0, 0, 0x40, 0, 64, 17, 0, 0] + source.octets + destination.octets
        ip.replaceSubrange(10..<12, with: big(~fold(sum(ip))))
        return ip
    }

    /// Of all that the UDP checksum covers but the ports, in the order in which the machine adds.
    var sumWithoutPorts: UInt32 {
        let udp = big(0) + big(0) + big(UInt16(8 + payload.count)) + [0, 0] + payload
        return UInt32(fold(sum(udp) + pseudoHeader(udp.count)).bigEndian)
    }

    private func pseudoHeader(_ length: Int) -> UInt32 { sum(source.octets + destination.octets) + 17 + UInt32(length) }
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
