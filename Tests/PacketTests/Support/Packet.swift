import EgressModel

/// A packet as a test says it; `frame` is what the wire has, with every checksum.
struct Packet {
    enum Payload {
        case tcp(flags: UInt8, options: [UInt8] = [])
        case udp(hasChecksum: Bool = true)
        case echoRequest
        case echoReply
        case icmp(type: UInt8)
        case other(UInt8)
    }

    static let fin: UInt8 = 0x01
    static let syn: UInt8 = 0x02
    static let rst: UInt8 = 0x04
    static let ack: UInt8 = 0x10

    var source: IPAddress
    var destination: IPAddress
    /// ICMP echo: the identifier.
    var sourcePort: UInt16 = 40000
    var destinationPort: UInt16 = 443
    var payload: Payload = .tcp(flags: Packet.syn)
    var ttl: UInt8 = 64
    var data: [UInt8] = Array("hello, world".utf8)
    /// Octets of IP options, a multiple of four.
    var ipOptions: [UInt8] = []
    /// Flags and offset of the fragment field.
    var fragment: UInt16 = 0x4000
    var macs: [UInt8] = [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2]

    var protocolNumber: UInt8 {
        switch payload {
        case .tcp: 6
        case .udp: 17
        case .echoRequest, .echoReply, .icmp: isIPv6 ? 58 : 1
        case .other(let number): number
        }
    }

    private var isIPv6: Bool { source.family == .ipv6 }

    var frame: [UInt8] {
        if isIPv6 {
            let header = [0x60, 0, 0, 0] + octets(UInt16(l4.count)) + [protocolNumber, ttl] + source.octets + destination.octets
            return macs + [0x86, 0xdd] + header + l4
        }
        return macs + [0x08, 0x00] + ipHeader(l4Length: l4.count) + l4
    }

    private func ipHeader(l4Length: Int) -> [UInt8] {
        let length = 20 + ipOptions.count
        var header: [UInt8] = [0x40 | UInt8(length / 4), 0] + octets(UInt16(length + l4Length)) + octets(0x1234) + octets(fragment)
        header += [ttl, protocolNumber, 0, 0] + source.octets + destination.octets + ipOptions
        header.replaceSubrange(10..<12, with: octets(checksum(header)))
        return header
    }

    private var l4: [UInt8] {
        switch payload {
        case .tcp(let flags, let options): tcp(flags, options)
        case .udp(let hasChecksum): udp(hasChecksum)
        case .echoRequest: icmp(isIPv6 ? 128 : 8)
        case .echoReply: icmp(isIPv6 ? 129 : 0)
        case .icmp(let type): icmp(type)
        case .other: data
        }
    }

    private func tcp(_ flags: UInt8, _ options: [UInt8]) -> [UInt8] {
        var segment = octets(sourcePort) + octets(destinationPort) + [0, 0, 0, 1, 0, 0, 0, 2]
        segment += [UInt8((20 + options.count) / 4) << 4, flags, 0xff, 0xff, 0, 0, 0, 0] + options + data
        segment.replaceSubrange(16..<18, with: octets(checksum(pseudoHeader(segment.count) + segment)))
        return segment
    }

    private func udp(_ hasChecksum: Bool) -> [UInt8] {
        var datagram = octets(sourcePort) + octets(destinationPort) + octets(UInt16(8 + data.count)) + [0, 0] + data
        guard hasChecksum else { return datagram }
        let sum = checksum(pseudoHeader(datagram.count) + datagram)
        datagram.replaceSubrange(6..<8, with: octets(sum == 0 ? 0xffff : sum))
        return datagram
    }

    private func icmp(_ type: UInt8) -> [UInt8] {
        var message = [type, 0, 0, 0] + octets(sourcePort) + octets(7) + data
        let covered = isIPv6 ? pseudoHeader(message.count) + message : message
        message.replaceSubrange(2..<4, with: octets(checksum(covered)))
        return message
    }

    private func pseudoHeader(_ length: Int) -> [UInt8] {
        source.octets + destination.octets + (isIPv6 ? [0, 0] : []) + (isIPv6 ? octets(UInt16(length)) + [0, 0] : [])
            + [0, protocolNumber] + (isIPv6 ? [] : octets(UInt16(length)))
    }
}

func octets(_ value: UInt16) -> [UInt8] {
    [UInt8(value >> 8), UInt8(value & 0xff)]
}

/// RFC 1071.
func checksum(_ bytes: [UInt8]) -> UInt16 {
    var sum: UInt32 = 0
    for index in stride(from: 0, to: bytes.count, by: 2) {
        sum += UInt32(bytes[index]) << 8 + (index + 1 < bytes.count ? UInt32(bytes[index + 1]) : 0)
    }
    while sum >> 16 != 0 { sum = sum & 0xffff + sum >> 16 }
    return ~UInt16(sum)
}
