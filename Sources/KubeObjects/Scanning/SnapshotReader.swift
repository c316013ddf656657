public import EgressModel
public import JSONText

/// Reads a cluster from texts as fast as it can: nodes, namespaces, pods and services that nothing is wrong with become model
/// values in one pass, everything else is read as a ``KubeDocument`` and checked. The snapshot is the same as
/// ``clusterSnapshot(from:)`` makes of the same texts.
public struct SnapshotReader {
    private var reading = KubeReading()
    private var parts = SnapshotParts()
    /// Hashes of what was met. That two objects have the same by chance costs time and nothing else.
    private var identities: Set<Int> = []
    private var needsDocuments = false
    /// Objects that were read as documents and checked.
    public private(set) var checkedCount = 0

    public init() {}

    /// The cluster; `nil` when it can be told only from all documents together, as some object is described twice or a
    /// list is broken: then read the texts by ``KubeReading``.
    public var snapshot: ClusterSnapshot? { needsDocuments ? nil : parts.snapshot(of: reading, duplicates: []) }

    /// Takes what was read already.
    public mutating func read(_ other: KubeReading) {
        reading.findings += other.findings
        reading.isComplete = reading.isComplete && other.isComplete
        for document in other.documents { take(document) }
        checkedCount += other.documents.count
    }

    /// Reads a text; what isn't JSON by way of ``KubeReading``.
    public mutating func read(_ text: UTF8Text, file: String, format: KubeReading.Format) {
        guard !needsDocuments else { return }
        guard format != .yaml, text.firstInk == UInt8(ascii: "{") else { return read(KubeReading(text.string, file: file, format: format)) }
        if format == .jsonLines || (format == .automatic && Self.beginsWithWholeLine(text)) { return readLines(of: text, file: file) }
        var scanner = ObjectScanner(text)
        do throws(JSONDetour) {
            try readDocument(&scanner, in: text, line: 1, file: file)
        } catch {
            needsDocuments = true
        }
    }

    /// As ``KubeReading`` tells JSON lines from one object on many.
    private static func beginsWithWholeLine(_ text: UTF8Text) -> Bool {
        var rest = 0..<text.count
        while let line = text.nextLine(&rest) {
            guard line.firstInk != nil else { continue }
            do throws(JSONDetour) {
                var cursor = JSONCursor(line)
                try cursor.pass()
                try cursor.end()
                return true
            } catch {
                return false
            }
        }
        return false
    }

    private mutating func readLines(of text: UTF8Text, file: String) {
        var scanner = ObjectScanner(text)
        var rest = 0..<text.count
        var number = 0
        while !needsDocuments, let line = text.nextLine(&rest) {
            number += 1
            guard line.firstInk != nil else { continue }
            scanner.cursor.begin(line)
            do throws(JSONDetour) {
                try readDocument(&scanner, in: line, line: number, file: file)
            } catch {
                read(KubeReading(line: line.string, number: number, file: file))
            }
        }
    }

    /// One object or list that fills the text, which begins at the line. Nothing was taken when it throws.
    private mutating func readDocument(_ scanner: inout ObjectScanner, in text: UTF8Text, line: Int, file: String) throws(JSONDetour) {
        let head = try scanner.head()
        if head.field == ObjectScanner.ObjectField.items || (head.kind.map { $0.hasSuffix("List") } ?? false) {
            return try readList(head, &scanner, in: text, line: line, file: file)
        }
        let object = try scanner.object(head, in: nil)
        try scanner.cursor.end()
        take(object)
    }

    private mutating func readList(
        _ head: ObjectScanner.Head, _ scanner: inout ObjectScanner, in text: UTF8Text, line: Int, file: String
    ) throws(JSONDetour) {
        var head = head
        // What stands between the type and the items, such as the list's own metadata.
        while let field = head.field, field != ObjectScanner.ObjectField.items {
            try scanner.cursor.pass()
            head.field = try scanner.cursor.next(&head.members)
        }
        guard head.field != nil else { throw JSONDetour() }
        let type = try ScannedType(list: head)
        do throws(JSONDetour) {
            try readItems(&scanner, of: type, in: text, line: line, file: file)
            try readEnd(of: head, &scanner)
        } catch {
            needsDocuments = true
        }
    }

    /// What stands after the items: it must be a list, of no other type than was thought when its items were read.
    private func readEnd(of list: ObjectScanner.Head, _ scanner: inout ObjectScanner) throws(JSONDetour) {
        var list = list
        while let field = try scanner.cursor.next(&list.members) {
            switch field {
            case ObjectScanner.ObjectField.apiVersion: list.apiVersion = try scanner.cursor.string()
            case ObjectScanner.ObjectField.kind:
                let kind = try scanner.cursor.string()
                guard kind == "List" else { throw JSONDetour() }
                list.kind = kind
            default: try scanner.cursor.pass()
            }
        }
        try scanner.cursor.end()
        guard list.apiVersion != nil, list.kind != nil else { throw JSONDetour() }
    }

    private mutating func readItems(
        _ scanner: inout ObjectScanner, of type: ScannedType?, in text: UTF8Text, line: Int, file: String
    ) throws(JSONDetour) {
        var lines = LineCounter(line: line)
        var isFirst = true
        try scanner.cursor.array()
        while try scanner.cursor.hasElement(isFirst: &isFirst) {
            let place = scanner.cursor.place()
            do throws(JSONDetour) {
                take(try scanner.object(try scanner.head(), in: type))
            } catch {
                scanner.cursor.goBack(to: place)
                let item = try scanner.cursor.pass()
                // Where it stands is looked for only when something is wrong with it.
                guard let reading = KubeReading(item: item, at: PlaceTree.Mark(line: 1, column: 1), in: type, file: file)
                else { throw JSONDetour() }
                if reading.isFlawless {
                    read(reading)
                } else if let placed = KubeReading(item: item, at: lines.start(at: place.position, in: text), in: type, file: file) {
                    read(placed)
                }
            }
        }
    }

    // MARK: Objects

    private mutating func take(_ object: KubeObject) {
        let (kind, metadata): (KnownKind, ObjectMetadata)
        switch object {
        case .pod(let pod): (kind, metadata) = (.pod, pod.metadata)
        case .node(let node): (kind, metadata) = (.node, node.metadata)
        case .service(let service): (kind, metadata) = (.service, service.metadata)
        case .namespace(let namespace): (kind, metadata) = (.namespace, namespace.metadata)
        default: return needsDocuments = true
        }
        let reference = ObjectReference(kind: kind.rawValue, namespace: metadata.namespace, name: metadata.name)
        guard isNew(KubeDocument.Identity(group: "", reference: reference)) else { return needsDocuments = true }
        parts.take(object, findings: [])
    }

    private mutating func isNew(_ identity: KubeDocument.Identity) -> Bool { identities.insert(identity.hashValue).inserted }

    private mutating func take(_ document: KubeDocument) {
        SnapshotHeader(document)?.add(to: &parts.snapshot)
        guard let identity = snapshotIdentity(of: document) else { return }
        guard isNew(identity) else { return needsDocuments = true }
        let (object, findings) = document.decoded()
        parts.take(object, findings: findings)
    }
}

/// Finds lines and columns of places that come in their order, so that each part of the text is looked through once.
private struct LineCounter {
    private var mark: PlaceTree.Mark
    private var counted = 0

    init(line: Int) { mark = PlaceTree.Mark(line: line, column: 1) }

    mutating func start(at offset: Int, in text: UTF8Text) -> PlaceTree.Mark {
        let part = counted..<max(counted, offset)
        let lines = text.lineFeeds(in: part)
        let characters = text.charactersAfterLineFeed(in: part)
        mark = PlaceTree.Mark(line: mark.line + lines, column: (lines == 0 ? mark.column : 1) + characters)
        counted = part.upperBound
        return mark
    }
}
