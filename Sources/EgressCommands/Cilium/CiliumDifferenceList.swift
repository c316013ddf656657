import EgressModel
import EgressPolicy
import JSONText

/// What `list --as-cilium` prints: rules for which Cilium does otherwise; with `-o cilium` its table as it would be.
struct CiliumDifferenceList: CommandResult {
    let version: CiliumVersion
    /// By the pod's namespace, name, then family and prefix.
    let differences: [CiliumDifference]
    let findings: [Finding]
    let cilium: JSONValue

    init(_ comparison: CiliumComparison, node: String?, namespace: String?) {
        version = comparison.table.profile.version
        differences = comparison.differences.filter { difference in
            (namespace == nil || difference.pod.namespace == namespace)
                && (node == nil || difference.pod.nodeName == node
                    || (difference.cilium + [difference.ours]).contains { $0.goes(by: node) })
        }
        findings = comparison.findings
        // Where it isn't defined which of several rows is there, one of them is.
        cilium =
            node.map { node in
                let rows = comparison.table.rows.filter { namespace == nil || $0.pod.namespace == namespace }
                return CiliumList(rows: rows.compactMap { $0.shown(on: node).first }).json
            } ?? .null
    }

    var json: JSONValue {
        [
            "version": .string(version.description), "rules": .array(differences.map(\.json)), "findings": JSONValue(findings: findings),
        ]
    }

    var names: [String] {
        var seen: Set<ObjectReference> = []
        return differences.map(\.pod).filter { seen.insert($0.reference).inserted }.map { "pod/\($0.name)" }
    }

    func text(_ layout: TextLayout) -> String {
        let table = differences.isEmpty ? "" : differences.table(version, layout).text(width: layout.width)
        return table + findingsText(findings, width: layout.proseWidth)
    }
}

extension EgressFate {
    fileprivate func goes(by node: String?) -> Bool {
        if case .gateway(let gateway, _) = self { gateway == node } else { false }
    }
}

extension [CiliumDifference] {
    /// A pod's whole name is shown where several namespaces would make it ambiguous.
    func table(_ version: CiliumVersion, _ layout: TextLayout) -> Table {
        var columns = [
            Table.Column("POD", canShrink: true), .init("DESTINATION"), .init("CILIUM-\(version)", canShrink: true), .init("HERE"),
        ]
        if layout.showsNamespaces { columns.insert(.init("NAMESPACE", canShrink: true), at: 0) }
        columns.append(.init("CODE"))
        if layout.isWide { columns += [.init("POLICY"), .init("REASON")] }
        let isQualified = !layout.showsNamespaces && Set(map(\.pod.namespace)).count > 1
        return Table(columns, rows: map { $0.cells(layout, isQualified: isQualified) })
    }
}

extension CiliumDifference {
    fileprivate func cells(_ layout: TextLayout, isQualified: Bool) -> [String] {
        var cells = [isQualified ? "\(pod.namespace)/\(pod.name)" : pod.name, prefix.description]
        cells += layout.isWide ? [ciliumInWords, ours.brief] : inFewWords
        cells.append(reason.code.rawValue)
        if layout.showsNamespaces { cells.insert(pod.namespace, at: 0) }
        return layout.isWide ? cells + [policy ?? Table.none, reason.text] : cells
    }

    /// Of two gateways the nodes, of one gateway the addresses: that is what differs.
    private var inFewWords: [String] {
        let theirs = cilium.count == 1 ? cilium[0] : nil
        if case .gateway(let node, let address)? = theirs, case .gateway(node, let other) = ours {
            return [address, other].map { $0?.description ?? "unknown" }
        }
        return [theirs.map(\.inOneWord) ?? "undefined", ours.inOneWord]
    }

    private var ciliumInWords: String { cilium.map(\.brief).joined(separator: " or ") }

    var json: JSONValue {
        [
            "pod": JSONValue(pod: pod), "sourceIP": JSONValue(source), "destinationCIDR": .string(prefix.description),
            "cilium": .array(cilium.map(\.json)), "ours": ours.json, "policy": JSONValue(policy), "code": JSONValue(reason.code),
            "reason": .string(reason.text),
        ]
    }
}

extension EgressFate {
    fileprivate var inOneWord: String {
        if case .gateway(let node, _) = self { node } else { brief }
    }

    /// Words of `list`; `none`: no policy claims it, or an exclusion lets it go.
    var json: JSONValue {
        switch self {
        case .gateway(let node, let address):
            ["action": "gateway", "gatewayNode": .string(node), "egressIP": JSONValue(address), "reason": .null]
        case .dropped(let why): ["action": "drop", "gatewayNode": .null, "egressIP": .null, "reason": .string(why)]
        case .asNode: ["action": "none", "gatewayNode": .null, "egressIP": .null, "reason": .null]
        }
    }
}
