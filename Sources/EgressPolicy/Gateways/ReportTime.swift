import EgressModel

/// How old a node's report may be.
enum ReportTime {
    /// Three periods of 30 s: older is silent.
    static let silentAfter: Int64 = 90

    /// Whether the node's last report is too old at `now`. A node that never reported isn't silent: it announces nothing.
    static func isSilent(_ node: EgressNode, now: Int64?) -> Bool {
        guard let now, let text = node.reportedAt else { return false }
        guard let reported = RFC3339.seconds(text) else { return true }
        return now > reported && now - reported > silentAfter
    }
}
