import EgressModel
public import JSONText

extension KubeDocument {
    /// An object as an API server sent it; `nil` when it has no name or kind.
    ///
    /// - Parameters:
    ///   - source: what findings call the place it comes from.
    ///   - apiVersion: of the list that it came in, where the items leave it out; `kind` likewise.
    public init?(object: JSONValue, source: String, apiVersion: String? = nil, kind: String? = nil) {
        guard let apiVersion = object["apiVersion"]?.stringValue ?? apiVersion, let kind = object["kind"]?.stringValue ?? kind,
            let name = object["metadata"]?["name"]?.stringValue, !name.isEmpty
        else { return nil }
        let reference = ObjectReference(kind: kind, namespace: object["metadata"]?["namespace"]?.stringValue, name: name)
        self.init(apiVersion: apiVersion, kind: kind, reference: reference, json: object, file: source, source: .none)
    }
}
