import EgressModel
import EgressPolicy
import JSONText

/// What `graph` found out.
struct GraphReport: CommandResult {
    let graph: EgressGraph
    let title: String
    let findings: [Finding]

    var names: [String] { graph.boxes.map(\.id) }
    var rows: [JSONValue] { graph.edges.map(Self.json) }
    var html: String { GraphPage(graph: graph, title: title, findings: findings.notable).text }

    var json: JSONValue {
        [
            "boxes": .array(graph.boxes.map(Self.json)), "edges": .array(graph.edges.map(Self.json)),
            "findings": JSONValue(findings: findings),
        ]
    }

    private static func json(_ box: EgressGraph.Box) -> JSONValue {
        [
            "id": .string(box.id), "column": .string(box.column.title), "title": .string(box.title),
            "details": .array(box.details.map { .string($0) }), "state": .string(box.state.rawValue),
        ]
    }

    private static func json(_ edge: EgressGraph.Edge) -> JSONValue {
        [
            "from": .string(edge.from), "to": .string(edge.to), "policy": .string(edge.policy), "pods": JSONValue(edge.pods),
            "state": .string(edge.state.rawValue),
        ]
    }

    /// A paragraph a policy: from which namespaces, then every gateway with its addresses.
    func text(_ layout: TextLayout) -> String {
        let paragraphs = graph.boxes(in: .policies).map { paragraph($0, width: layout.proseWidth) }
        return paragraphs.joined(separator: "\n") + findingsText(findings.notable, width: layout.proseWidth)
    }

    private func paragraph(_ policy: EgressGraph.Box, width: Int) -> String {
        var lines = [plainText(policy.title)]
        for (index, detail) in policy.details.enumerated() {
            lines += wrapped(detail, first: index == 0 ? "  to       " : "           ", width: width)
        }
        let from = graph.edges.filter { $0.to == policy.id && $0.from.hasPrefix("namespace/") }
        let sources = from.map { "\(title(of: $0.from)) (\(counted($0.pods, "pod", "pods")))" }
        lines += wrapped(sources.isEmpty ? "no pod" : sources.joined(separator: ", "), first: "  from     ", width: width)
        for edge in graph.edges where edge.from == policy.id { lines += branch(edge, width) }
        return lines.map { $0 + "\n" }.joined()
    }

    /// One gateway, and below it the addresses that pods leave by there.
    private func branch(_ edge: EgressGraph.Edge, _ width: Int) -> [String] {
        guard let box = graph.boxes.first(where: { $0.id == edge.to }) else { return [] }
        let pods = counted(edge.pods, "pod", "pods")
        guard box.state != .dropped else {
            return wrapped("\(pods): \(box.details.joined(separator: ", "))", first: "  dropped  ", width: width)
        }
        var lines = wrapped(
            ([box.title] + box.details.map { "(\($0))" } + [pods]).joined(separator: " "), first: "  through  ", width: width)
        for next in graph.edges where next.from == edge.to && next.policy == edge.policy {
            guard let address = graph.boxes.first(where: { $0.id == next.to }) else { continue }
            let words = [address.title] + address.details.map { "(\($0))" }
            lines += wrapped(words.joined(separator: " "), first: "    by     ", width: width)
        }
        return lines
    }

    private func title(of id: String) -> String { graph.boxes.first { $0.id == id }?.title ?? id }
}

extension EgressGraph.Column {
    var title: String {
        switch self {
        case .namespaces: "namespace"
        case .policies: "policy"
        case .gateways: "gateway"
        case .addresses: "egressIP"
        }
    }

    /// Above the column in a picture.
    var heading: String {
        switch self {
        case .namespaces: "Pods"
        case .policies: "Policies"
        case .gateways: "Gateways"
        case .addresses: "Egress addresses"
        }
    }
}
