extension JSONParser {
    mutating func number() throws(JSONError) -> JSONValue {
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
        guard let value = Self.value(bytes[start..<position], isWhole: isWhole, digits: digits) else {
            throw error("a number too large to hold", at: start)
        }
        return value
    }

    private mutating func skipDigits() -> Int {
        let start = position
        while position < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[position]) { position += 1 }
        return position - start
    }

    /// `nil` when it doesn't fit.
    private static func value(_ text: Slice<UnsafeBufferPointer<UInt8>>, isWhole: Bool, digits: Int) -> JSONValue? {
        // Up to eighteen digits fit for certain.
        if isWhole, digits <= 18 {
            let isNegative = text.first == UInt8(ascii: "-")
            let magnitude = text.dropFirst(isNegative ? 1 : 0).reduce(into: Int64(0)) { $0 = $0 * 10 + Int64($1 - UInt8(ascii: "0")) }
            return .integer(isNegative ? -magnitude : magnitude)
        }
        let text = String(decoding: text, as: UTF8.self)
        if isWhole { return Int64(text).map { .integer($0) } ?? UInt64(text).map { .unsigned($0) } }
        guard let number = Double(text), number.isFinite else { return nil }
        return .number(number)
    }
}
