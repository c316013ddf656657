import EgressPlan

/// Which claimed addresses are still to be announced, and how often.
///
/// An address is announced when it is put on an interface and when its link comes back: neighbours may know it elsewhere.
/// Three times, as a frame can get lost: RFC 4861 has at most three of them, RFC 5227 at least two.
struct Announcements: Sendable {
    static let times = 3
    /// Between two of the same address (RFC 5227, ANNOUNCE_INTERVAL).
    static let interval = Duration.seconds(2)

    private var known: Set<ClaimedAddress> = []
    private var left: [ClaimedAddress: Int] = [:]

    var isDone: Bool { left.isEmpty }

    /// The addresses to be announced at once, for the first time.
    ///
    /// - Parameter live: interfaces that have a carrier.
    mutating func update(_ claimed: Set<ClaimedAddress>, live: Set<Int>) -> [ClaimedAddress] {
        let reachable = claimed.filter { live.contains($0.interfaceIndex) }
        let fresh = reachable.subtracting(known).sorted()
        for address in fresh { left[address] = Self.times - 1 }
        left = left.filter { reachable.contains($0.key) }
        known = reachable
        return fresh
    }

    /// The addresses of one more round.
    mutating func next() -> [ClaimedAddress] {
        let round = left.keys.sorted()
        left = left.mapValues { $0 - 1 }.filter { $0.value > 0 }
        return round
    }
}
