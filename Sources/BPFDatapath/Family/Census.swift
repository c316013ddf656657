import CEgressABI

/// Counts the connections of a family while the collector walks, and puts the kernel's counters right after each whole walk.
struct Census<Family: DatapathFamily> {
    /// One table's walk, which may take several rounds: the first whole one since the census began counts.
    struct Walk {
        private(set) var found = UseCounts()
        private(set) var isWhole = false
        private var isCounting = false

        /// At the table's beginning.
        mutating func begins() { isCounting = !isWhole }

        mutating func meets(_ count: (inout UseCounts) -> Void) {
            if isCounting { count(&found) }
        }

        mutating func ends() {
            isWhole = isWhole || isCounting
            isCounting = false
        }
    }

    var flows = Walk()
    var forward = Walk()
    var reverse = Walk()
    private var isRunning = false
    private var correction = UseCorrection<Family>()

    mutating func beginIfNew(_ tables: FamilyTables<Family>) throws {
        guard !isRunning else { return }
        correction.begin(try tables.countedUses())
        isRunning = true
    }

    /// Once every table was walked to its end.
    mutating func endIfWhole(_ tables: FamilyTables<Family>) throws {
        guard isRunning, flows.isWhole, forward.isWhole, reverse.isWhole else { return }
        var found = flows.found
        found.add(forward.found)
        found.add(reverse.found)
        (flows, forward, reverse, isRunning) = (Walk(), Walk(), Walk(), false)
        let (corrections, idle) = correction.end(try tables.countedUses(), found: found)
        for (owner, change) in corrections { try UseCorrection<Family>.apply(tables.flows.object, owner, change) }
        for owner in idle { try tables.forgetUse(owner) }
    }
}
