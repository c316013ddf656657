import EgressModel
import TestKit
import Testing

/// An ICMP error without what it quotes.
struct ErrorKind: Sendable {
    var type: UInt8
    var code: UInt8
    var rest: UInt32 = 0

    /// One of each type that belongs to a connection, and several codes.
    static func all(_ family: IPFamily) -> [ErrorKind] {
        family == .ipv4
            ? [
                .init(type: 3, code: 0), .init(type: 3, code: 1), .init(type: 3, code: 3), .init(type: 3, code: 4, rest: 1400),
                .init(type: 3, code: 13), .init(type: 11, code: 0), .init(type: 11, code: 1), .init(type: 12, code: 0, rest: 20 << 24),
            ]
            : [
                .init(type: 1, code: 0), .init(type: 1, code: 4), .init(type: 2, code: 0, rest: 1400), .init(type: 3, code: 0),
                .init(type: 3, code: 1), .init(type: 4, code: 1, rest: 6),
            ]
    }

    /// "The packet is larger than `mtu`".
    static func tooBig(_ family: IPFamily, _ mtu: Int) -> ErrorKind {
        family == .ipv4 ? .init(type: 3, code: 4, rest: UInt32(mtu)) : .init(type: 2, code: 0, rest: UInt32(mtu))
    }

    static func unreachable(_ family: IPFamily) -> ErrorKind { .init(type: family == .ipv4 ? 3 : 1, code: family == .ipv4 ? 3 : 4) }
}

extension Datagram {
    /// Octets of an IP packet before its ports.
    var headerLength: Int { source.family == .ipv4 ? 20 + ipOptions.bytes.count : 40 + 8 * extensions.count }

    /// The error that `router` sends to this packet's source.
    func error(_ kind: ErrorKind, from router: IPAddress, quoting length: Int = 512) -> Datagram {
        Datagram(source: router, destination: source).with {
            ($0.kind, $0.type, $0.code, $0.rest) = (.error, kind.type, kind.code, kind.rest)
            ($0.quotes, $0.quotedLength) = ([self], length)
        }
    }
}

extension Scene {
    /// What connections send: with a checksum and without, with headers between.
    func kinds(_ sent: Datagram) -> [Datagram] {
        [sent, sent.with { $0.kind = .udp }, sent.with { $0.kind = .echo }]
            + (family == .ipv4 ? [sent.with { ($0.kind, $0.hasChecksum) = (.udp, false) }] : []) + sent.withHeadersBetween
            + sent.withHeadersBetween.map { $0.with { $0.kind = .udp } }
    }

    /// An error about what left as `out` reaches the pod as one about `sent`.
    func errorArrives(
        _ kind: ErrorKind, about out: Datagram, to sent: Datagram, isHere: Bool = false, quoting length: Int = 512, mtu: Int? = nil,
        at place: SourceLocation = #_sourceLocation
    ) throws {
        let error = out.error(kind, from: cast.hop, quoting: length)
        let expected = error.with {
            $0.hops -= 1
            $0.destination = sent.source
            if let mtu { $0.rest = UInt32(mtu) }
            $0.quotes = [
                out.with {
                    $0.source = sent.source
                    $0.sourcePort = sent.sourcePort
                }
            ]
        }
        let counts: Set<String> = isHere ? ["reversed", "delivered"] : ["reversed"]
        let outcome = try leaves(.uplink, error, as: expected, counting: counts, "\(kind) about \(sent.kind)", at: place)
        if !isHere { #expect(outcome.frame.macs == Role.onWire(Role.token), sourceLocation: place) }
    }
}
