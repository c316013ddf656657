import EgressModel
import EgressPolicy

extension DiffReport {
    /// Rows of pods that a person is shown without `-o wide`.
    static let mostRows = 100

    func text(_ layout: TextLayout) -> String {
        guard hasChanges || !findings.isEmpty else { return "" }
        let parts = [objectTable(layout), summaryLines(layout), podTable(layout)].filter { !$0.isEmpty }
        return parts.joined(separator: "\n") + findingsText(findings, width: layout.proseWidth)
    }

    private func objectTable(_ layout: TextLayout) -> String {
        let shown = layout.isWide ? objects : objects.filter { $0.change != .none }
        guard !shown.isEmpty else { return "" }
        let rows = shown.map { [$0.object.resourceName(apiVersion: $0.apiVersion), $0.change.rawValue] }
        return Table([.init("OBJECT", canShrink: true), .init("CHANGE")], rows: rows).text(width: layout.width)
    }

    private func summaryLines(_ layout: TextLayout) -> String {
        let text = supposition.summary.map { "\($0); \(Supposition.connections)" } ?? "no pod leaves in another way"
        return wrapped(text + ".", first: "PODS   ", width: layout.proseWidth).map { $0 + "\n" }.joined()
    }

    private func podTable(_ layout: TextLayout) -> String {
        let count = changes.pods.reduce(0) { $0 + $1.count }
        guard count > 0 else { return "" }
        var columns = [
            Table.Column("POD", canShrink: true), .init("DESTINATION"), .init("BEFORE", canShrink: true), .init("AFTER", canShrink: true),
        ]
        if layout.showsNamespaces { columns.insert(.init("NAMESPACE", canShrink: true), at: 0) }
        if layout.isWide { columns += ["POLICY-BEFORE", "POLICY-AFTER", "CODE", "REASON"].map { .init($0) } }
        let all = changes.pods.lazy.flatMap { change in change.destinations.lazy.map { (change.pod, $0) } }
        let shown = Array(all.prefix(layout.isWide ? count : Self.mostRows))
        let table = Table(columns, rows: shown.map { row($0, $1, layout) }).text(width: layout.width)
        let rest = count - shown.count
        return table + (rest > 0 ? "... and \(counted(rest, "row", "rows")) more: -o wide shows all\n" : "")
    }

    private func row(_ pod: Pod, _ destination: DestinationChange, _ layout: TextLayout) -> [String] {
        let name = layout.showsNamespaces ? [pod.namespace, pod.name] : ["\(pod.namespace)/\(pod.name)"]
        let (before, after) = destination.inWords
        var cells = name + [destination.prefix.description, before, after]
        if layout.isWide {
            let rule = destination.after ?? destination.before
            cells += [
                destination.before?.policy ?? "", destination.after?.policy ?? "", rule?.reason.code.rawValue ?? "",
                rule?.reason.text ?? "",
            ]
        }
        return cells
    }
}

extension DestinationChange {
    /// How it leaves, before and after; with the gateway where nothing else differs.
    var inWords: (before: String, after: String) {
        let (old, new) = (Self.words(before), Self.words(after))
        guard old == new else { return (old, new) }
        return ("\(old) via \(before?.gatewayInWords ?? "")", "\(new) via \(after?.gatewayInWords ?? "")")
    }

    private static func words(_ rule: ResolvedRule?) -> String {
        switch rule?.action {
        case nil, .exclude: "as its node"
        case .drop: "dropped"
        case .gateway: rule?.egressIP?.description ?? "unknown"
        }
    }
}
