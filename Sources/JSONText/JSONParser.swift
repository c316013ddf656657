/// Reads JSON from bytes in one pass.
///
/// Stricter than many: no word but `true`, `false` and `null`, no number that RFC 8259 doesn't know or that doesn't fit, no
/// control character or half surrogate pair in a string, no key twice in an object, nothing nested deeper than the limit.
struct JSONParser {
    let bytes: UnsafeBufferPointer<UInt8>
    private let depthLimit: Int
    var position = 0
    private var depth = 0
    /// Members and elements of what is open, the innermost last: each object and array is made once, of the right size.
    private var members: [JSONObject.Member] = []
    private var elements: [JSONValue] = []

    init(_ bytes: UnsafeBufferPointer<UInt8>, depthLimit: Int) {
        self.bytes = bytes
        self.depthLimit = depthLimit
    }

    var current: UInt8? { position < bytes.count ? bytes[position] : nil }

    func error(_ message: String, at offset: Int) -> JSONError { JSONError(message, at: offset, of: bytes) }

    /// The value, and nothing after it.
    mutating func document() throws(JSONError) -> JSONValue {
        let value = try value()
        skipSpace()
        if let byte = current { throw error("\(Self.name(byte)) can't stand here", at: position) }
        return value
    }

    // MARK: Structure

    private mutating func skipSpace() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x0A, 0x0D, 0x09: position += 1
            default: return
            }
        }
    }

    /// Recursion is bounded by the depth's limit.
    private mutating func value() throws(JSONError) -> JSONValue {
        skipSpace()
        guard let byte = current else { throw error("the value ends too early", at: position) }
        switch byte {
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "{"): return try object()
        case UInt8(ascii: "["): return try array()
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): return try word()
        default: throw error("\(Self.name(byte)) can't stand here", at: position)
        }
    }

    private mutating func open() throws(JSONError) {
        depth += 1
        guard depth <= depthLimit else { throw error("nested deeper than \(depthLimit)", at: position) }
        position += 1
        skipSpace()
    }

    /// Passes the bracket if it is next.
    private mutating func closes(_ bracket: UInt8) -> Bool {
        guard current == bracket else { return false }
        position += 1
        depth -= 1
        return true
    }

    private mutating func array() throws(JSONError) -> JSONValue {
        try open()
        if closes(UInt8(ascii: "]")) { return .array([]) }
        let first = elements.count
        while true {
            elements.append(try value())
            skipSpace()
            if closes(UInt8(ascii: "]")) { break }
            try separator(UInt8(ascii: ","), "',' or ']'")
        }
        defer { elements.removeSubrange(first...) }
        return .array(Array(elements[first...]))
    }

    private mutating func object() throws(JSONError) -> JSONValue {
        try open()
        if closes(UInt8(ascii: "}")) { return .object(JSONObject()) }
        let first = members.count
        var seen = SeenKeys(first: first)
        while true {
            skipSpace()
            let start = position
            let key = try key()
            guard seen.isNew(key, among: members) else { throw error("the key \"\(key)\" stands twice", at: start) }
            skipSpace()
            try separator(UInt8(ascii: ":"), "':' after the key")
            members.append(JSONObject.Member(key: key, value: try value()))
            skipSpace()
            if closes(UInt8(ascii: "}")) { break }
            try separator(UInt8(ascii: ","), "',' or '}'")
        }
        defer { members.removeSubrange(first...) }
        return .object(JSONObject(distinct: Array(members[first...])))
    }

    private mutating func separator(_ byte: UInt8, _ expected: String) throws(JSONError) {
        guard let found = current else { throw error("the value ends too early", at: position) }
        guard found == byte else { throw error("\(expected) is expected, \(Self.name(found)) is there", at: position) }
        position += 1
    }

    private mutating func key() throws(JSONError) -> String {
        let start = position
        guard current == UInt8(ascii: "\"") else {
            // What could be no value either is told as that.
            let wrong = try value()
            throw error("a key in quotes is expected, \(wrong.kindName) is there", at: start)
        }
        let key = try string()
        // Others that read the text may keep keys as C strings, and lose what comes after the NUL.
        guard !key.utf8.contains(0) else { throw error("a key with the character U+0000", at: start) }
        return key
    }

    // MARK: Words

    private mutating func word() throws(JSONError) -> JSONValue {
        let start = position
        while let byte = current, Self.isWordByte(byte) { position += 1 }
        let text = bytes[start..<position]
        if text.elementsEqual("true".utf8) { return true }
        if text.elementsEqual("false".utf8) { return false }
        if text.elementsEqual("null".utf8) { return nil }
        throw error("'\(String(decoding: text.prefix(20), as: UTF8.self))' is not a JSON value", at: start)
    }

    static func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: false
        }
    }

    static func name(_ byte: UInt8) -> String {
        switch byte {
        case 0x21...0x7E: "'\(Character(Unicode.Scalar(byte)))'"
        default: "the byte 0x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }
    }
}
