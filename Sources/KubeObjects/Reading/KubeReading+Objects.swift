import EgressModel
import JSONText

/// The text that objects are taken from.
struct TextOrigin {
    enum Content {
        case yaml(YAMLDocument)
        /// `start`: where the text begins in the file.
        case json(Substring, start: PlaceTree.Mark)
    }

    var file: String
    /// Lines that hold the value and nothing else.
    var lines: Range<Int>?
    var content: Content

    func source(of path: JSONPath) -> KubeDocument.Source {
        switch content {
        case .yaml(let document): .yaml(document.places.subtree(at: path, in: document.value))
        case .json(let text, let start): .json(text: text, start: start, prefix: path)
        }
    }

    /// Looked up for an error only: in JSON it costs a walk through the text.
    func place(of path: JSONPath) -> SourcePlace {
        switch content {
        case .yaml(let document):
            let mark = document.places.mark(of: path, in: document.value, preferringKey: false)
            return SourcePlace(file: file, line: mark.line, column: mark.column)
        case .json(let text, let start):
            var finder = JSONPlaceFinder(text)
            let mark = finder.mark(of: path, preferringKey: false).after(start)
            return SourcePlace(file: file, line: mark.line, column: mark.column)
        }
    }
}

/// What a list says of its items.
struct ListKind {
    var apiVersion: String
    var kind: String
}

extension KubeReading {
    /// An item of a JSON list, which begins at the place; `nil` when it is no object or too deep inside of it.
    init?(item: JSONSlice, at start: PlaceTree.Mark, in list: ScannedType?, file: String) {
        let text = item.string
        guard let value = try? JSONValue(parsing: text, limits: Self.limits), case .object = value else { return nil }
        self.init()
        let inherited = list.map { ListKind(apiVersion: $0.apiVersion.string, kind: $0.kind.string) }
        take(value, in: inherited, from: TextOrigin(file: file, lines: nil, content: .json(text[...], start: start)))
    }

    /// Whether there is nothing to say of any of its objects.
    var isFlawless: Bool { findings.isEmpty && documents.allSatisfy { $0.decoded().findings.isEmpty } }

    /// Takes an object, or the objects of a list.
    mutating func take(_ value: JSONValue, at path: JSONPath = .root, in list: ListKind? = nil, from origin: TextOrigin) {
        if value.isNull, path.components.isEmpty { return }
        guard case .object(let object) = value else {
            return fail(
                "an object is expected, \(value.kindName) is there", at: origin.place(of: path),
                hint: "a manifest has apiVersion, kind and metadata")
        }
        guard let apiVersion = object["apiVersion"]?.stringValue ?? list?.apiVersion,
            let kind = object["kind"]?.stringValue ?? list?.kind
        else {
            let missing = object["apiVersion"]?.stringValue == nil ? "apiVersion" : "kind"
            return fail(
                "not a manifest: \(missing) is missing", at: origin.place(of: path),
                hint: "a manifest has apiVersion, kind and metadata")
        }
        if kind.hasSuffix("List"), let items = object["items"] {
            return takeItems(items, of: ListKind(apiVersion: apiVersion, kind: kind), at: path.appending("items"), from: origin)
        }
        let metadata = object["metadata"]
        guard let name = metadata?["name"]?.stringValue, !name.isEmpty else {
            return failWithoutName(kind, metadata?["name"], at: origin.place(of: path.appending("metadata").appending("name")))
        }
        let isNamespaced =
            KnownKind(rawValue: kind)?.isNamespaced ?? (metadata?["namespace"] != nil || ConnectionDocument.isNamespaced(kind))
        let namespace = isNamespaced ? metadata?["namespace"]?.stringValue ?? "default" : nil
        documents.append(
            KubeDocument(
                apiVersion: apiVersion, kind: kind, reference: ObjectReference(kind: kind, namespace: namespace, name: name), json: value,
                file: origin.file, lines: path.components.isEmpty ? origin.lines : nil, source: origin.source(of: path)))
    }

    private mutating func failWithoutName(_ kind: String, _ name: JSONValue?, at place: SourcePlace) {
        guard let name, !name.isNull, name != "" else { return fail("\(kind): metadata.name is missing", at: place) }
        fail("\(kind): metadata.name must be a string, not \(name.kindName)", at: place, hint: "put the value in quotes")
    }

    private mutating func takeItems(_ items: JSONValue, of list: ListKind, at path: JSONPath, from origin: TextOrigin) {
        guard !items.isNull else { return }
        guard case .array(let elements) = items else {
            return fail("\(list.kind): items must be a list, not \(items.kindName)", at: origin.place(of: path))
        }
        // A list of one kind, such as PodList, may leave the kind of its items out.
        let itemKind = String(list.kind.dropLast(4))
        let inherited = itemKind.isEmpty ? nil : ListKind(apiVersion: list.apiVersion, kind: itemKind)
        for (index, element) in elements.enumerated() {
            take(element, at: path.appending(index), in: inherited, from: origin)
        }
    }
}
