/// What a walk through JSON has met isn't for it: something is wrong, or is good and seldom. Read the text as a
/// ``JSONValue``, which says what it is.
public struct JSONDetour: Error, Sendable, Hashable {
    public init() {}
}

/// Walks through JSON text where it lies and makes nothing but what is asked for.
///
/// It accepts nothing that ``JSONValue/init(parsing:limits:)`` doesn't, and knows no errors: it takes a ``JSONDetour`` at
/// whatever is wrong, and at what is merely seldom, such as an escape in a key.
public struct JSONCursor {
    private(set) var bytes: UnsafeBufferPointer<UInt8>
    private let depthLimit: Int
    /// In bytes from the text's beginning.
    public internal(set) var position = 0
    var depth = 0
    /// Keys of the objects that are being passed over, the innermost last.
    var passedKeys: [JSONSlice] = []

    public init(_ text: UTF8Text, limits: JSONLimits = JSONLimits()) {
        bytes = text.bytes
        depthLimit = limits.depth
    }

    /// A walk through a value that another walk has passed over, as deep as `depth` objects and arrays.
    public init(_ value: JSONSlice, depth: Int, limits: JSONLimits = JSONLimits()) {
        bytes = value.bytes
        depthLimit = limits.depth
        self.depth = depth
    }

    /// Begins another text.
    public mutating func begin(_ text: UTF8Text) {
        bytes = text.bytes
        position = 0
        depth = 0
        passedKeys.removeAll(keepingCapacity: true)
    }

    /// Objects and arrays that are open.
    public var openCount: Int { depth }

    /// The next byte that isn't white space; 0 at the end.
    @inline(__always)
    mutating func peek() -> UInt8 {
        while position < bytes.count {
            let byte = bytes[position]
            if byte > 0x20 || (byte != 0x20 && byte != 0x0A && byte != 0x0D && byte != 0x09) { return byte }
            position += 1
        }
        return 0
    }

    @inline(__always)
    mutating func take(_ byte: UInt8) throws(JSONDetour) {
        guard peek() == byte else { throw JSONDetour() }
        position += 1
    }

    /// Nothing but white space is left.
    public mutating func end() throws(JSONDetour) {
        _ = peek()
        guard position == bytes.count else { throw JSONDetour() }
    }

    // MARK: Objects and arrays

    @inline(__always)
    mutating func open(_ bracket: UInt8) throws(JSONDetour) {
        try take(bracket)
        depth += 1
        guard depth <= depthLimit else { throw JSONDetour() }
    }

    public mutating func object(_ fields: JSONFields) throws(JSONDetour) -> JSONMembers {
        try open(UInt8(ascii: "{"))
        return JSONMembers(fields)
    }

    /// An object whose members are walked through by ``key(isFirst:)``, whatever their names.
    public mutating func map() throws(JSONDetour) { try open(UInt8(ascii: "{")) }

    /// Goes to the value of the next member, and gives the position of its name in the fields; `nil` after the last. Members
    /// that are `null` are as if they weren't there.
    public mutating func next(_ members: inout JSONMembers) throws(JSONDetour) -> Int? {
        while let key = try key(isFirst: members.met == 0) {
            guard let index = members.fields.index(of: key, from: members.guess), members.met & (1 << UInt64(index)) == 0
            else { throw JSONDetour() }
            members.met |= 1 << UInt64(index)
            members.guess = index + 1
            if peek() == UInt8(ascii: "n") { try word("null") } else { return index }
        }
        return nil
    }

    /// The key of the next member, the colon passed; `nil` and the object closed after the last.
    public mutating func key(isFirst: Bool) throws(JSONDetour) -> JSONSlice? {
        if try closes(UInt8(ascii: "}"), isFirst: isFirst) { return nil }
        let key = try string()
        try take(UInt8(ascii: ":"))
        return key
    }

    public mutating func array() throws(JSONDetour) { try open(UInt8(ascii: "[")) }

    /// Whether there is another element; closes the array otherwise.
    public mutating func hasElement(isFirst: inout Bool) throws(JSONDetour) -> Bool {
        defer { isFirst = false }
        return try !closes(UInt8(ascii: "]"), isFirst: isFirst)
    }

    @inline(__always)
    mutating func closes(_ bracket: UInt8, isFirst: Bool) throws(JSONDetour) -> Bool {
        let byte = peek()
        if byte == bracket {
            position += 1
            depth -= 1
            return true
        }
        if isFirst { return false }
        guard byte == UInt8(ascii: ",") else { throw JSONDetour() }
        position += 1
        return false
    }

    // MARK: Values

    /// A string without escapes.
    public mutating func string() throws(JSONDetour) -> JSONSlice {
        try take(UInt8(ascii: "\""))
        let start = position
        let end = JSONBytes.endOfPlain(in: bytes, from: start)
        guard end < bytes.count, bytes[end] == UInt8(ascii: "\"") else { throw JSONDetour() }
        position = end + 1
        return JSONSlice(bytes: UnsafeBufferPointer(rebasing: bytes[start..<end]))
    }

    /// Any string.
    public mutating func text() throws(JSONDetour) -> String {
        guard peek() == UInt8(ascii: "\"") else { throw JSONDetour() }
        let end = JSONBytes.endOfPlain(in: bytes, from: position + 1)
        if end < bytes.count, bytes[end] == UInt8(ascii: "\"") { return try string().string }
        return try parsed { (parser) throws(JSONError) in try parser.string() }
    }

    public mutating func bool() throws(JSONDetour) -> Bool {
        let isTrue = peek() == UInt8(ascii: "t")
        try word(isTrue ? "true" : "false")
        return isTrue
    }

    /// Whether a string is next.
    public mutating func isAtString() -> Bool { peek() == UInt8(ascii: "\"") }

    /// A whole number of up to eighteen digits.
    public mutating func integer() throws(JSONDetour) -> Int64 {
        guard peek() != UInt8(ascii: "\"") else { throw JSONDetour() }
        guard case .integer(let number) = try number() else { throw JSONDetour() }
        return number
    }

    mutating func number() throws(JSONDetour) -> JSONValue { try parsed { (parser) throws(JSONError) in try parser.number() } }

    mutating func word(_ text: StaticString) throws(JSONDetour) {
        let end = position + text.utf8CodeUnitCount
        guard end <= bytes.count, JSONSlice(bytes: UnsafeBufferPointer(rebasing: bytes[position..<end])) == text,
            end == bytes.count || !JSONParser.isWordByte(bytes[end])
        else { throw JSONDetour() }
        position = end
    }

    /// Has the parser read what is next.
    private mutating func parsed<Value>(_ read: (inout JSONParser) throws(JSONError) -> Value) throws(JSONDetour) -> Value {
        var parser = JSONParser(bytes, depthLimit: depthLimit)
        parser.position = position
        guard let value = try? read(&parser) else { throw JSONDetour() }
        position = parser.position
        return value
    }
}
