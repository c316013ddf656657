import EgressModel
import EgressPorts
import JSONText

extension [CheckedManifests.Item] {
    /// The manifests as they are applied: one of a namespaced kind that names no namespace belongs to that of `-n`, or else
    /// to the current one.
    ///
    /// - Parameter named: `-n`. Throws kubectl's sentence where a manifest names another one.
    func inNamespace(_ named: String?, of cluster: any Cluster) throws(CommandError) -> [CheckedManifests.Item] {
        var items: [CheckedManifests.Item] = []
        for item in self { items.append(try item.inNamespace(named, current: cluster.currentNamespace)) }
        return items
    }
}

extension CheckedManifests.Item {
    fileprivate func inNamespace(_ named: String?, current: String?) throws(CommandError) -> CheckedManifests.Item {
        guard case .object(var object)? = try? JSONValue(parsing: manifest.json), case .object(var metadata)? = object["metadata"] else {
            return self
        }
        if let own = metadata["namespace"]?.stringValue, !own.isEmpty {
            guard let named, !named.isEmpty, own != named else { return self }
            throw CommandError(
                "the namespace from the provided object \"\(plainText(own))\" does not match the namespace \"\(plainText(named))\". "
                    + "You must pass '--namespace=\(plainText(own))' to perform this operation.")
        }
        // Of other kinds the API server's discovery says whether they have a namespace.
        guard manifest.object.namespace != nil, let namespace = named.flatMap({ $0.isEmpty ? nil : $0 }) ?? current else { return self }
        metadata["namespace"] = .string(namespace)
        object["metadata"] = .object(metadata)
        var item = self
        item.manifest.json = JSONValue.object(object).text(sorted: true)
        item.manifest.object = ObjectReference(kind: manifest.object.kind, namespace: namespace, name: manifest.object.name)
        return item
    }
}
