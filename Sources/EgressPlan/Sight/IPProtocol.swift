/// The protocol in an IP header, by its number (IANA, "Protocol Numbers").
public struct IPProtocol: Sendable, Hashable, CustomStringConvertible {
    public var number: UInt8

    public static let icmp = IPProtocol(1)
    public static let tcp = IPProtocol(6)
    public static let udp = IPProtocol(17)
    public static let icmpv6 = IPProtocol(58)

    private static let names: [(IPProtocol, String)] = [(.icmp, "icmp"), (.tcp, "tcp"), (.udp, "udp"), (.icmpv6, "icmpv6")]

    public init(_ number: UInt8) {
        self.number = number
    }

    /// `tcp`, `udp`, `icmp`, `icmpv6`, or a number from 0 to 255.
    public init?(_ text: String) {
        if let known = Self.names.first(where: { $0.1 == text }) {
            self = known.0
        } else if let number = UInt8(text) {
            self.init(number)
        } else {
            return nil
        }
    }

    public var description: String { Self.names.first { $0.0 == self }?.1 ?? String(number) }
}
