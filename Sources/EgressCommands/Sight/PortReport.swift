import EgressModel
import EgressPlan
import JSONText

/// What `nat --ports` prints.
struct PortReport: CommandResult {
    struct Line: Sendable {
        var gateway: String
        var use: PortUse
    }

    private(set) var lines: [Line] = []
    var findings: [Finding]
    var names: [String] { [] }

    init(findings: [Finding]) {
        self.findings = findings
    }

    mutating func add(_ uses: [PortUse], on node: String) {
        lines = (lines + uses.map { Line(gateway: node, use: $0) }).sorted { PortUse.inOrder($0.use, $1.use) }
    }

    var json: JSONValue { ["ports": .array(rows), "findings": JSONValue(findings: findings)] }

    var rows: [JSONValue] {
        lines.map { line in
            let use = line.use
            return [
                "egressIP": JSONValue(use.egressIP), "protocol": .string(use.transport.description), "remote": JSONValue(end: use.remote),
                "used": JSONValue(use.used), "free": JSONValue(use.free), "refused": JSONValue(use.refused),
                "gatewayNode": .string(line.gateway),
            ]
        }
    }

    func text(_ layout: TextLayout) -> String {
        guard !lines.isEmpty else { return findingsText(findings, width: layout.proseWidth) }
        let columns = ["EGRESS-IP", "REMOTE", "USED", "FREE", "REFUSED"].map { Table.Column($0) }
        let gateway: [Table.Column] = [.init("GATEWAY", canShrink: true)]
        let rows = lines.map { line in
            let use = line.use
            return [
                use.egressIP.description, "\(use.remote)/\(use.transport)", String(use.used), String(use.free), String(use.refused),
                line.gateway,
            ]
        }
        return Table(columns + gateway, rows: rows).text(width: layout.width) + findingsText(findings, width: layout.proseWidth)
    }
}
