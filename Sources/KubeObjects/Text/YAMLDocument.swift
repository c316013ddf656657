import JSONText
import Yams

/// Why a text can't be read, and where.
struct TextError: Error, Hashable {
    var message: String
    var mark: PlaceTree.Mark
    var hint: String?

    init(_ message: String, line: Int, column: Int) {
        self.message = message
        mark = PlaceTree.Mark(line: line, column: column)
    }
}

/// One YAML document as a JSON value, with the place of everything in it.
struct YAMLDocument {
    var value: JSONValue
    var places: PlaceTree

    static let depthLimit = 64
    static let nodeLimit = 1_000_000

    /// Values that a text of so many octets may come to. Without aliases each takes an octet at least, and nobody repeats
    /// things tenfold by hand.
    static func nodeLimit(octets: Int) -> Int { min(nodeLimit, 10_000 + 10 * min(octets, nodeLimit)) }

    /// The documents of a chunk: one, or several that `...` separates.
    static func read(_ chunk: YAMLChunk) throws(TextError) -> [YAMLDocument] {
        let text = chunk.text
        if let offset = YAMLKeyCheck(text).firstRiskyKey() {
            let before = text.utf8.prefix(offset)
            let line = before.count { $0 == 0x0A }
            throw TextError("a key that isn't a plain word, in a document with aliases", line: chunk.firstLine + line, column: 1)
        }
        do {
            let parser = try Parser(yaml: String(text), resolver: .basic, encoding: .utf8)
            var documents: [YAMLDocument] = []
            while let root = try parser.nextRoot() {
                var conversion = YAMLConversion(firstLine: chunk.firstLine, octets: text.utf8.count)
                let (value, places) = try conversion.convert(root, depth: 0)
                documents.append(YAMLDocument(value: value, places: places))
            }
            return documents
        } catch let error as TextError {
            throw error
        } catch let error as YamlError {
            throw TextError(error, in: chunk)
        } catch {
            throw TextError("not YAML: \(error)", line: chunk.firstLine, column: 1)
        }
    }
}

extension TextError {
    init(_ error: YamlError, in chunk: YAMLChunk) {
        func at(_ line: Int, _ column: Int, _ message: String) -> TextError {
            TextError(message, line: chunk.firstLine + max(line, 1) - 1, column: max(column, 1))
        }
        self =
            switch error {
            case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
                .composer(let context, let problem, let mark, _):
                at(mark.line, mark.column, "not YAML: " + ([context?.text, problem].compactMap { $0 }.joined(separator: ": ")))
            case .duplicatedKeysInMapping(let keys, let context):
                at(context.mark.line, context.mark.column, "the key \"\(keys.first ?? "")\" stands twice")
            case .reader(let problem, let offset, _, let text):
                at(1 + text.prefix(offset ?? 0).count(where: \.isNewline), 1, "not YAML: \(problem)")
            default:
                TextError("not YAML: \(error)", line: chunk.firstLine, column: 1)
            }
        let lines = chunk.text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        let index = mark.line - chunk.firstLine
        guard lines.indices.contains(index) else { return }
        let indentation = lines[index].prefix { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        if indentation.contains(UInt8(ascii: "\t")) { hint = "a tab can't indent in YAML: use spaces" }
    }
}

/// Turns nodes into JSON values. Aliases are copies, so what counts is what comes out, and that is bounded.
struct YAMLConversion {
    let firstLine: Int
    /// Otherwise equal keys are an error.
    let lastOfEqualKeysWins: Bool
    private let nodeLimit: Int
    private var nodes = 0

    /// - Parameter octets: of the text, which bounds what may come of it.
    init(firstLine: Int, octets: Int, lastOfEqualKeysWins: Bool = false) {
        self.firstLine = firstLine
        nodeLimit = YAMLDocument.nodeLimit(octets: octets)
        self.lastOfEqualKeysWins = lastOfEqualKeysWins
    }

    mutating func convert(_ node: Node, depth: Int) throws(TextError) -> (JSONValue, PlaceTree) {
        let mark = place(of: node)
        nodes += 1
        guard nodes <= nodeLimit else {
            throw TextError("more than \(nodeLimit) values, aliases written out", line: mark.line, column: mark.column)
        }
        guard depth <= YAMLDocument.depthLimit else {
            throw TextError("nested deeper than \(YAMLDocument.depthLimit)", line: mark.line, column: mark.column)
        }
        switch node {
        case .scalar(let scalar):
            return (value(of: scalar), PlaceTree(value: mark))
        case .sequence(let sequence):
            var elements: [JSONValue] = []
            var places: [PlaceTree] = []
            for child in sequence {
                let (value, place) = try convert(child, depth: depth + 1)
                elements.append(value)
                places.append(place)
            }
            return (.array(elements), PlaceTree(value: mark, children: places))
        case .mapping(let mapping):
            return try convert(mapping, at: mark, depth: depth)
        case .alias:
            throw TextError("an alias without its anchor", line: mark.line, column: mark.column)
        }
    }

    private mutating func convert(
        _ mapping: Node.Mapping, at mark: PlaceTree.Mark, depth: Int
    ) throws(TextError) -> (JSONValue, PlaceTree) {
        var object = JSONObject()
        var places: [PlaceTree] = []
        var merged: [(JSONValue, PlaceTree)] = []
        for (keyNode, valueNode) in mapping {
            let keyMark = place(of: keyNode)
            guard case .scalar(let key) = keyNode else {
                throw TextError("a key must be a word, not a list or an object", line: keyMark.line, column: keyMark.column)
            }
            var (value, place) = try convert(valueNode, depth: depth + 1)
            if key.style == .plain, key.string == "<<" {
                merged += try mergeSources(value, place)
                continue
            }
            guard lastOfEqualKeysWins || object[key.string] == nil else {
                throw TextError("the key \"\(key.string)\" stands twice", line: keyMark.line, column: keyMark.column)
            }
            place.key = keyMark
            object[key.string] = value
            places.append(place)
        }
        for (source, sourcePlaces) in merged {
            guard case .object(let members) = source else { continue }
            for (member, place) in zip(members.members, sourcePlaces.children) where object[member.key] == nil {
                object[member.key] = member.value
                places.append(place)
            }
        }
        return (.object(object), PlaceTree(value: mark, children: places))
    }

    /// What `<<` brings in: an object, or a list of them, the earlier winning.
    private func mergeSources(_ value: JSONValue, _ place: PlaceTree) throws(TextError) -> [(JSONValue, PlaceTree)] {
        switch value {
        case .object: return [(value, place)]
        case .array(let elements) where elements.allSatisfy({ $0.objectValue != nil }): return Array(zip(elements, place.children))
        default: throw TextError("<< needs an object", line: place.value.line, column: place.value.column)
        }
    }

    private func place(of node: Node) -> PlaceTree.Mark {
        PlaceTree.Mark(line: firstLine + max(node.mark?.line ?? 1, 1) - 1, column: max(node.mark?.column ?? 1, 1))
    }

    private func value(of scalar: Node.Scalar) -> JSONValue {
        switch scalar.tag.rawValue {
        case "" where scalar.style == .plain: YAMLScalar.resolve(plain: scalar.string)
        case Tag.Name.bool.rawValue, Tag.Name.int.rawValue, Tag.Name.float.rawValue, Tag.Name.null.rawValue:
            YAMLScalar.resolve(plain: scalar.string)
        default: .string(scalar.string)
        }
    }
}
