import EgressModel
import EgressPolicy

extension StatusReport {
    var names: [String] { policies.map { "ciliumegressgatewaypolicy.cilium.io/\($0.name)" } }

    func text(_ layout: TextLayout) -> String {
        let tables = [policyTable(layout), gatewayTable(layout), addressTable(), nodeTable(layout)].filter { !$0.rows.isEmpty }
        let parts = tables.map { $0.text(width: layout.width) }
        let list = findings.notable.map { findingText($0, width: layout.proseWidth) }.joined()
        return
            ((policies.isEmpty ? [noPolicies] : []) + parts
            + (list.isEmpty ? [] : [list]) + [summary + "\n"])
            .joined(separator: "\n")
    }

    private func policyTable(_ layout: TextLayout) -> Table {
        var columns = [
            Table.Column("POLICY", canShrink: true), .init("PODS"), .init("EGRESS-IP", canShrink: true), .init("GATEWAY", canShrink: true),
            .init("PROGRAMMED"), .init("ISSUES"),
        ]
        if layout.isWide { columns.append(.init("WAITING-FOR")) }
        return Table(columns, rows: policies.map { row($0, layout) })
    }

    private func row(_ policy: Policy, _ layout: TextLayout) -> [String] {
        guard policy.isValid else {
            return [policy.name, "0", "", "rejected", "0/0", String(policy.findings.notable.count)] + (layout.isWide ? [""] : [])
        }
        let chosen = policy.gateways.filter { policy.chosen.contains($0.node) }
        let addresses = Set(chosen.flatMap(\.egressIPs)).sorted()
        var cells = [
            policy.name, pods(policy), short(addresses.map(\.description)), short(chosen.map(\.node)), programmed(policy),
            String(policy.findings.notable.count),
        ]
        if layout.isWide { cells.append(policy.progress.filter { !$0.isProgrammed }.map(\.name).joined(separator: ",")) }
        return cells
    }

    private var noPolicies: String {
        if !hasPolicyKind { return "No egress policies: this cluster doesn't know them (kubectl egress install).\n" }
        return unread.contains(.policy) ? "Egress policies: unknown.\n" : "No egress policies found.\n"
    }

    /// A lower bound where not all pods could be read.
    private func pods(_ policy: Policy) -> String {
        guard unread.contains(.pod) else { return String(policy.pods) }
        return policy.pods == 0 ? "unknown" : "\(policy.pods)+"
    }

    private func programmed(_ policy: Policy) -> String {
        guard !unread.contains(.egressNode) else { return "unknown" }
        return "\(policy.ready)/\(policy.progress.count)" + (unread.contains(.pod) || unread.contains(.node) ? "+" : "")
    }

    private func gatewayTable(_ layout: TextLayout) -> Table {
        let columns = [
            Table.Column("GATEWAY", canShrink: true), .init("ADDRESS"), .init("READY"), .init("EGRESS-IP", canShrink: true),
            .init("POLICIES", canShrink: true),
        ]
        let rows = gateways.map { gateway in
            [
                gateway.node, gateway.address?.description ?? "", gateway.ineligible.map { "no (\($0.code))" } ?? "yes",
                short(gateway.egressIPs.map(\.description), all: layout.isWide), short(gateway.policies, all: layout.isWide),
            ]
        }
        return Table(columns, rows: rows)
    }

    private func nodeTable(_ layout: TextLayout) -> Table {
        let columns = [
            Table.Column("NODE", canShrink: true), .init("REPORTED"), .init("HELPER"), .init("DATAPATH"), .init("STEERING"),
            .init("PROGRAMMED"),
        ]
        let rows = nodes.map { node in
            let reported =
                unread.contains(.egressNode) ? "unknown" : node.age.map { EgressCommands.age(of: $0) + (node.isSilent ? " (silent)" : "") }
            return [
                node.name, reported ?? "never", node.report?.helper?.version ?? "", node.report?.helper?.datapath ?? "",
                node.report?.steering?.default.rawValue ?? "", node.report == nil ? "" : "\(node.programmed)/\(node.total)",
            ]
        }
        return Table(columns, rows: rows)
    }

    /// The first, and how many more.
    private func short(_ values: [String], all: Bool = false) -> String {
        guard let first = values.first, !all, values.count > 1 else { return values.joined(separator: ",") }
        return "\(first) +\(values.count - 1)"
    }

    private var summary: String {
        let errors = findings.count { $0.severity == .error }
        let warnings = findings.count { $0.severity == .warning }
        let waiting = unread.contains(.egressNode) ? 0 : policies.count { $0.ready < $0.progress.count }
        let rejected = policies.count { !$0.isValid }
        let kinds = ClusterKind.allCases.filter { unread.contains($0) }.map(\.inWords).joined(separator: ", ")
        guard errors + warnings + waiting + rejected > 0 else {
            if !unread.isEmpty { return wrapped("not readable: \(kinds).", first: "UNKNOWN  ").joined(separator: "\n") }
            return "OK  \(counted(policies.count, "policy", "policies")) in force."
        }
        var parts: [String] = []
        if rejected > 0 { parts.append("\(counted(rejected, "policy", "policies")) rejected") }
        if waiting > 0 { parts.append("\(counted(waiting, "policy", "policies")) not in force everywhere") }
        parts.append(counted(errors, "error", "errors"))
        parts.append(counted(warnings, "warning", "warnings"))
        if !unread.isEmpty { parts.append("not readable: \(kinds)") }
        return wrapped(parts.joined(separator: ", ") + ".", first: "PROBLEMS  ").joined(separator: "\n")
    }
}

func counted(_ count: Int, _ one: String, _ many: String) -> String { "\(count) \(count == 1 ? one : many)" }
