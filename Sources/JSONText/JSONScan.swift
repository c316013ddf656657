/// Looks over the bytes for what json-c lets through or decides silently: control characters and lone surrogates in
/// strings, NUL anywhere, words such as `NaN`, numbers that RFC 8259 doesn't know, nesting, and keys that stand twice.
///
/// The order of commas, colons and brackets is json-c's to judge.
struct JSONScan {
    let bytes: UnsafeBufferPointer<UInt8>
    let depthLimit: Int
    /// Compares the keys of each object; without it keys are only counted, which costs nothing.
    let comparesKeys: Bool

    private var position = 0
    private var depth = 0
    private var keys: [Set<String>] = []
    private(set) var keyCount = 0

    init(_ bytes: UnsafeBufferPointer<UInt8>, depthLimit: Int, comparesKeys: Bool) {
        self.bytes = bytes
        self.depthLimit = depthLimit
        self.comparesKeys = comparesKeys
    }

    mutating func run() throws(JSONError) {
        while let byte = current {
            switch byte {
            case 0x20, 0x09, 0x0A, 0x0D, UInt8(ascii: ","), UInt8(ascii: ":"):
                position += 1
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                try open()
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                close()
            case UInt8(ascii: "\""):
                try string()
            case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
                try number()
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"):
                try word()
            default:
                throw error("\(Self.name(byte)) can't stand here", at: position)
            }
        }
    }

    private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

    private func error(_ message: String, at offset: Int) -> JSONError { JSONError(message, at: offset, of: bytes) }

    static func name(_ byte: UInt8) -> String {
        switch byte {
        case 0x21...0x7E: "'\(Character(Unicode.Scalar(byte)))'"
        default: "the byte 0x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }
    }

    private mutating func open() throws(JSONError) {
        depth += 1
        guard depth <= depthLimit else { throw error("nested deeper than \(depthLimit)", at: position) }
        if comparesKeys { keys.append([]) }
        position += 1
    }

    private mutating func close() {
        depth = max(0, depth - 1)
        if comparesKeys { _ = keys.popLast() }
        position += 1
    }

    private mutating func word() throws(JSONError) {
        let start = position
        while let byte = current, Self.isWordByte(byte) { position += 1 }
        let text = bytes[start..<position]
        guard text.elementsEqual("true".utf8) || text.elementsEqual("false".utf8) || text.elementsEqual("null".utf8) else {
            throw error("'\(String(decoding: text.prefix(20), as: UTF8.self))' is not a JSON value", at: start)
        }
    }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: false
        }
    }

    // MARK: Numbers

    private mutating func number() throws(JSONError) {
        let start = position
        if current == UInt8(ascii: "-") { position += 1 }
        let isZero = current == UInt8(ascii: "0")
        let digits = skipDigits()
        var isWhole = true
        var isGood = digits > 0 && (digits == 1 || !isZero)
        if current == UInt8(ascii: ".") {
            position += 1
            isWhole = false
            isGood = skipDigits() > 0 && isGood
        }
        if current == UInt8(ascii: "e") || current == UInt8(ascii: "E") {
            position += 1
            isWhole = false
            if current == UInt8(ascii: "+") || current == UInt8(ascii: "-") { position += 1 }
            isGood = skipDigits() > 0 && isGood
        }
        if let next = current, Self.isWordByte(next) || next == UInt8(ascii: ".") { isGood = false }
        guard isGood else { throw error("not a JSON number", at: start) }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        let fits = isWhole ? digits < 19 || Int64(text) != nil || UInt64(text) != nil : Double(text)?.isFinite == true
        guard fits else { throw error("a number too large to hold", at: start) }
    }

    private mutating func skipDigits() -> Int {
        let start = position
        while let byte = current, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { position += 1 }
        return position - start
    }

    // MARK: Strings

    private mutating func string() throws(JSONError) {
        let start = position
        position += 1
        var hasEscapes = false
        var hasNUL = false
        while true {
            guard let byte = current else { throw error("a string without an end", at: start) }
            if byte == UInt8(ascii: "\"") { break }
            guard byte >= 0x20 else { throw error("a control character inside a string", at: position) }
            if byte == UInt8(ascii: "\\") {
                hasEscapes = true
                if try escape() == 0 { hasNUL = true }
            } else {
                position += 1
            }
        }
        let content = (start + 1)..<position
        position += 1
        guard isFollowedByColon else { return }
        keyCount += 1
        // json-c keeps keys as C strings: what comes after the NUL would be lost.
        guard !hasNUL else { throw error("a key with the character U+0000", at: start) }
        guard comparesKeys else { return }
        let key = hasEscapes ? decoded(content) : String(decoding: bytes[content], as: UTF8.self)
        guard let last = keys.indices.last else { return }
        guard keys[last].insert(key).inserted else { throw error("the key \"\(key)\" stands twice", at: start) }
    }

    private var isFollowedByColon: Bool {
        var next = position
        while next < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[next]) { next += 1 }
        return next < bytes.count && bytes[next] == UInt8(ascii: ":")
    }

    /// Passes one escape and returns its character.
    private mutating func escape() throws(JSONError) -> UInt32 {
        let start = position
        position += 1
        guard let letter = current else { throw error("a string without an end", at: start) }
        position += 1
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return UInt32(letter)
        case UInt8(ascii: "b"): return 0x08
        case UInt8(ascii: "f"): return 0x0C
        case UInt8(ascii: "n"): return 0x0A
        case UInt8(ascii: "r"): return 0x0D
        case UInt8(ascii: "t"): return 0x09
        case UInt8(ascii: "u"): return try unicodeEscape(from: start)
        default: throw error("an unknown escape in a string", at: start)
        }
    }

    private mutating func unicodeEscape(from start: Int) throws(JSONError) -> UInt32 {
        guard let unit = hexUnit() else { throw error("\\u needs four hexadecimal digits", at: start) }
        guard (0xD800...0xDFFF).contains(unit) else { return unit }
        guard unit < 0xDC00, position + 1 < bytes.count, bytes[position] == UInt8(ascii: "\\"), bytes[position + 1] == UInt8(ascii: "u")
        else { throw error("half of a surrogate pair", at: start) }
        position += 2
        guard let low = hexUnit(), (0xDC00...0xDFFF).contains(low) else { throw error("half of a surrogate pair", at: start) }
        return 0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00)
    }

    private mutating func hexUnit() -> UInt32? {
        guard position + 4 <= bytes.count else { return nil }
        var unit: UInt32 = 0
        for byte in bytes[position..<(position + 4)] {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): unit = unit << 4 | UInt32(byte - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"): unit = unit << 4 | UInt32(byte - UInt8(ascii: "a") + 10)
            case UInt8(ascii: "A")...UInt8(ascii: "F"): unit = unit << 4 | UInt32(byte - UInt8(ascii: "A") + 10)
            default: return nil
            }
        }
        position += 4
        return unit
    }

    /// The characters of a string that was passed before, so its escapes are known to be good.
    private func decoded(_ range: Range<Int>) -> String {
        var inner = JSONScan(UnsafeBufferPointer(rebasing: bytes[range]), depthLimit: 1, comparesKeys: false)
        var scalars: [UInt8] = []
        while let byte = inner.current {
            if byte == UInt8(ascii: "\\") {
                guard let scalar = (try? inner.escape()).flatMap(Unicode.Scalar.init) else { break }
                scalars.append(contentsOf: String(Character(scalar)).utf8)
            } else {
                scalars.append(byte)
                inner.position += 1
            }
        }
        return String(decoding: scalars, as: UTF8.self)
    }
}
