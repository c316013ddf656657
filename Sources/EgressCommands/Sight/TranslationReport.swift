import EgressModel
import EgressPlan
import JSONText

/// What `nat` prints.
struct TranslationReport: CommandResult {
    struct Line: Sendable {
        var gateway: String
        var translation: Translation
    }

    let helpers: NodeHelpers
    private(set) var lines: [Line] = []
    /// That fit, shown or not.
    private(set) var total = 0

    init(helpers: NodeHelpers) {
        self.helpers = helpers
    }

    var findings: [Finding] { helpers.findings }
    var names: [String] { [] }

    mutating func add(_ list: TranslationList, on node: String) {
        lines += list.translations.map { Line(gateway: node, translation: $0) }
        total += list.total
    }

    mutating func cut(to limit: Int) {
        lines = Array(lines.sorted { Translation.inOrder($0.translation, $1.translation) }.prefix(limit))
    }

    var json: JSONValue {
        ["translations": .array(rows), "total": JSONValue(total), "findings": JSONValue(findings: findings)]
    }

    var rows: [JSONValue] {
        lines.map { line in
            let one = line.translation
            return [
                "pod": JSONValue(podOf: helpers.reference(of: one.pod, one.source)), "protocol": .string(one.transport.description),
                "source": JSONValue(end: one.source), "egress": JSONValue(end: one.egress), "remote": JSONValue(end: one.remote),
                "policy": JSONValue(one.policy), "state": .string(one.state.rawValue), "idleSeconds": JSONValue(one.idleSeconds),
                "ageSeconds": one.ageSeconds.map { JSONValue($0) } ?? .null, "podNode": JSONValue(one.podNode),
                "gatewayNode": .string(line.gateway),
            ]
        }
    }

    func text(_ layout: TextLayout) -> String {
        guard !lines.isEmpty else { return findingsText(findings, width: layout.proseWidth) }
        var columns = [
            Table.Column("POD", canShrink: true), .init("EGRESS"), .init("REMOTE"), .init("POLICY", canShrink: true), .init("IDLE"),
        ]
        if layout.isWide { columns += ["STATE", "AGE", "SOURCE", "POD-NODE", "GATEWAY"].map { .init($0) } }
        let rows = lines.map { line in
            let one = line.translation
            let cells = [
                helpers.name(of: one.pod, one.source), one.egress.description, "\(one.remote)/\(one.transport)", one.policy ?? "",
                age(of: one.idleSeconds),
            ]
            guard layout.isWide else { return cells }
            return cells + [
                one.state.rawValue, one.ageSeconds.map { age(of: $0) } ?? "", one.source.description, one.podNode ?? "", line.gateway,
            ]
        }
        return Table(columns, rows: rows).text(width: layout.width) + findingsText(findings, width: layout.proseWidth)
    }
}

extension JSONValue {
    init(end: Endpoint?) {
        self = end.map { ["address": JSONValue($0.address), "port": JSONValue($0.port)] } ?? .null
    }

    init(podOf reference: ObjectReference?) {
        self = reference.map { ["namespace": JSONValue($0.namespace), "name": .string($0.name)] } ?? .null
    }
}
