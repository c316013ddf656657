import EgressModel
import EgressPolicy
import JSONText

/// Rules of pods, and everything that their rows need.
struct RuleList: CommandResult {
    struct Rule: Sendable {
        var pod: Pod
        var rule: ResolvedRule
        /// How the pod's node steers; `nil`: it hasn't said, or the rule leaves nothing to steer.
        var steering: Steering?
    }

    /// By the pod's namespace, name, then family and prefix.
    let rules: [Rule]
    let findings: [Finding]
    /// As `-o cilium` has it: all rules, whatever `--node` left out above.
    let cilium: JSONValue

    init(effective: EffectivePolicy, node: String?, namespace: String?) {
        let pods = effective.pods.filter { namespace == nil || $0.pod.namespace == namespace }
            .sorted { ($0.pod.namespace, $0.pod.name) < ($1.pod.namespace, $1.pod.name) }
        let steering = Dictionary(effective.egressNodes.map { ($0.name, $0.steering?.default) }) { first, _ in first }
        rules = pods.flatMap { pod in
            pod.rules.sorted { $0.prefix < $1.prefix }.map { rule in
                let how = rule.action == .gateway ? pod.pod.nodeName.flatMap { steering[$0] ?? nil } : nil
                return Rule(pod: pod.pod, rule: rule, steering: how)
            }
        }.filter { node == nil || $0.pod.nodeName == node || $0.rule.gatewayNode == node }
        findings = effective.findings.sorted()
        cilium = node.map { CiliumList(rows: CiliumView(effective, node: $0).rows(pods)).json } ?? .null
    }

    var json: JSONValue {
        ["rules": .array(rules.map { Self.json($0) }), "findings": JSONValue(findings: findings)]
    }

    var rows: [JSONValue] { rules.map { Self.json($0) } }

    static func json(_ row: Rule) -> JSONValue {
        let rule = row.rule
        return [
            "pod": JSONValue(pod: row.pod), "sourceIP": JSONValue(rule.source), "destinationCIDR": .string(rule.prefix.description),
            "action": .string(rule.action.rawValue), "policy": .string(rule.policy), "gatewayNode": JSONValue(rule.gatewayNode),
            "gatewayIP": JSONValue(rule.gatewayAddress), "egressIP": JSONValue(rule.egressIP), "interface": JSONValue(rule.interface),
            "steering": JSONValue(row.steering?.rawValue), "code": JSONValue(rule.reason.code), "reason": .string(rule.reason.text),
        ]
    }

    /// Pods that have a rule, each once.
    var names: [String] {
        var seen: Set<String> = []
        return rules.map { "pod/\($0.pod.name)" + (" -n \($0.pod.namespace)") }.filter { seen.insert($0).inserted }
            .map { $0.components(separatedBy: " ").first ?? $0 }
    }

    func text(_ layout: TextLayout) -> String {
        let table = rules.isEmpty ? "" : self.table(layout).text(width: layout.width)
        return table + findingsText(findings.notable, width: layout.proseWidth)
    }

    private func table(_ layout: TextLayout) -> Table {
        var columns = [
            Table.Column("POD", canShrink: true), .init("SOURCE-IP"), .init("DESTINATION"), .init("EGRESS-IP"),
            .init("GATEWAY", canShrink: true),
        ]
        if layout.showsNamespaces { columns.insert(.init("NAMESPACE", canShrink: true), at: 0) }
        if layout.isWide { columns += ["POLICY", "GATEWAY-IP", "INTERFACE", "STEERING", "CODE", "REASON"].map { .init($0) } }
        return Table(columns, rows: rows(layout))
    }

    private func rows(_ layout: TextLayout) -> [[String]] {
        let namespaces = Set(rules.map(\.pod.namespace))
        return rules.map { row in
            let rule = row.rule
            let qualified = namespaces.count > 1 && !layout.showsNamespaces
            let name = qualified ? "\(row.pod.namespace)/\(row.pod.name)" : row.pod.name
            var cells = [name, rule.source.description, rule.prefix.description, rule.egressIPInWords, rule.gatewayInWords]
            if layout.showsNamespaces { cells.insert(row.pod.namespace, at: 0) }
            if layout.isWide {
                cells += [
                    rule.policy, rule.gatewayAddress?.description ?? "", rule.interface ?? "", row.steering?.rawValue ?? "",
                    rule.reason.code.rawValue, rule.reason.text,
                ]
            }
            return cells
        }
    }
}

extension ResolvedRule {
    /// Different words for the different reasons why there is no egress IP.
    var egressIPInWords: String {
        switch action {
        case .gateway: egressIP?.description ?? "unknown"
        case .exclude: "excluded"
        case .drop where gatewayNode == nil: "no gateway"
        case .drop where reason.code.rawValue.hasPrefix("EG12"): "no address"
        case .drop where reason.code.rawValue.hasPrefix("EG11") && reason.code != .familyWithoutDatapath: "no address"
        case .drop: "dropped"
        }
    }

    var gatewayInWords: String { gatewayNode ?? Table.none }
}
