import CEgressABI

/// Removes connections that timed out, in two rounds: the first marks them dying, a later one deletes those that no
/// packet has touched since. Marking and deleting are done by a program in the kernel, which compares first.
struct Collector {
    /// Entries of a table that one round looks at; the next goes on from there.
    static let entriesPerRound = 65_536

    private var ipv4 = FamilyCollector<IPv4Datapath>()
    private var ipv6 = FamilyCollector<IPv6Datapath>()

    /// One round; `now` is seconds of the coarse monotonic clock. Returns how many connections went.
    mutating func round(_ datapath: LoadedDatapath, now: UInt32) throws -> Int {
        let (tables, object) = (datapath.tables, datapath.object)
        return try ipv4.round(tables.ipv4, program: try object.program("egress_collect4"), now: now)
            + ipv6.round(tables.ipv6, program: try object.program("egress_collect6"), now: now)
    }
}

extension LoadedDatapath {
    func collectGarbage() throws -> Int {
        try renewDirect()
        return try collectGarbage(now: try coarseSeconds())
    }

    /// `now`: seconds of the coarse monotonic clock.
    func collectGarbage(now: UInt32) throws -> Int {
        try collector.round(self, now: now)
    }
}
