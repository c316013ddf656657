public import EgressModel

/// What the agent of `node` announces as a gateway: an id and addresses for every entry whose selector matches the node,
/// chosen or not, so that a failover needs nothing new here.
///
/// The node's `EgressNode` in the snapshot gives the facts (put fresh interfaces in before asking), the ids given out so far,
/// and the id to go on from. An id stays with its policy UID and entry while that entry is announced, and isn't given out
/// twice while the counter lasts: pod nodes that still use an old one are dropped, not let out by somebody else's address.
/// Once the 22 bits are used up, ids that have rested are given out again; an entry for which there is none is announced
/// without an id and without addresses, with EG1007, and nobody uses it. From an incomplete snapshot nothing changes.
/// - Parameters:
///   - answers: what plugin modules made of ``strategyRequests(node:in:accepted:)``; an entry that isn't there hasn't been
///     answered yet.
///   - remembered: good answers of modules that the report hasn't got any more, as an interface went down meanwhile.
///   - now: RFC 3339 in UTC; new answers of modules are since then, and ids that become free rest from then on.
///   - highestID: ids are 1 to this one; fewer than there are only to see what happens when they are used up.
public func resolveEntries(
    node name: String, in snapshot: ClusterSnapshot, accepted: [String: EgressGatewayPolicy] = [:],
    answers: [EntryKey: StrategyOutcome] = [:], remembered: [EntryKey: EntryResolution] = [:], now: String? = nil,
    highestID: UInt32 = EntryAnnouncement.highestID
) -> EntryAnnouncement {
    let reported = snapshot.egressNodes.first { $0.name == name } ?? EgressNode(metadata: ObjectMetadata(name: name, uid: ""))
    guard snapshot.canBePlanned else { return EntryAnnouncement(unchanged: reported, highestID) }
    let node = snapshot.nodes.first { $0.name == name }
    let policies = PoliciesInForce(snapshot.policies, accepted: accepted).policies
    let wanted = node.map { matchingEntries(of: $0, policies) } ?? []
    var ids = EntryIDs(reported, wanted: Set(wanted.flatMap { EntryIDs.keys($0.policy, $0.entry) }), highest: highestID)
    ids.judgeRest(now: now, everyNodeIsHeard: snapshot.everyNodeIsHeard(now: now))
    let before = reported.resolutionsByEntry
    let resolutions = wanted.map { policy, entry -> EntryResolution in
        let key = EntryKey(policyUID: policy.metadata.uid, entry: entry)
        guard let id = ids.id(of: key, policy: policy.name) else { return EntryResolution(withoutID: key, policy.name, on: name) }
        var previous = before.resolution(of: policy, entry: entry)
        if previous?.isPluginAnswer != true, let known = remembered[key] { previous = known }
        let assignment = assign(policy, entry: entry, on: reported) {
            PluginEntry(strategy: $0.name, outcome: answers[key], previous: previous, now: now)
        }
        let trouble = assignment.firstMissing ?? assignment.warning
        return EntryResolution(
            policy: policy.name, uid: policy.metadata.uid, entry: entry, id: id, ipv4: assignment.addresses(.ipv4),
            ipv6: assignment.addresses(.ipv6), interface: assignment.interface, strategy: assignment.strategy,
            code: trouble?.code.rawValue ?? "", reason: trouble?.text ?? "")
    }
    return EntryAnnouncement(resolutions: resolutions.sorted(by: announcedOrder), lastEntryID: ids.last, resting: ids.resting)
}

/// Addresses of one entry on one node: by plugin where the policy names one, else by a built-in strategy.
private func assign(
    _ policy: EgressGatewayPolicy, entry: Int, on node: EgressNode, _ plugin: (StrategyReference) -> PluginEntry
) -> Assignment {
    guard let strategy = policy.strategy else { return assignBuiltIn(policy, entry: entry, on: node) }
    return plugin(strategy).assign(AssignmentRequest(policy, on: node))
}

/// Addresses of one entry on one node by the built-in strategy that the policy's fields choose.
func assignBuiltIn(_ policy: EgressGatewayPolicy, entry: Int, on node: EgressNode) -> Assignment {
    guard policy.gateways.indices.contains(entry) else {
        return .missing(policy.families, Reason(.addressUnknown, "the policy has no gateway entry \(entry)"))
    }
    return StrategyCatalog.strategy(for: policy.gateways[entry].source).assign(AssignmentRequest(policy, on: node))
}

extension AssignmentRequest {
    fileprivate init(_ policy: EgressGatewayPolicy, on node: EgressNode) {
        self.init(node: node.name, families: policy.families, interfaces: node.interfaces, defaultRoute: node.defaultRoute)
    }
}

extension EntryAnnouncement {
    /// What was reported stays as it is.
    fileprivate init(unchanged node: EgressNode, _ highest: UInt32) {
        self.init(
            resolutions: node.resolutions.sorted(by: announcedOrder),
            lastEntryID: min(node.resolutions.map(\.id).reduce(node.lastEntryID, max), highest), resting: node.restingIDs)
    }
}

extension EntryResolution {
    fileprivate init(withoutID key: EntryKey, _ policy: String, on node: String) {
        self.init(
            policy: policy, uid: key.policyUID, entry: key.entry, id: 0, code: ReasonCode.entryIDsUsedUp.rawValue,
            reason: "\(node) has given out every entry id, and none has rested long enough to be given out again")
    }
}
