import EgressModel
import EgressPolicy
import EgressPorts

/// What a node tells as Events: how policies fare on it, whether its helper does its work. Only what changed, and nothing
/// that passes by itself within seconds.
struct NodeEvents: Sendable {
    private struct Standing: Sendable, Hashable {
        var generation: Int64
        var trouble: String
    }

    /// By policy UID, as said last.
    private var standings: [String: Standing] = [:]
    /// Code of what keeps an announced entry without its address, or with an old one.
    private var entries: [EntryKey: String] = [:]
    private var failure: ReasonCode?
    private var unreachableSince: Int64?

    /// A helper that restarts is away for a moment, and that is nothing to tell.
    static let patience: Int64 = 10

    /// What is as it was isn't news: an agent that starts again says nothing of what its predecessor said.
    init(before: EgressNode) {
        for policy in before.policies where policy.programmed {
            standings[policy.uid] = Standing(generation: policy.generation, trouble: "")
        }
        for resolution in before.resolutions where !Self.passes(resolution) && !resolution.code.isEmpty {
            entries[Self.key(resolution)] = resolution.code
        }
    }

    mutating func events(of statement: Statement) -> [ClusterEvent] {
        let own = statement.node
        var events = failureEvents(statement)
        events += own.resolutions.compactMap { entryEvent($0, own.name) }
        entries = entries.filter { key, _ in own.resolutions.contains { Self.key($0) == key } }
        guard statement.failure == nil else { return events }
        events += own.policies.compactMap { policyEvent($0, own.name) }
        let uids = Set(own.policies.map(\.uid))
        standings = standings.filter { uids.contains($0.key) }
        return events
    }

    /// One for the node, whatever the number of its policies.
    private mutating func failureEvents(_ statement: Statement) -> [ClusterEvent] {
        let node = ObjectReference(kind: "Node", name: statement.node.name)
        guard let reason = statement.failure else {
            unreachableSince = nil
            guard failure != nil, statement.isGoverned else { return [] }
            failure = nil
            return [
                ClusterEvent(
                    object: node, apiVersion: "v1", uid: "", isWarning: false, code: .policyInForce,
                    message: "the helper takes plans on again, and egress policies are in force")
            ]
        }
        if reason.code == .helperUnreachable {
            let since = unreachableSince ?? statement.time
            unreachableSince = since
            guard statement.time - since >= Self.patience else { return [] }
        }
        guard failure != reason.code else { return [] }
        failure = reason.code
        return [
            ClusterEvent(
                object: node, apiVersion: "v1", uid: "", isWarning: true, code: reason.code,
                message: eventText("egress policies can't be changed on this node: \(reason.text)"))
        ]
    }

    private mutating func entryEvent(_ resolution: EntryResolution, _ node: String) -> ClusterEvent? {
        if Self.passes(resolution) { return nil }
        let (key, before) = (Self.key(resolution), entries[Self.key(resolution)] ?? "")
        entries[key] = resolution.code.isEmpty ? nil : resolution.code
        guard resolution.code != before else { return nil }
        let isWell = resolution.code.isEmpty
        let addresses = (resolution.ipv4 + resolution.ipv6).map(\.description).joined(separator: ", ")
        return Self.event(
            resolution.policy, resolution.uid, isWarning: !isWell,
            isWell ? .policyInForce : ReasonCode(rawValue: resolution.code),
            isWell ? "gateway \(node) \(Self.recovery(resolution, before)): \(addresses)" : "gateway \(node): \(resolution.reason)")
    }

    /// A module that hasn't answered yet is asked again in seconds.
    private static func passes(_ resolution: EntryResolution) -> Bool { resolution.code == ReasonCode.addressUnknown.rawValue }

    private static func recovery(_ resolution: EntryResolution, _ before: String) -> String {
        guard before == ReasonCode.lastAnswerInForce.rawValue, let strategy = resolution.strategy else { return "has the address again" }
        return "has an answer of strategy \(strategy.name) again"
    }

    private mutating func policyEvent(_ policy: PolicyInForce, _ node: String) -> ClusterEvent? {
        // Not yet, because another node has to speak first or the kernel isn't done: it passes.
        if !policy.programmed, policy.code != ReasonCode.podNotGoverned.rawValue { return nil }
        let standing = Standing(generation: policy.generation, trouble: policy.programmed ? "" : policy.code)
        guard standings[policy.uid] != standing else { return nil }
        standings[policy.uid] = standing
        guard policy.programmed else {
            return Self.event(
                policy.name, policy.uid, isWarning: true, ReasonCode(rawValue: policy.code),
                "\(node) hasn't generation \(policy.generation) in force for every pod: \(policy.reason)")
        }
        let pods = policy.pods == 1 ? "1 pod" : "\(policy.pods) pods"
        return Self.event(
            policy.name, policy.uid, isWarning: false, .policyInForce, "\(node) has generation \(policy.generation) in force (\(pods))")
    }

    private static func key(_ resolution: EntryResolution) -> EntryKey { EntryKey(policyUID: resolution.uid, entry: resolution.entry) }

    private static func event(_ name: String, _ uid: String, isWarning: Bool, _ code: ReasonCode, _ text: String) -> ClusterEvent {
        ClusterEvent(
            object: ObjectReference(kind: PolicyNews.kind, name: name), apiVersion: PolicyNews.apiVersion, uid: uid, isWarning: isWarning,
            code: code, message: eventText(text))
    }
}

/// At most 1024 octets, which is what an Event's message may have (events.k8s.io/v1), and no control characters.
func eventText(_ text: String) -> String {
    let plain = plainText(text)
    guard plain.utf8.count > 1024 else { return plain }
    var kept = ""
    var octets = 0
    for character in plain {
        octets += character.utf8.count
        if octets > 1021 { break }
        kept.append(character)
    }
    return kept + "…"
}
