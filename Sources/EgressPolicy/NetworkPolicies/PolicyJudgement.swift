import EgressModel

/// What one policy says of a connection: three answers, and the reason to show.
struct PolicyJudgement: Sendable {
    /// Whether one of its deny rules holds; each `nil` is unknown.
    var denies: Bool? = false
    var isolates: Bool? = false
    var allows: Bool? = false
    /// `nil`: the policy has no bearing on what leaves the pod.
    var reason: NetworkPolicyReason?

    /// Rules that don't hold are told one by one up to here.
    static let mostReasons = 6
}

extension PolicyJudgement {
    /// A policy that isn't understood, or couldn't be read: it may allow, isolate, and where it is Cilium's deny.
    static func unknown(_ policy: ObjectReference, isCilium: Bool, _ code: ReasonCode, _ why: String) -> PolicyJudgement {
        PolicyJudgement(
            denies: isCilium ? nil : false, isolates: nil, allows: nil,
            reason: NetworkPolicyReason(policy: policy, effect: .unknown, why: [why], code: code))
    }

    /// - Parameter connection: `nil`: only whom it isolates is asked.
    init(_ policy: NetworkPolicyObject, for pod: Pod, _ connection: Connection?, _ world: ConnectionWorld) {
        guard let parts = policy.parts else {
            let what = policy.findings.first { $0.severity == .error }?.field.map { " (\($0))" } ?? ""
            self = .unknown(policy.reference, isCilium: policy.kind.isCilium, .networkPolicyInvalid, "can't be understood\(what)")
            return
        }
        var judged = parts.map { PartJudgement($0, of: policy, for: pod, connection, world) }
        judged.removeAll { $0.selects.result == .no || ($0.isolates == false && $0.denied.result == .no && $0.allowed.result == .no) }
        denies = .any(judged.map { $0.denied.holds })
        isolates = .any(judged.map(\.isolates))
        allows = .any(judged.map { $0.allowed.holds })
        reason = Self.reason(policy, judged)
    }

    /// The part that says most: a denial, then what isn't known of one, an allowance, isolation.
    private static func reason(_ policy: NetworkPolicyObject, _ parts: [PartJudgement]) -> NetworkPolicyReason? {
        func reason(_ effect: NetworkPolicyReason.Effect, _ judgement: Judgement, _ field: String? = nil) -> NetworkPolicyReason {
            var code: ReasonCode?
            if case .unknown(let unknown) = judgement.result { code = unknown }
            return NetworkPolicyReason(
                policy: policy.reference, effect: effect, field: field, why: shortened(judgement.why), code: code)
        }
        if let part = parts.first(where: { $0.denied.result == .yes }) { return reason(.denies, part.denied, part.deniedBy) }
        if let part = parts.first(where: { $0.denied.isUnknown }) { return reason(.unknown, part.denied, part.deniedBy) }
        if let part = parts.first(where: { $0.allowed.result == .yes }) { return reason(.allows, part.allowed, part.allowedBy) }
        if let part = parts.first(where: { $0.allowed.isUnknown }) { return reason(.unknown, part.allowed, part.allowedBy) }
        if let part = parts.first(where: { $0.isolates == nil }) { return reason(.unknown, part.selects) }
        guard let part = parts.first else { return nil }
        return reason(.isolates, Judgement(.no, all: part.selects.why + part.allowed.why))
    }

    private static func shortened(_ why: [String]) -> [String] {
        guard why.count > mostReasons else { return why }
        return why.prefix(mostReasons) + ["and \(why.count - mostReasons) more fields that don't hold"]
    }
}

/// What one `spec` of a policy says.
private struct PartJudgement {
    let selects: Judgement
    let isolates: Bool?
    let denied: Judgement
    let deniedBy: String?
    let allowed: Judgement
    let allowedBy: String?

    init(_ part: NetworkPolicyPart, of policy: NetworkPolicyObject, for pod: Pod, _ connection: Connection?, _ world: ConnectionWorld) {
        selects = Self.selects(part, of: policy, pod, world)
        let isSelected = selects.holds
        isolates = part.isolates ? isSelected : false
        guard let connection, isSelected != false else {
            (denied, deniedBy, allowed, allowedBy) = (Judgement(.no), nil, Judgement(.no), nil)
            return
        }
        let rules = RuleJudgement(connection: connection, world: world, policy: policy)
        (denied, deniedBy) = Self.settled(part.denied.map { ($0.path, rules.judge($0)) }, selects)
        let nothing = part.allowed.isEmpty ? ["\(part.path): it has no rule that allows anything"] : []
        (allowed, allowedBy) = Self.settled(part.allowed.map { ($0.path, rules.judge($0)) }, selects, otherwise: nothing)
    }

    /// The first rule that holds, or may.
    private static func settled(
        _ rules: [(path: String, judgement: Judgement)], _ selects: Judgement, otherwise: [String] = []
    ) -> (Judgement, String?) {
        let yes = rules.first { $0.judgement.result == .yes } ?? rules.first { $0.judgement.isUnknown }
        guard let yes else { return (Judgement(.no, all: rules.flatMap(\.judgement.why) + otherwise), nil) }
        return (selects.isUnknown ? selects : yes.judgement, yes.path)
    }

    private static func selects(_ part: NetworkPolicyPart, of policy: NetworkPolicyObject, _ pod: Pod, _ world: ConnectionWorld)
        -> Judgement
    {
        let home = policy.metadata.namespace ?? "default"
        if policy.kind != .ciliumClusterwide, pod.namespace != home { return Judgement(.no, "\(part.path): is about namespace \(home)") }
        switch part.subject {
        case .nodes: return Judgement(.no, "\(part.path).nodeSelector: is about nodes")
        case .unjudged(let what): return .unknown(.ruleNotJudged, "\(part.path).endpointSelector: \(what) can't be judged from a snapshot")
        case .pods(let selector) where policy.kind == .kubernetes:
            return Judgement(selector.matches(pod.metadata.labels) ? .yes : .no, "\(part.path).podSelector: \(selector) selects the pod")
        case .pods(let selector):
            // Its own namespace is settled above, whatever the selector asks of labels.
            return world.selection.judge(selector, pod, home: nil, path: "\(part.path).endpointSelector")
        }
    }
}

/// Whether one rule holds for a connection.
private struct RuleJudgement {
    let connection: Connection
    let world: ConnectionWorld
    let policy: NetworkPolicyObject

    func judge(_ rule: NetworkPolicyRule) -> Judgement {
        let peers = PeerJudgement(connection: connection, world: world).judge(rule.peers, of: policy, path: rule.path)
        let judged = peers.and(PortJudgement(connection: connection).judge(rule.ports, path: rule.path))
        guard judged.result == .yes else { return judged }
        if rule.conditions.contains("toRequires") {
            return .unknown(.ruleNotJudged, "\(rule.path).toRequires: can't be judged from a snapshot")
        }
        let conditions = rule.conditions.map { "\($0): has to hold too, and isn't evaluated" }
        return Judgement(.yes, all: judged.why + conditions)
    }
}

extension Bool? {
    /// `true` when one is; else `nil` when one isn't known.
    static func any(_ answers: [Bool?]) -> Bool? {
        if answers.contains(true) { return true }
        return answers.contains(where: { $0 == nil }) ? nil : false
    }
}
