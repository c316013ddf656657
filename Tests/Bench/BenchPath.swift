/// A way for a packet from one veth to another; the first is compared with the others.
enum BenchPath: String, CaseIterable, Sendable {
    /// Our programs, redirect steering.
    case ours
    case nftables
    case iptables
    /// The kernel forwards, nothing is translated.
    case forwarding
    /// The least: programs that redirect and do nothing else.
    case redirect
}

/// What is sent through it.
enum BenchTraffic: Sendable {
    /// One connection that lives.
    case established
    /// Each packet is another connection.
    case new
    /// The other direction of the one connection that lives.
    case answers
}

/// A path that stands, with its generator and its sink.
protocol BenchWorld {
    /// Nanoseconds of processor time a packet, with everything: generator, skb, path, sink. `nil` when not every packet
    /// arrived.
    func measure(_ packets: UInt64) throws -> Double?
}
