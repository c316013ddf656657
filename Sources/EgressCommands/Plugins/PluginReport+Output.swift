import EgressModel
import EgressPlan
import EgressPolicy
import JSONText

extension PluginReport {
    var json: JSONValue {
        [
            "modules": modules.map { .array($0.map(Self.json)) } ?? .null, "answers": answers.map { .array($0.map(Self.json)) } ?? .null,
            "findings": JSONValue(findings: findings),
        ]
    }

    var rows: [JSONValue] { answers?.map(Self.json) ?? [] }

    private static func json(_ module: Module) -> JSONValue {
        let status = module.status
        return [
            "node": .string(module.node), "name": .string(status.name), "version": .string(status.version),
            "healthy": .bool(status.isHealthy), "restarts": JSONValue(status.restarts), "reason": JSONValue(status.reason),
            "path": .string(status.module),
        ]
    }

    private static func json(_ answer: Answer) -> JSONValue {
        [
            "policy": .string(answer.policy), "entry": JSONValue(answer.entry), "node": .string(answer.node),
            "strategy": .string(answer.strategy), "version": JSONValue(answer.report?.version),
            "egressIPs": .array(answer.addresses.map { JSONValue($0) }), "interface": JSONValue(answer.interface),
            "claims": answer.report.map { .bool($0.claims) } ?? .null, "since": JSONValue(answer.report?.since),
            "code": JSONValue(answer.trouble?.code.rawValue), "reason": JSONValue(answer.trouble?.text),
        ]
    }

    func text(_ layout: TextLayout) -> String {
        var parts: [String] = []
        if let modules {
            parts.append(modules.isEmpty ? "The helper has no modules.\n" : moduleTable(modules, layout).text(width: layout.width))
        }
        if let answers, !answers.isEmpty { parts.append(answerTable(answers, layout).text(width: layout.width)) }
        if !findings.isEmpty { parts.append(findings.sorted().map { findingText($0, width: layout.proseWidth) }.joined()) }
        return parts.joined(separator: "\n")
    }

    private func moduleTable(_ modules: [Module], _ layout: TextLayout) -> Table {
        var columns = [
            Table.Column("MODULE", canShrink: true), .init("VERSION", canShrink: true), .init("HEALTHY"), .init("RESTARTS"),
            .init("NODE", canShrink: true),
        ]
        if layout.isWide { columns += [.init("PATH"), .init("REASON")] }
        let rows = modules.map { module in
            let status = module.status
            let cells = [status.name, status.version, status.isHealthy ? "yes" : "no", String(status.restarts), module.node]
            return cells + (layout.isWide ? [status.module, oneLine(status.reason)] : [])
        }
        return Table(columns, rows: rows)
    }

    private func answerTable(_ answers: [Answer], _ layout: TextLayout) -> Table {
        var columns = [
            Table.Column("POLICY", canShrink: true), .init("NODE", canShrink: true), .init("STRATEGY", canShrink: true),
            .init("EGRESS-IP", canShrink: true), .init("SINCE"), .init("CODE"),
        ]
        if layout.isWide { columns += ["ENTRY", "INTERFACE", "CLAIMS", "REASON"].map { .init($0) } }
        let rows = answers.map { answer in
            let cells = [
                answer.policy, answer.node, answer.report?.title ?? answer.strategy, addresses(answer, layout),
                answer.age.map { EgressCommands.age(of: $0) } ?? "", answer.trouble?.code.rawValue ?? "",
            ]
            guard layout.isWide else { return cells }
            let claims = answer.report.map { $0.claims ? "yes" : "no" } ?? ""
            return cells + [String(answer.entry), answer.interface ?? "", claims, oneLine(answer.trouble?.text)]
        }
        return Table(columns, rows: rows)
    }

    /// The first, and how many more; all of them where there is room.
    private func addresses(_ answer: Answer, _ layout: TextLayout) -> String {
        if answer.trouble?.code.isUnread == true { return "unknown" }
        guard let first = answer.addresses.first, answer.addresses.count > 1, !layout.isWide else {
            return answer.addresses.map(\.description).joined(separator: ",")
        }
        return "\(first) +\(answer.addresses.count - 1)"
    }

    /// A module's words may have lines; a row has one.
    private func oneLine(_ text: String?) -> String { (text ?? "").split(whereSeparator: \.isNewline).joined(separator: " ") }
}
