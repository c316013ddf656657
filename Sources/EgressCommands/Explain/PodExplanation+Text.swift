import EgressModel
import EgressPolicy

extension PodExplanation {
    func text(_ layout: TextLayout) -> String {
        var parts = [head(layout)]
        if let asCilium { parts.append(asCilium.text(layout)) }
        if !explanation.steps.isEmpty { parts.append(steps(layout)) }
        if let trace, !trace.parts.isEmpty { parts.append(trace.text(layout)) }
        if destination == nil, !explanation.rules.isEmpty { parts.append(ruleTable(layout)) }
        if let networkPolicies = networkPolicies(layout) { parts.append(networkPolicies) }
        if !explanation.policies.isEmpty { parts.append(policies(layout)) }
        parts += viaText(layout)
        let notable = findings.notable.sorted()
        if !notable.isEmpty { parts.append(notable.map { findingText($0, width: layout.proseWidth) }.joined()) }
        return parts.joined(separator: "\n")
    }

    private func head(_ layout: TextLayout) -> String {
        let pod = explanation.pod
        let facts = [
            "\(pod.namespace)/\(pod.name)", pod.addresses.map(\.description).joined(separator: ","), pod.nodeName ?? "not scheduled",
            pod.phase.rawValue,
        ]
        var lines = [plainText("POD       " + facts.filter { !$0.isEmpty }.joined(separator: "   "))]
        if let destination {
            lines += wrapped(destination.text + provenance(destination), first: "TO        ", width: layout.proseWidth)
        }
        if let verdict = explanation.verdict {
            lines += wrapped("\(verdict.sentence) [\(verdict.code)]", first: "VERDICT   ", width: layout.proseWidth)
        }
        lines += remarkLines(layout)
        return lines.map { $0 + "\n" }.joined()
    }

    private func provenance(_ destination: ResolvedDestination) -> String {
        guard let name = destination.name else { return "" }
        let others = destination.others.isEmpty ? "" : "; also \(namesInWords(destination.others.map(\.description)))"
        return "  (\(name), resolved on this machine, not in the pod\(others))"
    }

    private func steps(_ layout: TextLayout) -> String {
        explanation.steps.enumerated().flatMap { index, step in
            let name = step.step == .inForce ? "in force" : step.step.rawValue
            return wrapped(
                step.detail, first: "  \(index + 1)  \(padded(name, 9)) \(padded(step.result.rawValue, 8))", width: layout.proseWidth)
        }.map { $0 + "\n" }.joined()
    }

    private func ruleTable(_ layout: TextLayout) -> String {
        let columns = ["DESTINATION", "SOURCE-IP", "EGRESS-IP", "GATEWAY", "POLICY"].map { Table.Column($0, canShrink: $0 == "POLICY") }
        let rows = explanation.rules.map { rule in
            [rule.prefix.description, rule.source.description, rule.egressIPInWords, rule.gatewayInWords, rule.policy]
        }
        return Table(columns, rows: rows).text(width: layout.width)
    }

    private func policies(_ layout: TextLayout) -> String {
        var lines = ["POLICIES"]
        for policy in explanation.policies {
            lines.append(plainText("  \(policy.name): \(Self.words(policy.selects))"))
            lines += policy.why.flatMap { wrapped($0, first: "    because ", width: layout.proseWidth) }
            lines += policy.wouldNeed.flatMap { need in
                need.hasPrefix(PolicyExplanation.otherWay)
                    ? wrapped(String(need.dropFirst(PolicyExplanation.otherWay.count)), first: "    or else ", width: layout.proseWidth)
                    : wrapped(need, first: "    would need ", width: layout.proseWidth)
            }
        }
        return lines.map { $0 + "\n" }.joined()
    }

    private static func words(_ selects: Bool?) -> String {
        switch selects {
        case true?: "selects this pod"
        case false?: "doesn't select this pod"
        case nil: "may select this pod, which isn't known"
        }
    }

    private func padded(_ text: String, _ width: Int) -> String { text + String(repeating: " ", count: max(0, width - text.count)) }
}
