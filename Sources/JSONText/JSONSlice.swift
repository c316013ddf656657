/// A part of a JSON text, where it lies: what stands between a string's quotes when it has no escapes, or a whole value.
///
/// It doesn't own its bytes: it is good for as long as the text is.
public struct JSONSlice {
    public let bytes: UnsafeBufferPointer<UInt8>

    public var isEmpty: Bool { bytes.isEmpty }
    public var count: Int { bytes.count }
    public var string: String { String(decoding: bytes, as: UTF8.self) }
    public var hash: UInt64 { JSONBytes.hash(bytes) }

    public func dropLast(_ count: Int) -> JSONSlice { JSONSlice(bytes: UnsafeBufferPointer(rebasing: bytes.dropLast(max(count, 0)))) }

    var isASCII: Bool { bytes.allSatisfy { $0 < 0x80 } }

    public func hasSuffix(_ text: StaticString) -> Bool {
        guard bytes.count >= text.utf8CodeUnitCount else { return false }
        return JSONSlice(bytes: UnsafeBufferPointer(rebasing: bytes.suffix(text.utf8CodeUnitCount))) == text
    }

    @inlinable
    public static func == (slice: JSONSlice, text: StaticString) -> Bool {
        slice == JSONSlice(bytes: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    @inlinable
    public static func == (a: JSONSlice, b: JSONSlice) -> Bool {
        guard a.bytes.count == b.bytes.count else { return false }
        guard let first = a.bytes.baseAddress, let second = b.bytes.baseAddress else { return true }
        var rest = a.bytes.count
        var offset = 0
        while rest >= 8 {
            let x = UnsafeRawPointer(first).loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            let y = UnsafeRawPointer(second).loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            if x != y { return false }
            offset += 8
            rest -= 8
        }
        while rest > 0 {
            if first[offset] != second[offset] { return false }
            offset += 1
            rest -= 1
        }
        return true
    }

    @inlinable
    init(bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }
}
