import EgressModel
import EgressPlan
import EgressPolicy

/// What the agent carries from turn to turn.
struct AgentMemory: Sendable {
    /// The last good version of policies by UID.
    var accepted: [String: EgressGatewayPolicy] = [:]
    /// Good answers of modules, by entry: what the report says is in force, and what it lost with an interface.
    private(set) var lastAnswers: [EntryKey: EntryResolution] = [:]
    /// What the node says of itself, as it was decided last; said or not yet.
    var own: EgressNode?
    /// What the cluster had of the node when the agent came.
    var before: EgressNode?
    /// The cluster has had the node's report: it was seen there, or written before the last look.
    var wasThere = false
    /// The plan that the kernel has, and over which connection it went.
    var applied: (plan: NodePlan, connection: Int)?
    /// Of the plan sent last.
    var revision: UInt64 = 0
    /// The highest entry id of the helper's plan: not given out again, even where the report that says so is lost.
    var lastEntryID: UInt32 = 0
    /// Which pods ran before a policy claimed them.
    var claims = ClaimHistory()
    /// The connection whose plan and revision were taken over.
    var connection = 0
    /// What was logged last, so that it is logged once.
    var lastFailure = ""
    var lastRanges = ""

    /// What the helper had when the agent came: policies of its plan were accepted once.
    mutating func takeOver(_ plan: NodePlan?, revision: UInt64, connection: Int) {
        self.connection = connection
        self.revision = max(self.revision, revision)
        if let plan { claims.takeOver(plan) }
        lastEntryID = max(lastEntryID, plan?.entries.map(\.id).max() ?? 0)
        for policy in plan?.policies ?? [] where accepted[policy.accepted.metadata.uid] == nil {
            accepted[policy.accepted.metadata.uid] = policy.accepted
        }
    }

    mutating func inForce(_ plan: NodePlan, connection: Int) {
        applied = (plan, connection)
        accepted = Dictionary(plan.policies.map { ($0.accepted.metadata.uid, $0.accepted) }) { first, _ in first }
    }

    /// Keeps good answers of the entries that are announced; a module's word that there is none takes its entry's away.
    mutating func remember(_ resolutions: [EntryResolution], _ outcomes: [EntryKey: StrategyOutcome]) {
        var kept: [EntryKey: EntryResolution] = [:]
        for resolution in resolutions {
            let key = EntryKey(policyUID: resolution.uid, entry: resolution.entry)
            if resolution.isPluginAnswer {
                kept[key] = resolution
            } else if case .noAddress? = outcomes[key] {
                continue
            } else if !resolution.hasAddresses {
                kept[key] = lastAnswers[key]
            }
        }
        lastAnswers = kept
    }

    /// Whether it isn't known what the node said before: what it would say now could take ids back that it gave out.
    func isStranger(to snapshot: ClusterSnapshot) -> Bool { own == nil && before == nil && !snapshot.canBePlanned }

    /// Whether the node's report was in the cluster and no longer is. What can't be read whole tells nothing.
    mutating func isReportMissing(in snapshot: ClusterSnapshot, node: String) -> Bool {
        guard snapshot.canBePlanned else { return false }
        let isThere = snapshot.egressNodes.contains { $0.name == node }
        defer { wasThere = wasThere || isThere }
        return wasThere && !isThere
    }
}
