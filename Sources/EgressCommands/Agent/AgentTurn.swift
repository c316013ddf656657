import EgressModel
import EgressPlan
import EgressPolicy

/// One round of the agent's decisions: from what is known to what the node says of itself and does. Pure.
struct AgentTurn: Sendable {
    var settings: AgentSettings
    var snapshot: ClusterSnapshot
    /// `nil` while the helper hasn't been heard.
    var facts: NodeFacts?
    var helper: HelperVersion?
    /// What this agent reported last; before that, what the cluster has of it.
    var previous: EgressNode?
    /// The last good version of policies by UID, from the plan in force.
    var accepted: [String: EgressGatewayPolicy]
    var tokens: [TunnelToken]
    /// Seconds since 1970.
    var now: Int64

    /// Modules to ask, before ``announced(_:)``.
    var requests: [StrategyRequest] {
        strategyRequests(node: settings.node, in: withOwn(described), accepted: accepted)
    }

    /// The node's report with the facts of now, and everything else as it was.
    var described: EgressNode {
        var own = previous ?? EgressNode(metadata: ObjectMetadata(name: settings.node, uid: ""))
        own.metadata.name = settings.node
        if let facts {
            own.interfaces = facts.interfaces
            own.defaultRoute = facts.defaultRoute
            own.steering = facts.steering
        }
        own.helper = helper ?? own.helper
        guard snapshot.canBePlanned else { return own }
        let ranges = settings.ranges(snapshot.ranges)
        own.ranges = ClusterRanges(
            pods: Set(snapshot.nodes.flatMap(\.podCIDRs) + ranges.filter { $0.use == .pods }.map(\.prefix)).sorted(),
            services: Set(ranges.filter { $0.use == .services }.map(\.prefix)).sorted())
        own.gateways = []
        return own
    }

    /// With the entries that the node could serve, and their ids. `remembered`: good answers of modules before.
    func announced(_ answers: [EntryKey: StrategyOutcome], remembered: [EntryKey: EntryResolution] = [:]) -> EgressNode {
        var own = described
        let announcement = resolveEntries(
            node: settings.node, in: withOwn(own), accepted: accepted, answers: answers, remembered: remembered,
            now: rfc3339(secondsSinceEpoch: now))
        own.resolutions = announcement.resolutions
        own.lastEntryID = announcement.lastEntryID
        own.restingIDs = announcement.resting
        return own
    }

    /// What the policies mean, given what this node says now.
    func effective(_ own: EgressNode) -> EffectivePolicy {
        resolve(withOwn(own), accepted: accepted, now: now)
    }

    /// What the node has to do; `nil`: change nothing, because the cluster wasn't read whole.
    func plan(_ effective: EffectivePolicy) -> NodePlan? {
        EgressPlan.plan(node: settings.node, from: effective, tokens: tokens)
    }

    /// UIDs of the node's pods that have an address.
    func addressedPods(_ effective: EffectivePolicy) -> Set<String> {
        Set(effective.pods.onNode(settings.node).map(\.pod).filter { !$0.addresses.isEmpty }.map(\.metadata.uid))
    }

    /// The snapshot with this node's own report in it, as fresh as it is.
    private func withOwn(_ own: EgressNode) -> ClusterSnapshot {
        var own = own
        own.reportedAt = rfc3339(secondsSinceEpoch: now)
        var snapshot = snapshot
        snapshot.egressNodes = snapshot.egressNodes.filter { $0.name != settings.node } + [own]
        return snapshot
    }
}
