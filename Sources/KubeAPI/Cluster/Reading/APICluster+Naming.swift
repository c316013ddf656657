public import EgressPorts
import JSONText

extension APICluster: ClusterNaming {
    /// By one list in the form that `kubectl get` prints, a tenth of the objects' bytes. Throws ``ClusterError``.
    public func names(of kind: NamedKind, namespace: String?) async throws -> [ObjectName] {
        let path: ResourcePath =
            switch kind {
            case .namespace: .namespaces
            case .node: .nodes
            case .pod: .pods.inside(namespace)
            case .policy: .policies
            }
        // A word at the prompt may be a moment old.
        var query = ListQuery(form: kind == .namespace ? .metadata : .table, acceptsNewerRest: true)
        if kind == .namespace { query.form = .metadata }
        var names: [ObjectName] = []
        do {
            _ = try await client.list(path, query, restart: { names = [] }) { page in
                let columns = TableColumns(page.columns)
                for row in page.items {
                    let object = row["object"] ?? row
                    guard let name = object["metadata"]?["name"]?.stringValue else { continue }
                    names.append(ObjectName(name, remark: columns.remark(row, of: kind)))
                }
            }
        } catch {
            throw APIError(reading: error).clusterError()
        }
        return names.sorted { $0.name < $1.name }
    }
}

/// Where a table has what we show.
private struct TableColumns {
    private var positions: [String: Int] = [:]

    init(_ columns: [JSONValue]) {
        for (position, column) in columns.enumerated() {
            if let name = column["name"]?.stringValue { positions[name.lowercased()] = position }
        }
    }

    func remark(_ row: JSONValue, of kind: NamedKind) -> String {
        let names: [String] =
            switch kind {
            case .pod: ["status", "ip", "node"]
            case .node: ["status"]
            case .policy: ["destinations", "egress-ip", "interface"]
            case .namespace: []
            }
        return names.compactMap { text(row, $0) }.joined(separator: " ")
    }

    /// `nil` for what kubectl would print as `<none>`.
    private func text(_ row: JSONValue, _ column: String) -> String? {
        guard let position = positions[column], let text = row["cells"]?[position]?.stringValue, !text.isEmpty, text != "<none>" else {
            return nil
        }
        return text
    }
}
