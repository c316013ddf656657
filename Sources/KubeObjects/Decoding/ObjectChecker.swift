import EgressModel
import JSONText

/// Reads the fields of one object and keeps what is wrong, so that a user sees everything at once.
struct ObjectChecker {
    private(set) var document: KubeDocument
    private(set) var findings: [Finding] = []

    init(_ document: KubeDocument) { self.document = document }

    var root: JSONReader { JSONReader(document.json) }
    var hasErrors: Bool { findings.contains { $0.severity == .error } }

    mutating func report(
        _ severity: Finding.Severity, _ code: ReasonCode, _ path: JSONPath, _ message: String, hint: String? = nil, atKey: Bool = false
    ) {
        // One thing is soon looked up; for many, the text isn't walked each time.
        if findings.count == 1 { document = document.located() }
        findings.append(
            Finding(
                severity, code, object: document.reference, field: path.components.isEmpty ? nil : path.description,
                place: document.place(of: path, preferringKey: atKey), message: message, hint: hint))
    }

    /// What the body reads; `nil` and a finding when a field is missing or of a wrong type.
    mutating func read<Value>(_ body: () throws(JSONFieldError) -> Value) -> Value? {
        do throws(JSONFieldError) {
            return try body()
        } catch {
            report(
                .error, error.isMissing ? .fieldMissing : .fieldType, error.path, error.message, hint: Self.hint(forType: error.message))
            return nil
        }
    }

    /// What to write instead of a value of the wrong type.
    private static func hint(forType message: String) -> String? {
        switch message {
        case "must be a string, not a boolean", "must be a string, not an integer", "must be a string, not a number":
            "put the value in quotes"
        case "must be a list, not a string": "write [\"VALUE\"], or each entry on a line of its own after \"- \""
        case "must be a list, not an object": "begin each entry with \"- \""
        case "must be an object, not a list": "remove the \"- \" before its first field"
        default: nil
        }
    }

    /// A member that may be absent; also `nil` when its parent isn't an object, with a finding.
    mutating func member(_ key: String, of reader: JSONReader?) -> JSONReader? {
        guard let reader else { return nil }
        return read { () throws(JSONFieldError) in try reader.optional(key) } ?? nil
    }

    mutating func requiredMember(_ key: String, of reader: JSONReader?, hint: String? = nil) -> JSONReader? {
        guard let reader else { return nil }
        guard case .object(let object) = reader.value else {
            return read { () throws(JSONFieldError) in try reader.required(key) }
        }
        if object[key] == nil || object[key] == .null {
            let message = object[key] == nil ? "is missing" : "has no value"
            report(.error, .fieldMissing, reader.path.appending(key), message, hint: hint)
            return nil
        }
        return read { () throws(JSONFieldError) in try reader.required(key) }
    }

    mutating func string(_ reader: JSONReader?) -> String? {
        guard let reader else { return nil }
        return read { () throws(JSONFieldError) in try reader.string() }
    }

    mutating func bool(_ reader: JSONReader?) -> Bool? {
        guard let reader else { return nil }
        return read { () throws(JSONFieldError) in try reader.bool() }
    }

    mutating func integer<Number: FixedWidthInteger>(_ reader: JSONReader?, as type: Number.Type = Number.self) -> Number? {
        guard let reader else { return nil }
        return read { () throws(JSONFieldError) in try reader.integer(as: type) }
    }

    /// Empty for an absent list.
    mutating func elements(_ reader: JSONReader?) -> [JSONReader] {
        guard let reader else { return [] }
        return read { () throws(JSONFieldError) in try reader.array() } ?? []
    }

    mutating func strings(_ reader: JSONReader?) -> [String] {
        var strings: [String] = []
        for element in elements(reader) {
            if let text = string(element) { strings.append(text) }
        }
        return strings
    }

    /// A map of strings to strings, such as labels.
    mutating func stringMap(_ reader: JSONReader?) -> [String: String] {
        guard let reader, let members = read({ () throws(JSONFieldError) in try reader.object() }) else { return [:] }
        var map: [String: String] = [:]
        for (key, value) in members {
            if let text = string(value) { map[key] = text }
        }
        return map
    }

    mutating func address(_ reader: JSONReader?) -> IPAddress? {
        guard let reader, let text = string(reader) else { return nil }
        guard let address = IPAddress(text) else {
            report(.error, .invalidAddress, reader.path, "\"\(text)\" is not an IP address")
            return nil
        }
        return address
    }

    /// Warns of members that nobody reads, with the known one that was probably meant.
    mutating func warnOfUnknown(in reader: JSONReader?, known: [String], pasted: [String: PastedField] = [:]) {
        guard let reader, case .object(let object) = reader.value else { return }
        for key in object.keys where !known.contains(key) {
            let paste = pasted[key.lowercased()]
            let guess = NearestName.of(key, among: known).map { "did you mean \($0)?" }
            report(
                .warning, .unknownField, reader.path.appending(key),
                "unknown field, it has no effect" + (paste?.owner.map { "; it is of \($0)" } ?? ""),
                hint: paste?.hint ?? guess ?? "known here: \(known.joined(separator: ", "))", atKey: true)
        }
    }
}
