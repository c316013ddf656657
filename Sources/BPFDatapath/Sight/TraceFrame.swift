import EgressModel
import EgressPlan
import EgressPorts

/// The frame that a trace gives to the programs: as small as such a packet may be, with right checksums.
struct TraceFrame {
    var bytes: [UInt8]
    static let ethernetLength = 14

    /// - Parameter token: in place of the MAC addresses, as the tunnel has it; empty for a pod's own frame.
    init(_ probe: TraceProbe, token: [UInt8]) throws {
        let (source, destination) = (probe.source, probe.request.destination.address)
        guard source.family == destination.family else {
            throw DatapathError("the pod's address \(source) and \(destination) are of different families")
        }
        let segment = try Self.segment(probe, source, destination)
        let number = probe.request.transport.number
        let addresses = token.count == 12 ? token : [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2]
        if source.family == .ipv4 {
            var header: [UInt8] = [0x45, 0] + Self.octets(UInt16(20 + segment.count)) + [0, 0, 0x40, 0, 64, number, 0, 0]
            header += source.octets + destination.octets
            header.replaceSubrange(10..<12, with: Self.octets(Self.checksum(header)))
            bytes = addresses + [0x08, 0x00] + header + segment
        } else {
            let header: [UInt8] = [0x60, 0, 0, 0] + Self.octets(UInt16(segment.count)) + [number, 64] + source.octets + destination.octets
            bytes = addresses + [0x86, 0xDD] + header + segment
        }
    }

    /// The same as forwarding hands it on: with one hop less to live.
    static func forwarded(_ frame: [UInt8]) -> [UInt8] {
        var frame = frame
        guard frame.count >= 38 else { return frame }
        guard frame[12] == 0x08 else {
            frame[21] &-= 1
            return frame
        }
        let end = min(frame.count, ethernetLength + Int(frame[14] & 0x0f) * 4)
        frame[22] &-= 1
        frame.replaceSubrange(24..<26, with: [0, 0])
        frame.replaceSubrange(24..<26, with: octets(checksum(Array(frame[ethernetLength..<max(end, ethernetLength)]))))
        return frame
    }

    private static func segment(_ probe: TraceProbe, _ source: IPAddress, _ destination: IPAddress) throws -> [UInt8] {
        let request = probe.request
        let ports = octets(request.sourcePort) + octets(request.destination.port)
        var segment: [UInt8]
        let place: Int
        switch request.transport {
        case .tcp:
            segment = ports + [0, 0, 0, 1, 0, 0, 0, 0, 0x50, request.opens ? 0x02 : 0x10, 0xff, 0xff, 0, 0, 0, 0]
            place = 16
        case .udp:
            segment = ports + [0, 8, 0, 0]
            place = 6
        case .icmp, .icmpv6:
            segment = [request.transport == .icmp ? 8 : 128, 0, 0, 0] + octets(request.sourcePort) + [0, 1]
            place = 2
        default:
            return [UInt8](repeating: 0, count: 8)
        }
        let hasPseudoHeader = request.transport != .icmp
        let pseudo = source.octets + destination.octets + [0, request.transport.number] + octets(UInt16(segment.count))
        let sum = checksum((hasPseudoHeader ? pseudo : []) + segment)
        segment.replaceSubrange(place..<(place + 2), with: octets(sum == 0 && request.transport == .udp ? 0xffff : sum))
        return segment
    }

    private static func octets(_ value: UInt16) -> [UInt8] { [UInt8(value >> 8), UInt8(value & 0xff)] }

    /// RFC 1071.
    private static func checksum(_ bytes: [UInt8]) -> UInt16 {
        var sum: UInt32 = 0
        for index in stride(from: 0, to: bytes.count, by: 2) {
            sum += UInt32(bytes[index]) << 8 + (index + 1 < bytes.count ? UInt32(bytes[index + 1]) : 0)
        }
        while sum >> 16 != 0 { sum = sum & 0xffff + sum >> 16 }
        return ~UInt16(sum)
    }

    /// The sender of the packet in a frame, and its port or identifier; `nil` for what has none.
    static func source(of frame: [UInt8]) -> Endpoint? {
        guard frame.count >= 38 else { return nil }
        let isIPv6 = frame[12] == 0x86
        let l4 = ethernetLength + (isIPv6 ? 40 : Int(frame[14] & 0x0f) * 4)
        guard frame.count >= l4 + 6 else { return nil }
        let number = isIPv6 ? frame[20] : frame[23]
        let at = [IPProtocol.icmp.number, IPProtocol.icmpv6.number].contains(number) ? l4 + 4 : l4
        let octets = isIPv6 ? frame[22..<38] : frame[26..<30]
        let bits = octets.reduce(UInt128(0)) { $0 << 8 | UInt128($1) }
        let address = isIPv6 ? IPAddress(ipv6: bits) : IPAddress(ipv4: UInt32(truncatingIfNeeded: bits))
        return Endpoint(address, UInt16(frame[at]) << 8 | UInt16(frame[at + 1]))
    }
}
