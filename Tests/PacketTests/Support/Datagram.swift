public import EgressModel

/// A packet of either family as a test says it; ``Judge`` makes its octets, with every length and checksum.
///
/// The fields and their names are those that `Tests/Judge/build.py` reads.
struct Datagram: Encodable, Sendable {
    enum Kind: String, Encodable {
        case tcp, udp
        /// ICMP or ICMPv6, by the addresses; ``sourcePort`` is the identifier.
        case echo
        /// The same with ``type`` and ``code``, quoting ``quotes``.
        case error
        /// ``data`` behind an IP header that says ``number``.
        case other
    }

    /// A part of a datagram: octets `from ..< to` of what is behind the IP header; `to` absent: up to its end.
    struct Part: Encodable {
        var id: UInt16
        var from: Int
        var to: Int?
    }

    /// An option of TCP as scapy names it; `nil` where it has no value.
    struct Option: Encodable {
        var name: String
        var value: Int?

        static let nop = Option(name: "NOP")
        static func mss(_ value: Int) -> Option { Option(name: "MSS", value: value) }

        func encode(to encoder: any Encoder) throws {
            var list = encoder.unkeyedContainer()
            try list.encode(name)
            try list.encode(value)
        }
    }

    enum Extension: String, Encodable {
        case hopByHop, destination
        /// A routing header that is used up, and one that isn't.
        case routing, routingOn
    }

    static let fin: UInt8 = 0x01
    static let syn: UInt8 = 0x02
    static let rst: UInt8 = 0x04
    static let ack: UInt8 = 0x10

    var source: IPAddress
    var destination: IPAddress
    var hops: UInt8 = 64
    /// The octet that IPv4 calls type of service and IPv6 traffic class.
    var tos: UInt8 = 0
    var kind: Kind = .tcp
    /// Echo: the identifier.
    var sourcePort: UInt16 = 40000
    var destinationPort: UInt16 = 443
    var flags: UInt8 = Datagram.syn
    var tcpOptions: [Option] = []
    /// UDP: whether it has one.
    var hasChecksum = true
    var isRequest = true
    var number: UInt8 = 0
    var type: UInt8 = 0
    var code: UInt8 = 0
    /// The second word of an error: its MTU or pointer.
    var rest: UInt32 = 0
    /// One packet, or none.
    var quotes: [Datagram] = []
    /// How much of it is quoted, in octets.
    var quotedLength = 512
    /// Octets of IPv4 options, a multiple of four.
    var ipOptions = Octets([])
    /// IPv6, in their order on the wire.
    var extensions: [Extension] = []
    var fragment: Part?
    /// IPv4's "don't fragment".
    var isWhole = true
    var data = Octets("hello, world".utf8)
    /// Destination and source.
    var macs = Octets([2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2])

    private enum CodingKeys: String, CodingKey {
        case source, destination, hops, tos, kind, sourcePort, destinationPort, flags, tcpOptions, hasChecksum, isRequest, number, type
        case code, rest, quotes, quotedLength, ipOptions, extensions, fragment, isWhole, data, macs
    }
}

extension Datagram {
    /// The same with changes.
    func with(_ change: (inout Datagram) -> Void) -> Datagram {
        var copy = self
        change(&copy)
        return copy
    }

    /// What the other side sends back: addresses and ports changed round, an echo answered.
    func answered(_ change: (inout Datagram) -> Void = { _ in }) -> Datagram {
        with {
            ($0.source, $0.destination) = (destination, source)
            if kind == .echo {
                $0.isRequest = !isRequest
            } else {
                ($0.sourcePort, $0.destinationPort) = (destinationPort, sourcePort)
            }
            if kind == .tcp, flags == Datagram.syn { $0.flags = Datagram.syn | Datagram.ack }
            $0.macs = Octets([2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2])
            change(&$0)
        }
    }
}

/// Octets that JSON has as hexadecimal digits.
struct Octets: Codable, Sendable, Equatable, ExpressibleByArrayLiteral {
    var bytes: [UInt8]

    init(_ bytes: some Sequence<UInt8>) { self.bytes = Array(bytes) }
    init(arrayLiteral elements: UInt8...) { bytes = elements }

    init(from decoder: any Decoder) throws {
        let digits = Array(try decoder.singleValueContainer().decode(String.self).utf8)
        bytes = stride(from: 0, to: digits.count - 1, by: 2).map { Octets.value(digits[$0]) << 4 | Octets.value(digits[$0 + 1]) }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(hexadecimal)
    }

    var hexadecimal: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    private static func value(_ digit: UInt8) -> UInt8 { digit < 0x3a ? digit &- 0x30 : digit &- 0x57 }
}

extension IPAddress: Encodable {
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
