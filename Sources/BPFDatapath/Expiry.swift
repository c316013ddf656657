import CEgressABI

/// When a connection that shows no packets has timed out (RFC 5382, REQ-5; RFC 4787, REQ-5; RFC 5508, REQ-2).
struct Expiry {
    /// Seconds.
    static let tcpTransitory: UInt32 = 240
    static let tcpEstablished: UInt32 = 7440
    static let tcpClosed: UInt32 = 120
    static let udpUnreplied: UInt32 = 120
    static let udpReplied: UInt32 = 300
    static let icmp: UInt32 = 60
    /// Nothing times out earlier.
    static let shortest: UInt32 = 60

    private static let tcp: UInt8 = 6
    private static let udp: UInt8 = 17

    /// - Parameters:
    ///   - opened: flags that the side which opened it has shown (`enum egress_seen`).
    ///   - answered: flags of the other side.
    static func timeout(protocol number: UInt8, opened: UInt8, answered: UInt8) -> UInt32 {
        let replied = answered & UInt8(EGRESS_SEEN_REPLY.rawValue) != 0
        switch number {
        case tcp:
            let fin = UInt8(EGRESS_SEEN_FIN.rawValue)
            let rst = UInt8(EGRESS_SEEN_RST.rawValue)
            if (opened | answered) & rst != 0 || opened & answered & fin != 0 { return tcpClosed }
            return replied ? tcpEstablished : tcpTransitory
        case udp: return replied ? udpReplied : udpUnreplied
        default: return icmp
        }
    }

    /// Seconds since `last`; a packet that came after `now` was read counts as now.
    static func age(now: UInt32, last: UInt32) -> UInt32 {
        now > last ? now - last : 0
    }
}
