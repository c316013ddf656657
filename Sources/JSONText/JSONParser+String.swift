extension JSONParser {
    /// From the opening quote to the closing one.
    mutating func string() throws(JSONError) -> String {
        let start = position
        position += 1
        let content = position
        position = JSONBytes.endOfPlain(in: bytes, from: content)
        switch current {
        case UInt8(ascii: "\""):
            let text = try text(content..<position)
            position += 1
            return text
        case UInt8(ascii: "\\"): return try stringWithEscapes(from: start)
        case nil: throw error("a string without an end", at: start)
        default: throw error("a control character inside a string", at: position)
        }
    }

    /// The rest of a string whose first escape is next.
    private mutating func stringWithEscapes(from start: Int) throws(JSONError) -> String {
        var decoded: [UInt8] = []
        var plain = start + 1
        while let byte = current {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                // Each part between escapes is checked by itself: an escape can't complete a character.
                try checkUTF8(plain..<position)
                decoded.append(contentsOf: bytes[plain..<position])
                if byte == UInt8(ascii: "\"") {
                    position += 1
                    return String(decoding: decoded, as: UTF8.self)
                }
                let scalar = try escape(in: start)
                decoded.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
                plain = position
            case 0..<0x20: throw error("a control character inside a string", at: position)
            default: position += 1
            }
        }
        throw error("a string without an end", at: start)
    }

    private func text(_ range: Range<Int>) throws(JSONError) -> String {
        guard let text = String(validating: UnsafeBufferPointer(rebasing: bytes[range]), as: UTF8.self) else { throw notUTF8(in: range) }
        return text
    }

    private func checkUTF8(_ range: Range<Int>) throws(JSONError) {
        guard bytes[range].contains(where: { $0 >= 0x80 }) else { return }
        _ = try text(range)
    }

    private func notUTF8(in range: Range<Int>) -> JSONError {
        var length = 0
        var iterator = bytes[range].makeIterator()
        var decoder = Unicode.UTF8.ForwardParser()
        while case .valid(let scalar) = decoder.parseScalar(from: &iterator) { length += scalar.count }
        return error("not UTF-8", at: min(range.lowerBound + length, range.upperBound))
    }

    // MARK: Escapes

    /// Passes one escape and returns its character.
    private mutating func escape(in string: Int) throws(JSONError) -> Unicode.Scalar {
        let start = position
        position += 1
        guard let letter = current else { throw error("a string without an end", at: string) }
        position += 1
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(letter)
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return try unicodeEscape(from: start)
        default: throw error("an unknown escape in a string", at: start)
        }
    }

    private mutating func unicodeEscape(from start: Int) throws(JSONError) -> Unicode.Scalar {
        guard let unit = hexUnit() else { throw error("\\u needs four hexadecimal digits", at: start) }
        if let scalar = Unicode.Scalar(unit) { return scalar }
        guard unit < 0xDC00, position + 1 < bytes.count, bytes[position] == UInt8(ascii: "\\"), bytes[position + 1] == UInt8(ascii: "u")
        else { throw error("half of a surrogate pair", at: start) }
        position += 2
        guard let low = hexUnit(), (0xDC00...0xDFFF).contains(low),
            let scalar = Unicode.Scalar(0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00))
        else { throw error("half of a surrogate pair", at: start) }
        return scalar
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
}
