import EgressModel

/// What a plugin module answered for the entry that serves a rule, in words.
struct PluginAnswerText {
    private let strategy: String
    private let node: String
    private let announced: EntryResolution?

    /// `nil`: no module has a say in it.
    init?(_ rule: ResolvedRule, _ effective: EffectivePolicy) {
        guard let node = rule.gatewayNode, let entry = rule.ranked.first?.entry,
            let policy = effective.policies.first(where: { $0.policy.metadata.uid == rule.policyUID })?.policy
        else { return nil }
        announced = effective.report(of: node)?.resolutionsByEntry.resolution(of: policy, entry: entry)
        guard let strategy = announced?.strategy?.name ?? policy.strategy?.name else { return nil }
        (self.strategy, self.node) = (strategy, node)
    }

    func step(_ rule: ResolvedRule) -> ExplanationStep {
        guard rule.action == .gateway else {
            return ExplanationStep(.address, .no, "strategy \(strategy) on \(node): \(rule.reason.coded)")
        }
        guard let address = rule.egressIP, rule.reason.code == .byGateway else {
            return ExplanationStep(.address, .unknown, "strategy \(strategy) on \(node) finds it; \(rule.reason.coded)")
        }
        let answer = answer.map { "; \($0)" } ?? ""
        return ExplanationStep(.address, .yes, "\(address)\(rule.interface.map { " on \($0)" } ?? "")\(answer)")
    }

    /// The module, its version, all that it answered and since when, and what is wrong with it now.
    private var answer: String? {
        guard let announced, let report = announced.strategy else { return nil }
        let addresses = announced.ipv4 + announced.ipv6
        let more = addresses.count > Self.mostAddresses ? " and \(addresses.count - Self.mostAddresses) more" : ""
        let list = addresses.prefix(Self.mostAddresses).map(\.description).joined(separator: ", ") + more
        let claims = report.claims ? ", claimed by the node" : ""
        let since = report.since.map { ", since \($0)" } ?? ""
        return "strategy \(report.title) answered \(list)\(claims)\(since)\(trouble(announced))"
    }

    private func trouble(_ announced: EntryResolution) -> String {
        if announced.code.isEmpty { return "" }
        guard announced.isLastAnswer else { return "; \(announced.reason) (\(announced.code))" }
        return "; this last good answer stays in force, as \(LastAnswerReason.cause(in: announced.reason)) (\(announced.code))"
    }

    private static let mostAddresses = 4
}
