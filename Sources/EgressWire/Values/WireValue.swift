public import JSONText

/// A value with one form in the helper's protocol.
///
/// Keys are lowerCamelCase; what is absent is `null` and never missing. Reading ignores unknown keys, and says with its
/// path what it can't take.
public protocol WireValue: Sendable {
    init(wire reader: JSONReader) throws(JSONFieldError)
    var wire: JSONValue { get }
}

extension JSONReader {
    func fault(_ key: String, _ message: String) -> JSONFieldError { JSONFieldError(path: path.appending(key), message) }
    func fault(_ message: String) -> JSONFieldError { JSONFieldError(path: path, message) }

    /// A list that must be there, also when it is empty: a missing one would read as "remove all".
    func list<Value>(_ key: String, _ read: (JSONReader) throws(JSONFieldError) -> Value) throws(JSONFieldError) -> [Value] {
        var values: [Value] = []
        for element in try required(key).array() { values.append(try read(element)) }
        return values
    }

    func list<Value: WireValue>(_ key: String) throws(JSONFieldError) -> [Value] {
        try list(key) { reader throws(JSONFieldError) in try Value(wire: reader) }
    }

    func strings(_ key: String) throws(JSONFieldError) -> [String] {
        try list(key) { reader throws(JSONFieldError) in try reader.string() }
    }

    /// A list as a dictionary; a key that stands twice is an error.
    func dictionary<Key: Hashable, Value>(
        _ key: String, _ read: (JSONReader) throws(JSONFieldError) -> (Key, Value)
    ) throws(JSONFieldError) -> [Key: Value] {
        var values: [Key: Value] = [:]
        for element in try required(key).array() {
            let (key, value) = try read(element)
            guard values.updateValue(value, forKey: key) == nil else { throw element.fault("is there twice") }
        }
        return values
    }

    func stringMap(_ key: String) throws(JSONFieldError) -> [String: String] {
        var map: [String: String] = [:]
        for (key, reader) in try required(key).object() { map[key] = try reader.string() }
        return map
    }

    func value<Value: WireValue>(_ key: String) throws(JSONFieldError) -> Value { try Value(wire: required(key)) }

    func optionalValue<Value: WireValue>(_ key: String) throws(JSONFieldError) -> Value? {
        guard let reader = try optional(key) else { return nil }
        return try Value(wire: reader)
    }

    func integer<Number: FixedWidthInteger>(in range: ClosedRange<Number>) throws(JSONFieldError) -> Number {
        let number = try integer(as: Number.self)
        guard range.contains(number) else { throw fault("is \(number), not one of \(range.lowerBound) to \(range.upperBound)") }
        return number
    }

    /// A counter: an integer, or a decimal string where it is 2⁵³ or more.
    func counter() throws(JSONFieldError) -> UInt64 {
        guard case .string(let text) = value else { return try integer(as: UInt64.self) }
        guard !text.isEmpty, text.utf8.allSatisfy({ (48...57).contains($0) }), let number = UInt64(text) else {
            throw fault("is not a decimal number below 2⁶⁴")
        }
        return number
    }

    /// Text of 1 to `limit` bytes without control characters.
    func name(upTo limit: Int) throws(JSONFieldError) -> String {
        let text = try string()
        guard (1...limit).contains(text.utf8.count) else { throw fault("has \(text.utf8.count) bytes, not 1 to \(limit)") }
        guard text.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F }) else { throw fault("has a control character") }
        return text
    }

    func word<Word: RawRepresentable & CaseIterable>(_ type: Word.Type = Word.self) throws(JSONFieldError) -> Word
    where Word.RawValue == String {
        let text = try string()
        guard let word = Word(rawValue: text) else {
            throw fault("\"\(text)\" is none of \(Word.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return word
    }
}

extension JSONValue {
    static func counter(_ number: UInt64) -> JSONValue {
        number < WireLimits.exactNumbers ? JSONValue(number) : .string(String(number))
    }

    static func list(_ values: some Sequence<some WireValue>) -> JSONValue { .array(values.map(\.wire)) }
    static func strings(_ values: some Sequence<String>) -> JSONValue { .array(values.map { .string($0) }) }
    static func texts(_ values: some Sequence<some CustomStringConvertible>) -> JSONValue { .array(values.map { .string($0.description) }) }
    static func text(_ value: (some CustomStringConvertible)?) -> JSONValue { value.map { .string($0.description) } ?? .null }
    static func number(_ value: (some FixedWidthInteger)?) -> JSONValue { value.map { JSONValue($0) } ?? .null }

    /// Members by key.
    static func map(_ values: [String: String]) -> JSONValue {
        .object(JSONObject(values.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) }))
    }
}
