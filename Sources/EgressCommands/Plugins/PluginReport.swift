import EgressModel
import EgressPlan
import EgressPolicy

/// What `plugins` found out: modules from a node's helper, answers from what nodes report.
struct PluginReport: CommandResult {
    /// One module of the node whose helper was asked.
    struct Module: Sendable {
        var node: String
        var status: PluginStatus
    }

    /// What stands for one entry of a policy on one node.
    struct Answer: Sendable {
        var policy: String
        var entry: Int
        var node: String
        /// The module that answered; before its first answer, the one that the policy names.
        var strategy: String
        /// `nil`: it hasn't answered.
        var report: StrategyReport?
        var addresses: [IPAddress] = []
        var interface: String?
        /// Seconds since the addresses were new.
        var age: Int64?
        /// What is wrong.
        var trouble: Reason?
    }

    /// By path; `nil`: no helper was asked.
    var modules: [Module]?
    /// By policy, entry, node; `nil`: no cluster was asked.
    var answers: [Answer]?
    var findings: [Finding] = []
    /// Kinds that couldn't be read.
    var unread: Set<ClusterKind> = []

    mutating func add(_ plugins: [PluginStatus], on node: String) {
        modules = plugins.sorted { $0.module < $1.module }.map { Module(node: node, status: $0) }
        findings += plugins.filter { !$0.isHealthy }.map { status in
            Finding(
                .warning, .pluginFailed, object: ObjectReference(kind: "Node", name: node),
                message: "module \(status.module) is not healthy\(status.reason.map { ": \($0)" } ?? "")",
                hint: "egress-helper plugin-check \(status.module), run on \(node), says what is wrong with it")
        }
    }

    /// - Parameters:
    ///   - names: of policies; none means all.
    ///   - now: seconds since 1970.
    mutating func add(_ effective: EffectivePolicy, only names: [String], node: String?, now: Int64, unread: Set<ClusterKind>) {
        let isShown = { (policy: String, on: String) in (names.isEmpty || names.contains(policy)) && (node == nil || node == on) }
        self.unread = unread
        answers = (asked(effective) + left(effective)).filter { isShown($0.policy, $0.node) }
            .map { $0.aged(now) }.sorted { ($0.policy, $0.entry, $0.node) < ($1.policy, $1.entry, $1.node) }
        let there = Set((answers ?? []).map(\.policy))
        findings += effective.findings.filter { finding in
            if finding.code.isUnread { return true }
            guard let object = finding.object, object.kind == StatusReport.policyKind else { return false }
            // On one node only what it has an entry of; else broken policies too.
            return (node == nil ? names.isEmpty || names.contains(object.name) : there.contains(object.name))
                && finding.field?.hasPrefix("metadata.annotations[\(EgressAnnotation.strategy)") == true
        }
    }

    /// Every node that a policy with a strategy could have as its gateway.
    private func asked(_ effective: EffectivePolicy) -> [Answer] {
        let reports = Dictionary(effective.egressNodes.map { ($0.name, $0.resolutionsByEntry) }) { first, _ in first }
        return effective.policies.flatMap { resolved -> [Answer] in
            guard let strategy = resolved.policy.strategy else { return [] }
            return resolved.entries.flatMap { entry in
                entry.candidates.map { candidate in
                    let announced = reports[candidate.node]?.resolution(of: resolved.policy, entry: entry.entry)
                    return announced.map { Answer($0, on: candidate.node, strategy: strategy.name) }
                        ?? Answer(
                            policy: resolved.policy.name, entry: entry.entry, node: candidate.node, strategy: strategy.name,
                            trouble: silence(effective))
                }
            }
        }
    }

    private func silence(_ effective: EffectivePolicy) -> Reason {
        if let unread = effective.unread.first(where: { $0.kind == .egressNode }) {
            return Reason(unread.code, "what nodes report can't be read")
        }
        return Reason(.entryNotAnnounced, "the node has not announced this entry")
    }

    /// Answers that nodes report for policies that are broken now, gone, or don't ask any more.
    private func left(_ effective: EffectivePolicy) -> [Answer] {
        let asking = Set(effective.policies.filter { $0.policy.strategy != nil }.map(\.policy.name))
        return effective.egressNodes.flatMap { node in
            node.resolutions.compactMap { resolution in
                guard !asking.contains(resolution.policy), let strategy = resolution.strategy else { return nil }
                return Answer(resolution, on: node.name, strategy: strategy.name)
            }
        }
    }

    var names: [String] {
        Set((answers ?? []).map(\.policy)).sorted().map { "ciliumegressgatewaypolicy.cilium.io/\($0)" }
    }
}

extension PluginReport.Answer {
    fileprivate init(_ announced: EntryResolution, on node: String, strategy: String) {
        self.init(
            policy: announced.policy, entry: announced.entry, node: node, strategy: announced.strategy?.name ?? strategy,
            report: announced.strategy, addresses: announced.ipv4.sorted() + announced.ipv6.sorted(), interface: announced.interface,
            trouble: announced.code.isEmpty ? nil : Reason(ReasonCode(rawValue: announced.code), announced.reason))
    }

    fileprivate func aged(_ now: Int64) -> Self {
        var answer = self
        answer.age = report?.since.flatMap(RFC3339.seconds).map { now - $0 }
        return answer
    }
}
