import EgressModel
import EgressPorts
import JSONText

/// Fields that somebody else manages (server-side apply, KEP-555), and what stands in them: the user's value, the one in
/// the cluster, and whose it is.
struct FieldConflictText {
    let manifest: Manifest
    /// The object as it is in the cluster, as JSON; `nil` where it couldn't be read.
    let live: String?
    let conflicts: [FieldConflict]

    var error: CommandError {
        let managers = Set(conflicts.map(\.manager)).sorted()
        let name = manifest.object.resourceName(apiVersion: manifest.apiVersion)
        let owner = managers.count == 1 ? "another manager" : "other managers"
        let head =
            conflicts.count == 1 ? "1 field of \(name) is owned by \(owner)" : "\(conflicts.count) fields of \(name) are owned by \(owner)"
        let rows = table.text(width: nil).split(separator: "\n").map { "  " + $0 }
        return CommandError(
            lines: ["error: " + plainText(head), ""] + rows + [""],
            hints: [
                "change it where \(namesInWords(managers.map(plainText))) takes it from, or take it over with",
                "--force-conflicts, or drop the field from your file to leave it alone",
            ])
    }

    private var table: Table {
        let wanted = try? JSONValue(parsing: manifest.json)
        let present = live.flatMap { try? JSONValue(parsing: $0) }
        return Table(
            [.init("FIELD"), .init("YOURS"), .init("LIVE"), .init("OWNED-BY")],
            rows: conflicts.map { conflict in
                let path = ManagedFieldPath(conflict.field)
                return [
                    conflict.field.hasPrefix(".") ? String(conflict.field.dropFirst()) : conflict.field, Self.cell(path.value(in: wanted)),
                    live == nil ? "unknown" : Self.cell(path.value(in: present)), conflict.manager,
                ]
            })
    }

    /// One line, short enough for a table.
    private static func cell(_ value: JSONValue?) -> String {
        guard let value else { return "" }
        let text = value.stringValue ?? value.text()
        return text.count > 40 ? text.prefix(37) + "..." : text
    }
}

/// A field's path as API servers write it (`fieldpath.Path` of structured-merge-diff): `.spec.egressGateway.egressIP`,
/// `.spec.containers[name="web"].image`, `.spec.rules[0]`, `.metadata.finalizers["x"]`.
struct ManagedFieldPath {
    private enum Step {
        case field(String)
        case index(Int)
        case keyed([(String, JSONValue)])
        case element(JSONValue)
    }

    private var steps: [Step] = []
    /// False for a path that isn't understood; its value is unknown then.
    private var isUnderstood = true

    init(_ text: String) {
        var rest = text[...]
        while let first = rest.popFirst() {
            switch first {
            case ".":
                let name = rest.prefix { $0 != "." && $0 != "[" }
                rest = rest.dropFirst(name.count)
                steps.append(.field(String(name)))
            case "[":
                guard let end = Self.closing(rest) else {
                    isUnderstood = false
                    return
                }
                take(bracket: rest[..<end])
                rest = rest[rest.index(after: end)...]
            default:
                isUnderstood = false
                return
            }
        }
    }

    /// The bracket's end; one inside of quotes is none.
    private static func closing(_ text: Substring) -> Substring.Index? {
        var isQuoted = false
        var isEscaped = false
        for index in text.indices {
            switch text[index] {
            case _ where isEscaped: isEscaped = false
            case "\\": isEscaped = isQuoted
            case "\"": isQuoted.toggle()
            case "]" where !isQuoted: return index
            default: break
            }
        }
        return nil
    }

    private mutating func take(bracket: Substring) {
        if let index = Int(bracket) { return steps.append(.index(index)) }
        if bracket.hasPrefix("\""), let value = try? JSONValue(parsing: String(bracket)) { return steps.append(.element(value)) }
        let keys = bracket.split(separator: ",").compactMap { pair -> (String, JSONValue)? in
            let parts = pair.split(separator: "=", maxSplits: 1)
            guard parts.count == 2, let value = try? JSONValue(parsing: String(parts[1])) else { return nil }
            return (String(parts[0]), value)
        }
        guard !keys.isEmpty else { return isUnderstood = false }
        steps.append(.keyed(keys))
    }

    /// What stands there; `nil` where nothing does.
    func value(in object: JSONValue?) -> JSONValue? {
        guard isUnderstood, var value = object else { return nil }
        for step in steps {
            let next: JSONValue? =
                switch step {
                case .field(let name): value[name]
                case .index(let index): value[index]
                case .keyed(let keys): value.arrayValue?.first { item in keys.allSatisfy { item[$0.0] == $0.1 } }
                case .element(let wanted): value.arrayValue?.first { $0 == wanted }
                }
            guard let next else { return nil }
            value = next
        }
        return value
    }
}
