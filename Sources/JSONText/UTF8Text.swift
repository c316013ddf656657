/// Bytes that are known to be UTF-8, where they lie; whoever keeps one keeps the bytes.
public struct UTF8Text {
    let bytes: UnsafeBufferPointer<UInt8>

    /// `nil` when the bytes aren't UTF-8.
    public init?(validating bytes: UnsafeBufferPointer<UInt8>) {
        guard (try? UTF8Span(validating: Span(_unsafeElements: bytes))) != nil else { return nil }
        self.bytes = bytes
    }

    private init(part bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    public var count: Int { bytes.count }
    public var string: String { String(decoding: bytes, as: UTF8.self) }

    /// The first byte that isn't JSON's white space; `nil`: there is none.
    public var firstInk: UInt8? { bytes.first { $0 != 0x20 && $0 != 0x0A && $0 != 0x0D && $0 != 0x09 } }

    /// Takes the text up to the next line feed off the front of `rest`, which begins as the whole text; `nil` at the end.
    public func nextLine(_ rest: inout Range<Int>) -> UTF8Text? {
        guard rest.lowerBound < rest.upperBound, rest.upperBound <= bytes.count, rest.lowerBound >= 0 else { return nil }
        let end = JSONBytes.lineFeed(in: bytes, from: rest.lowerBound, to: rest.upperBound)
        defer { rest = min(end + 1, rest.upperBound)..<rest.upperBound }
        return UTF8Text(part: UnsafeBufferPointer(rebasing: bytes[rest.lowerBound..<end]))
    }

    /// Line feeds in a part of the text.
    public func lineFeeds(in range: Range<Int>) -> Int {
        bytes[range.clamped(to: 0..<bytes.count)].count { $0 == 0x0A }
    }

    /// Characters of a part of the text after its last line feed; all of them where it has none.
    public func charactersAfterLineFeed(in range: Range<Int>) -> Int {
        let part = bytes[range.clamped(to: 0..<bytes.count)]
        let start = part.lastIndex(of: 0x0A).map { $0 + 1 } ?? part.startIndex
        return part[start...].count { $0 & 0xC0 != 0x80 }
    }
}

/// Looking at eight bytes at once.
enum JSONBytes {
    private static let ones: UInt64 = 0x0101_0101_0101_0101
    private static let highs: UInt64 = 0x8080_8080_8080_8080

    /// Highest bits where a byte is 0; above the lowest of them there may be false ones.
    @inline(__always)
    private static func zeros(_ word: UInt64) -> UInt64 { (word &- ones) & ~word & highs }

    @inline(__always)
    private static func word(_ bytes: UnsafeBufferPointer<UInt8>, _ position: Int) -> UInt64 {
        UInt64(littleEndian: UnsafeRawPointer(bytes.baseAddress.unsafelyUnwrapped).loadUnaligned(fromByteOffset: position, as: UInt64.self))
    }

    /// Where a string's plain content ends: at a quote, a backslash, a control character or the end of the bytes.
    @inline(__always)
    static func endOfPlain(in bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
        var position = start
        while position + 8 <= bytes.count {
            let word = word(bytes, position)
            let control = (word &- ones &* 0x20) & ~word & highs
            let found = control | zeros(word ^ (ones &* 0x22)) | zeros(word ^ (ones &* 0x5C))
            if found != 0 { return position + found.trailingZeroBitCount / 8 }
            position += 8
        }
        while position < bytes.count {
            let byte = bytes[position]
            if byte < 0x20 || byte == 0x22 || byte == 0x5C { break }
            position += 1
        }
        return position
    }

    /// The next line feed before `end`, or `end`.
    static func lineFeed(in bytes: UnsafeBufferPointer<UInt8>, from start: Int, to end: Int) -> Int {
        var position = start
        while position + 8 <= end {
            let found = zeros(word(bytes, position) ^ (ones &* 0x0A))
            if found != 0 { return position + found.trailingZeroBitCount / 8 }
            position += 8
        }
        while position < end, bytes[position] != 0x0A { position += 1 }
        return position
    }

    /// For tables whose probes are bounded: it is no secret, and whoever makes it collide gains nothing.
    static func hash(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt64 {
        var hash = UInt64(truncatingIfNeeded: bytes.count) &* 0x9E37_79B9_7F4A_7C15
        var position = 0
        while position + 8 <= bytes.count {
            hash = (hash ^ word(bytes, position)) &* 0xBF58_476D_1CE4_E5B9
            hash ^= hash >> 32
            position += 8
        }
        var tail: UInt64 = 0
        while position < bytes.count {
            tail = tail << 8 | UInt64(bytes[position])
            position += 1
        }
        hash = (hash ^ tail) &* 0x94D0_49BB_1331_11EB
        return hash ^ (hash >> 29)
    }
}
