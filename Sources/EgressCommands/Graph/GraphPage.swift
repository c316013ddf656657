import EgressModel
import EgressPolicy

/// The graph as one page: the picture, the same as a table for whoever can't see it, the findings. It loads nothing and
/// runs nothing.
struct GraphPage {
    let graph: EgressGraph
    let title: String
    let findings: [Finding]

    var text: String {
        """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
        <title>\(escaped(title))</title>
        <style>
        \(Self.style)
        </style>
        </head>
        <body>
        <h1>\(escaped(title))</h1>
        <div class="picture">
        \(GraphPicture(layout: GraphLayout(graph), title: title).svg)
        </div>
        \(table)
        \(findingList)
        </body>
        </html>

        """
    }

    private var table: String {
        let titles = Dictionary(graph.boxes.map { ($0.id, $0.title) }) { first, _ in first }
        let rows = graph.edges.map { edge in
            let cells = [titles[edge.from] ?? edge.from, titles[edge.to] ?? edge.to, edge.policy, String(edge.pods), edge.state.rawValue]
            return "<tr>" + cells.map { "<td>\(escaped($0))</td>" }.joined() + "</tr>"
        }
        return """
            <table>
            <thead><tr><th>From</th><th>To</th><th>Policy</th><th>Pods</th><th>State</th></tr></thead>
            <tbody>
            \(rows.joined(separator: "\n"))
            </tbody>
            </table>
            """
    }

    private var findingList: String {
        guard !findings.isEmpty else { return "<p>No findings.</p>" }
        let items = findings.map { finding in
            let object = finding.object.map { " \($0)" } ?? ""
            let hint = finding.hint.map { "<br><small>\(escaped($0))</small>" } ?? ""
            return
                "<li><b>\(finding.severity.rawValue)\(escaped(object)) [\(escaped(finding.code.rawValue))]</b> \(escaped(finding.message))\(hint)</li>"
        }
        return "<h2>Findings</h2>\n<ul>\n\(items.joined(separator: "\n"))\n</ul>"
    }

    /// Light or dark as the reader has it. What a colour says stands in words too.
    private static let style = """
        :root { color-scheme: light dark; --text: #1c2430; --quiet: #5a6675; --page: #ffffff; --box: #f5f7fa; --good: #2f6f9f;
          --warning: #9a6700; --dropped: #b3261e; --unknown: #7a7f87; }
        @media (prefers-color-scheme: dark) { :root { --text: #e6e9ee; --quiet: #a3adba; --page: #14181f; --box: #1e242d;
          --good: #6fb1e0; --warning: #e0b050; --dropped: #f2837b; --unknown: #9aa0a8; } }
        body { font: 14px/1.45 system-ui, sans-serif; color: var(--text); background: var(--page); margin: 24px; }
        h1 { font-size: 20px; } h2 { font-size: 16px; }
        .picture { overflow-x: auto; padding-bottom: 16px; }
        .heading { font-size: 12px; font-weight: 600; fill: var(--quiet); }
        .title { font-size: 14px; font-weight: 600; fill: var(--text); }
        .detail, .count { font-size: 12px; fill: var(--quiet); }
        .count { paint-order: stroke; stroke: var(--page); stroke-width: 3px; }
        .box rect { fill: var(--box); stroke-width: 2; }
        .edge path { fill: none; opacity: 0.6; }
        .good rect, .good path { stroke: var(--good); }
        .warning rect, .warning path { stroke: var(--warning); }
        .dropped rect, .dropped path { stroke: var(--dropped); stroke-dasharray: 6 4; }
        .unknown rect, .unknown path { stroke: var(--unknown); stroke-dasharray: 2 3; }
        table { border-collapse: collapse; } th, td { text-align: left; padding: 2px 16px 2px 0; }
        th { color: var(--quiet); font-weight: 600; }
        """
}
