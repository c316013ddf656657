public import EgressPorts
import JSONText
import KubeObjects

extension APICluster: ClusterNaming {
    /// By one list in the form that `kubectl get` prints, a tenth of the objects' bytes. Throws ``ClusterError``.
    public func names(of kind: NamedKind, namespace: String?) async throws -> [ObjectName] {
        if kind == .egressIP { return try await egressIPs() }
        if kind == .gateway { return try await gateways(namespace) }
        let path: ResourcePath =
            switch kind {
            case .namespace: .namespaces
            case .node: .nodes
            case .pod: .pods.inside(namespace)
            case .policy, .gateway, .egressIP: .policies
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

extension APICluster {
    /// Of both APIs, as far as they are served; a name that both have once.
    private func gateways(_ namespace: String?) async throws -> [ObjectName] {
        var names: [String: ObjectName] = [:]
        for source in [MeshSource.gateway, .istioGateway] {
            for apiVersion in source.apiVersions {
                let parts = apiVersion.split(separator: "/").map(String.init)
                guard let group = parts.first, let version = parts.last else { continue }
                let path = ResourcePath(group, version, source.resource).inside(namespace)
                do {
                    _ = try await client.list(path, ListQuery(form: .metadata, acceptsNewerRest: true), restart: {}) { page in
                        for name in page.items.compactMap({ $0["metadata"]?["name"]?.stringValue }) where names[name] == nil {
                            names[name] = ObjectName(name, remark: group)
                        }
                    }
                    break
                } catch {
                    let failure = APIError(reading: error)
                    guard failure.isNotFound else { throw failure.clusterError() }
                }
            }
        }
        return names.values.sorted { $0.name < $1.name }
    }

    /// What nodes announce, each address once with the policies that it is for.
    private func egressIPs() async throws -> [ObjectName] {
        var policies: [String: Set<String>] = [:]
        do {
            _ = try await client.list(.egressNodes, ListQuery(acceptsNewerRest: true), restart: { policies = [:] }) { page in
                for resolution in page.items.flatMap({ $0["status"]?["resolutions"]?.arrayValue ?? [] }) {
                    let addresses = (resolution["ipv4"]?.arrayValue ?? []) + (resolution["ipv6"]?.arrayValue ?? [])
                    for address in addresses.compactMap(\.stringValue) {
                        policies[address, default: []].insert(resolution["policy"]?.stringValue ?? "")
                    }
                }
            }
        } catch {
            throw APIError(reading: error).clusterError()
        }
        return policies.map { ObjectName($0.key, remark: $0.value.sorted().joined(separator: ",")) }.sorted { $0.name < $1.name }
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
            case .namespace, .gateway, .egressIP: []
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
