import EgressModel
import EgressPolicy

/// How far a policy is in force on the nodes that it concerns: those that run a selected pod, and every node that could
/// be its gateway.
struct PolicyProgress: Sendable, Hashable {
    struct Node: Sendable, Hashable {
        enum State: Sendable, Hashable {
            /// In force; the reason says what it lacks there all the same, such as an address that no interface has.
            case programmed(Reason?)
            /// Why not.
            case waiting(Reason)
        }

        var name: String
        var isGateway: Bool
        /// Selected pods that run there.
        var pods: Int
        var state: State
        var isProgrammed: Bool { if case .programmed = state { true } else { false } }
    }

    var policy: String
    var generation: Int64
    /// By bytewise name.
    var nodes: [Node]

    var ready: Int { nodes.count(where: \.isProgrammed) }
    var isComplete: Bool { ready == nodes.count }

    /// `now`: seconds since 1970. `generation`: the one that must be in force; the policy's own by default.
    init(of resolved: ResolvedPolicy, in effective: EffectivePolicy, now: Int64, generation: Int64? = nil) {
        let metadata = resolved.policy.metadata
        policy = metadata.name
        self.generation = generation ?? metadata.generation
        var pods: [String: Int] = [:]
        for pod in effective.pods where pod.notApplicable == nil && pod.policies.contains(metadata.name) {
            if let node = pod.pod.nodeName { pods[node, default: 0] += 1 }
        }
        let gateways = Set(resolved.entries.flatMap(\.candidates).map(\.node))
        let reports = Dictionary(effective.egressNodes.map { ($0.name, $0) }) { first, _ in first }
        let wanted = self.generation
        nodes = gateways.union(pods.keys).sorted().map { name in
            let state = Self.state(reports[name], uid: metadata.uid, name: metadata.name, generation: wanted, now: now)
            return Node(name: name, isGateway: gateways.contains(name), pods: pods[name] ?? 0, state: state)
        }
    }

    private static func state(_ report: EgressNode?, uid: String, name: String, generation: Int64, now: Int64) -> Node.State {
        guard let report, let reportedAt = report.reportedAt else {
            return .waiting(Reason(.nodeSilent, "nothing reported yet; is its agent running?"))
        }
        guard NodeReport.isFresh(reportedAt, now: now) else {
            return .waiting(Reason(.nodeSilent, "silent since \(reportedAt)"))
        }
        guard let inForce = report.policies.first(where: { $0.name == name && $0.uid == uid }) else {
            return .waiting(Reason(.notYetProgrammed, "doesn't report the policy yet"))
        }
        guard inForce.generation >= generation else {
            return .waiting(reason(inForce) ?? Reason(.notYetProgrammed, "still at generation \(inForce.generation) of \(generation)"))
        }
        if inForce.programmed { return .programmed(reason(inForce)) }
        return .waiting(reason(inForce) ?? Reason(.notYetProgrammed, "generation \(generation) is not in force yet"))
    }

    private static func reason(_ inForce: PolicyInForce) -> Reason? {
        inForce.code.isEmpty ? nil : Reason(ReasonCode(rawValue: inForce.code), inForce.reason)
    }
}

/// How old what a node says of itself may be.
enum NodeReport {
    /// Seconds between two reports at most.
    static let period: Int64 = 30

    /// Older than three periods is silent, and silent is never "programmed".
    static func isFresh(_ reportedAt: String, now: Int64) -> Bool {
        guard let then = RFC3339.seconds(reportedAt) else { return false }
        return now - then <= 3 * period
    }
}
