import JSONText

/// What a plain YAML scalar is: YAML 1.1 as kubectl reads it, so that a file means the same here and there.
///
/// `yes`, `no`, `on`, `off`, `y`, `n` are booleans and `010` is eight; dates stay strings. What JSON has no number for
/// (`.inf`, `.nan`) stays a string too.
enum YAMLScalar {
    static func resolve(plain text: String) -> JSONValue {
        switch text {
        case "", "~", "null", "Null", "NULL": return .null
        case "y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON": return .bool(true)
        case "n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF": return .bool(false)
        default: return number(text) ?? .string(text)
        }
    }

    private static func number(_ text: String) -> JSONValue? {
        guard let first = text.utf8.first, "+-.0123456789".utf8.contains(first), text.utf8.count <= 64 else { return nil }
        return whole(text.filter { $0 != "_" }) ?? fraction(text)
    }

    private static func whole(_ text: String) -> JSONValue? {
        let isNegative = text.hasPrefix("-")
        let digits = isNegative || text.hasPrefix("+") ? text.dropFirst() : text[...]
        let magnitude: UInt64? =
            switch digits.prefix(2).lowercased() {
            case "0x": unsigned(digits.dropFirst(2), radix: 16)
            case "0b": unsigned(digits.dropFirst(2), radix: 2)
            case "0o": unsigned(digits.dropFirst(2), radix: 8)
            default: unsigned(digits, radix: digits.count > 1 && digits.hasPrefix("0") ? 8 : 10)
            }
        guard let magnitude else { return nil }
        guard isNegative else { return JSONValue(magnitude) }
        return Int64(exactly: -Int128(magnitude)).map(JSONValue.integer)
    }

    private static func unsigned(_ digits: Substring, radix: Int) -> UInt64? {
        guard digits.first?.isHexDigit == true else { return nil }
        return UInt64(digits, radix: radix)
    }

    private static func fraction(_ text: String) -> JSONValue? {
        let isNumber = text.wholeMatch(of: /[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?/) != nil
        guard isNumber, let number = Double(text.hasSuffix(".") ? text + "0" : text), number.isFinite else { return nil }
        return .number(number)
    }
}
