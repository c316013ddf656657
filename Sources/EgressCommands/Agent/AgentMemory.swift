import EgressModel
import EgressPlan

/// What the agent carries from turn to turn.
struct AgentMemory: Sendable {
    /// The last good version of policies by UID.
    var accepted: [String: EgressGatewayPolicy] = [:]
    var answers = StrategyAnswers()
    /// As it was written last.
    var reported: EgressNode?
    var reportedAt: Int64?
    /// The plan that the kernel has, and over which connection it went.
    var applied: (plan: NodePlan, connection: Int)?
    /// Of the plan sent last.
    var revision: UInt64 = 0
    /// The highest entry id of the helper's plan: not given out again, even where the report that says so is lost.
    var lastEntryID: UInt32 = 0
    /// The connection whose plan and revision were taken over.
    var connection = 0

    /// What the helper had when the agent came: policies of its plan were accepted once.
    mutating func takeOver(_ plan: NodePlan?, revision: UInt64, connection: Int) {
        self.connection = connection
        self.revision = max(self.revision, revision)
        lastEntryID = max(lastEntryID, plan?.entries.map(\.id).max() ?? 0)
        for policy in plan?.policies ?? [] where accepted[policy.accepted.metadata.uid] == nil {
            accepted[policy.accepted.metadata.uid] = policy.accepted
        }
    }

    mutating func inForce(_ plan: NodePlan, connection: Int) {
        applied = (plan, connection)
        accepted = Dictionary(plan.policies.map { ($0.accepted.metadata.uid, $0.accepted) }) { first, _ in first }
    }

    /// Whether the report has to be written: it says something else, somebody removed it, or it is about to look stale.
    func needsReport(_ node: EgressNode, isThere: Bool, now: Int64) -> Bool {
        guard isThere, var last = reported, let reportedAt else { return true }
        last.reportedAt = node.reportedAt
        return last != node || now - reportedAt >= NodeReport.period - AgentLoop.refreshSeconds
    }
}
