/// A value with its path, for reading messages and objects: whatever is missing or of the wrong type is an error that
/// names the field.
public struct JSONReader: Sendable, Hashable {
    public let value: JSONValue
    public let path: JSONPath

    public init(_ value: JSONValue, path: JSONPath = .root) {
        self.value = value
        self.path = path
    }

    /// The member; missing and `null` are errors.
    public func required(_ key: String) throws(JSONFieldError) -> JSONReader {
        guard let member = try optional(key) else { throw JSONFieldError(path: path.appending(key), "is missing", isMissing: true) }
        return member
    }

    /// The member; `nil` when missing or `null`.
    public func optional(_ key: String) throws(JSONFieldError) -> JSONReader? {
        guard case .object(let object) = value else { throw mismatch("an object") }
        guard let member = object[key], !member.isNull else { return nil }
        return JSONReader(member, path: path.appending(key))
    }

    public func string() throws(JSONFieldError) -> String {
        guard case .string(let text) = value else { throw mismatch("a string") }
        return text
    }

    public func bool() throws(JSONFieldError) -> Bool {
        guard case .bool(let bool) = value else { throw mismatch("a boolean") }
        return bool
    }

    public func int() throws(JSONFieldError) -> Int { try integer(as: Int.self) }

    /// A whole number that fits the type.
    public func integer<Number: FixedWidthInteger>(as type: Number.Type = Number.self) throws(JSONFieldError) -> Number {
        switch value {
        case .integer, .unsigned:
            guard let number = value.integerValue(as: type) else {
                throw JSONFieldError(path: path, "is out of range: \(Number.min) to \(Number.max)")
            }
            return number
        default: throw mismatch("an integer")
        }
    }

    public func double() throws(JSONFieldError) -> Double {
        switch value {
        case .number(let number): return number
        case .integer(let number): return Double(number)
        case .unsigned(let number): return Double(number)
        default: throw mismatch("a number")
        }
    }

    public func array() throws(JSONFieldError) -> [JSONReader] {
        guard case .array(let elements) = value else { throw mismatch("a list") }
        return elements.enumerated().map { JSONReader($1, path: path.appending($0)) }
    }

    /// Members in their order.
    public func object() throws(JSONFieldError) -> [(key: String, reader: JSONReader)] {
        guard case .object(let object) = value else { throw mismatch("an object") }
        return object.members.map { ($0.key, JSONReader($0.value, path: path.appending($0.key))) }
    }

    /// Reads a value that has a text form, such as an address; `name` is what errors call it: `an IP address`.
    public func text<Value>(_ name: String, _ parse: (String) -> Value?) throws(JSONFieldError) -> Value {
        let text = try string()
        guard let value = parse(text) else { throw JSONFieldError(path: path, "\"\(text)\" is not \(name)") }
        return value
    }

    private func mismatch(_ expected: String) -> JSONFieldError {
        JSONFieldError(path: path, "must be \(expected), not \(value.kindName)")
    }
}

/// A field that isn't as it should be: `spec.entry: must be an integer, not a string`.
public struct JSONFieldError: Error, Sendable, Hashable, CustomStringConvertible {
    public var path: JSONPath
    public var message: String
    /// Whether the field is absent, rather than of a wrong type or value.
    public var isMissing: Bool

    public init(path: JSONPath, _ message: String, isMissing: Bool = false) {
        self.path = path
        self.message = message
        self.isMissing = isMissing
    }

    public var description: String { path.components.isEmpty ? "the value \(message)" : "\(path): \(message)" }
}
