public import EgressModel
public import JSONText

/// One object of a manifest or snapshot, with a way to say where each of its fields stands.
public struct KubeDocument: Sendable {
    public let apiVersion: String
    public let kind: String
    /// As the text has it; the namespace is `default` where a namespaced object names none.
    public let reference: ObjectReference
    public let json: JSONValue
    public let file: String
    /// Lines of the file, from 1, that hold this object and no other; `nil` for an object inside of a list.
    public let lines: Range<Int>?
    private let source: Source

    enum Source: Sendable {
        case yaml(PlaceTree)
        /// `start`: where the text begins in the file; `prefix` leads to this object inside of the text.
        case json(text: Substring, start: PlaceTree.Mark, prefix: JSONPath)
        /// Made by a program.
        case none
    }

    init(
        apiVersion: String, kind: String, reference: ObjectReference, json: JSONValue, file: String, lines: Range<Int>? = nil,
        source: Source
    ) {
        self.apiVersion = apiVersion
        self.kind = kind
        self.reference = reference
        self.json = json
        self.file = file
        self.lines = lines
        self.source = source
    }

    /// What tells it from every other object: a Service of Knative and one of Kubernetes may share kind and name.
    public var identity: Identity { Identity(group: KnownKind.group(of: apiVersion), reference: reference) }

    public struct Identity: Sendable, Hashable {
        /// Empty for the core group.
        public let group: String
        public let reference: ObjectReference
    }

    /// Where the object begins.
    public var place: SourcePlace? { place(of: .root) }

    /// The same, with the places of all its fields looked up at once: for one that has more than one thing to say.
    public func located() -> KubeDocument {
        guard case .json(let text, let start, let prefix) = source else { return self }
        var finder = JSONPlaceFinder(text)
        guard let tree = finder.tree(of: prefix)?.after(start) else { return self }
        return KubeDocument(
            apiVersion: apiVersion, kind: kind, reference: reference, json: json, file: file, lines: lines, source: .yaml(tree))
    }

    /// Where the field stands, or the nearest thing that leads to it; `nil` for an object that comes from no text.
    public func place(of path: JSONPath, preferringKey: Bool = false) -> SourcePlace? {
        switch source {
        case .yaml(let tree):
            let mark = tree.mark(of: path, in: json, preferringKey: preferringKey)
            return SourcePlace(file: file, line: mark.line, column: mark.column)
        case .json(let text, let start, let prefix):
            var finder = JSONPlaceFinder(text)
            let mark = finder.mark(of: JSONPath(prefix.components + path.components), preferringKey: preferringKey)
                .after(start)
            return SourcePlace(file: file, line: mark.line, column: mark.column)
        case .none:
            return nil
        }
    }
}
