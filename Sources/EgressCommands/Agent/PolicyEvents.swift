import EgressModel
import EgressPolicy
import EgressPorts

/// What is to be told of policies whatever node one looks from: nobody's own, so one node speaks for all.
struct PolicyNews: Sendable {
    static let kind = "CiliumEgressGatewayPolicy"
    static let apiVersion = "cilium.io/v2"

    /// Errors and warnings of policies.
    var findings: [Finding]
    /// By policy name.
    var uids: [String: String]

    init(_ effective: EffectivePolicy, _ snapshot: ClusterSnapshot) {
        findings = effective.findings.filter { $0.object?.kind == Self.kind && $0.severity != .info && !Self.isNodes($0.code) }
        uids = Dictionary(snapshot.policies.map { ($0.metadata.name, $0.metadata.uid) }, uniquingKeysWith: { first, _ in first })
    }

    /// What the gateway tells itself: its addresses, its modules' answers, and that it hasn't announced an entry yet.
    private static func isNodes(_ code: ReasonCode) -> Bool {
        if code == .familyWithoutDatapath { return false }
        return code == .entryNotAnnounced || code.rawValue.hasPrefix("EG11") || code.rawValue.hasPrefix("EG12")
    }
}

/// The findings that were told already, while this node is the one that tells.
struct PolicyEvents: Sendable {
    private struct Key: Sendable, Hashable {
        var uid: String
        var code: ReasonCode
        var field: String?
        var message: String
    }

    private var told: Set<Key> = []

    /// Whoever becomes the leader tells what there is: its predecessor may not have come to it.
    mutating func events(of news: PolicyNews, isLeader: Bool) -> [ClusterEvent] {
        guard isLeader else {
            told = []
            return []
        }
        var current: Set<Key> = []
        var events: [ClusterEvent] = []
        for finding in news.findings {
            guard let object = finding.object else { continue }
            let uid = news.uids[object.name] ?? ""
            let key = Key(uid: uid, code: finding.code, field: finding.field, message: finding.message)
            guard current.insert(key).inserted, !told.contains(key) else { continue }
            let text = (finding.field.map { "\($0): " } ?? "") + finding.message
            events.append(
                ClusterEvent(
                    object: object, apiVersion: PolicyNews.apiVersion, uid: uid, isWarning: true, code: finding.code,
                    message: eventText(text)))
        }
        told = current
        return events
    }
}
