import EgressModel
import EgressPolicy

/// Both answers to a case, as the golden text has them.
struct CiliumScenarioText {
    let scenario: CiliumScenario
    let effective: EffectivePolicy

    init(_ scenario: CiliumScenario) {
        self.scenario = scenario
        effective = resolve(scenario.snapshot, carrying: [.ipv4, .ipv6])
    }

    var text: String {
        (findings + scenario.nodes.flatMap(views) + relaxed + scenario.versions.flatMap(differences) + answers).joined(separator: "\n")
            + "\n"
    }

    private var findings: [String] {
        let lines = effective.findings.map { finding in
            let field = finding.field.map { " \($0)" } ?? ""
            return "  \(finding.severity) \(finding.code)\(finding.object.map { " \($0)" } ?? "")\(field): \(finding.message)"
        }
        return lines.isEmpty ? [] : ["findings here"] + lines
    }

    /// What stands in Cilium's table on the node, release by release, and what `list -o cilium --node` prints of ours.
    private func views(_ node: String) -> [String] {
        let ours = CiliumView(effective, node: node).rows(effective.pods).map { [$0] }
        var lines = ["on \(node)"]
        var before: [[CiliumShownRow]]?
        for version in scenario.versions {
            let table = ciliumTable(scenario.snapshot, as: version, endpointUIDs: .ofPods)
            for (policy, why) in table.refused.sorted(by: { $0.key < $1.key }) {
                lines.append("  cilium \(version) refuses \(policy): \(why)")
            }
            let rows = table.rows.map { $0.shown(on: node) }
            lines += rows == before ? ["  cilium \(version): the same"] : section("cilium \(version)", rows, index: table.profile)
            before = rows
        }
        return lines + (Self.plain(ours) == before.map(Self.plain) ? ["  here: the same"] : section("here", ours, index: nil))
    }

    private static func plain(_ rows: [[CiliumShownRow]]) -> [[[String]]] { rows.map { $0.map { cells($0) } } }

    private static func cells(_ row: CiliumShownRow) -> [String] { [row.sourceIP, row.destinationCIDR, row.egressIP, row.gatewayIP] }

    private func section(_ title: String, _ rows: [[CiliumShownRow]], index profile: CiliumProfile?) -> [String] {
        guard !rows.isEmpty else { return ["  \(title): no rule"] }
        let lines = rows.flatMap { alternatives in
            alternatives.enumerated().map { place, row in
                let prefix = alternatives.count == 1 ? "" : place == 0 ? "either " : "or     "
                let index = profile?.showsInterfaceIndex == true && row.interfaceIndex != 0 ? ["ifindex \(row.interfaceIndex)"] : []
                return [prefix + row.sourceIP] + Self.cells(row).dropFirst() + index
            }
        }
        return ["  \(title)"] + aligned(lines).map { "    " + $0 }
    }

    private func aligned(_ lines: [[String]]) -> [String] {
        let columns = lines.map(\.count).max() ?? 0
        let widths = (0..<columns).map { column in lines.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0 }
        return lines.map { line in
            let padded = zip(line, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }.joined(separator: "  ")
            return String(padded.reversed().drop { $0 == " " }.reversed())
        }
    }

    private var relaxed: [String] {
        guard let version = scenario.versions.last else { return [] }
        let interfaces = ciliumTable(scenario.snapshot, as: version, endpointUIDs: .ofPods).relaxedInterfaces
        let names = interfaces.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value.sorted().joined(separator: " "))" }
        return names.isEmpty ? [] : ["cilium sets rp_filter to 2: " + names.joined(separator: ", ")]
    }

    private func comparison(_ version: CiliumVersion) -> CiliumComparison {
        CiliumComparison(scenario.snapshot, effective, as: version)
    }

    private func differences(_ version: CiliumVersion) -> [String] {
        comparison(version).findings.map { "differs: \($0.code) \($0.object?.name ?? "-"): \($0.message)" }
    }

    private var answers: [String] {
        scenario.asks.flatMap { ask in
            let words = ask.split(whereSeparator: { $0 == " " || $0 == "/" }).map(String.init)
            guard words.count == 3, let address = IPAddress(words[2]),
                let pod = effective.pods.first(where: { $0.pod.namespace == words[0] && $0.pod.name == words[1] })?.pod
            else { return ["ask \(ask): can't be read"] }
            return scenario.versions.map { "ask \(ask): \(comparison($0).answer(pod, to: address).sentence)" }
        }
    }
}
