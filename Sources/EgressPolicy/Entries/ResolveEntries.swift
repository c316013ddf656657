public import EgressModel

/// What the agent of `node` announces as a gateway: an id and addresses for every entry whose selector matches the node,
/// chosen or not, so that a failover needs nothing new here.
///
/// The node's `EgressNode` in the snapshot gives the facts (put fresh interfaces in before asking), the ids given out so far,
/// and the id to go on from. An id stays with its policy UID and entry while that entry is announced, and is never given
/// out twice: pod nodes that still use an old one are dropped, not let out by somebody else's address.
/// From an incomplete snapshot nothing changes. When the 22 bits are used up, a new entry isn't announced.
/// - Parameters:
///   - answers: what plugin modules made of ``strategyRequests(node:in:accepted:)``; an entry that isn't there hasn't been
///     answered yet.
///   - remembered: good answers of modules that the report hasn't got any more, as an interface went down meanwhile.
///   - now: RFC 3339 in UTC; new answers of modules are since then.
public func resolveEntries(
    node name: String, in snapshot: ClusterSnapshot, accepted: [String: EgressGatewayPolicy] = [:],
    answers: [EntryKey: StrategyOutcome] = [:], remembered: [EntryKey: EntryResolution] = [:], now: String? = nil
) -> EntryAnnouncement {
    let reported = snapshot.egressNodes.first { $0.name == name } ?? EgressNode(metadata: ObjectMetadata(name: name, uid: ""))
    var ids = EntryIDs(reported)
    guard snapshot.canBePlanned else {
        return EntryAnnouncement(resolutions: reported.resolutions.sorted(by: announcedOrder), lastEntryID: ids.last)
    }
    guard let node = snapshot.nodes.first(where: { $0.name == name }) else {
        return EntryAnnouncement(resolutions: [], lastEntryID: ids.last)
    }
    let policies = PoliciesInForce(snapshot.policies, accepted: accepted).policies
    let before = reported.resolutionsByEntry
    let resolutions = matchingEntries(of: node, policies).compactMap { policy, entry -> EntryResolution? in
        let key = EntryKey(policyUID: policy.metadata.uid, entry: entry)
        guard let id = ids.id(of: key, policy: policy.name) else { return nil }
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
    return EntryAnnouncement(resolutions: resolutions.sorted(by: announcedOrder), lastEntryID: ids.last)
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

private func announcedOrder(_ a: EntryResolution, _ b: EntryResolution) -> Bool {
    (a.policy, a.uid, a.entry, a.id) < (b.policy, b.uid, b.entry, b.id)
}

/// The ids of one node: those given out, and the next.
private struct EntryIDs {
    private(set) var last: UInt32
    private var held: [EntryKey: UInt32] = [:]

    init(_ node: EgressNode) {
        last = node.lastEntryID
        var used: Set<UInt32> = []
        for resolution in node.resolutions.sorted(by: announcedOrder) {
            last = max(last, resolution.id)
            // An id that two entries claim stays with the first; the other one gets a new one.
            guard (1...EntryAnnouncement.highestID).contains(resolution.id), used.insert(resolution.id).inserted else { continue }
            held[Self.key(resolution)] = held[Self.key(resolution)] ?? resolution.id
        }
        last = min(last, EntryAnnouncement.highestID)
    }

    mutating func id(of key: EntryKey, policy: String) -> UInt32? {
        if let id = held[key] ?? held[EntryKey(policyUID: "name:" + policy, entry: key.entry)] { return id }
        guard last < EntryAnnouncement.highestID else { return nil }
        last += 1
        held[key] = last
        return last
    }

    /// A hand-written status may name the policy only.
    private static func key(_ resolution: EntryResolution) -> EntryKey {
        EntryKey(policyUID: resolution.uid.isEmpty ? "name:" + resolution.policy : resolution.uid, entry: resolution.entry)
    }
}
