import EgressPlan
import EgressPorts

/// Our nft table as it was last written.
struct WrittenTable {
    var rules: NetfilterRules
    /// As the kernel had it right afterwards; `nil`: nobody knows that it was written.
    var fingerprint: NetfilterFingerprint?
}

extension KernelSide {
    mutating func write(_ rules: NetfilterRules) throws {
        table = nil
        try host.setNetfilter(rules)
        let found = try? host.netfilterFingerprint()
        // Taken away already.
        let isGone = rules.tunnelPort != nil && found == NetfilterFingerprint()
        table = WrittenTable(rules: rules, fingerprint: isGone ? nil : found)
    }

    /// Whether our nft table is no longer as we wrote it. Costs one question to the kernel when no ruleset has changed.
    func missesTable() throws -> Bool {
        guard let table else { return false }
        return try host.netfilterFingerprint() != table.fingerprint
    }

    /// Writes it again: first the connections that its guard lets on, which may have gone with it, then the rules, so that
    /// there is no guard without them. The programs know those connections.
    mutating func writeTableAgain() throws {
        guard let rules = table?.rules else { return }
        table?.fingerprint = nil
        defer { table = table ?? WrittenTable(rules: rules) }
        if rules.tunnelPort != nil { try host.exemptFromGuard(try datapath.exemptConnections(of: nil)) }
        try write(rules)
    }
}
