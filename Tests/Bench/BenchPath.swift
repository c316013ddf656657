/// What is measured: a way for a packet from one veth to another.
enum BenchPath: String, CaseIterable, Sendable {
    /// Our programs: the pod is on its gateway.
    case ours
    case nftables
    case iptables
    /// The kernel forwards, nothing is translated.
    case forwarding
    /// The least: one program that redirects.
    case redirect
}

enum BenchKind: String, CaseIterable, Sendable {
    /// One connection that lives.
    case established
    /// Each packet is another connection.
    case new

    /// Fewer than any of the tables holds.
    var packets: UInt64 { self == .established ? 1_000_000 : 100_000 }
}
