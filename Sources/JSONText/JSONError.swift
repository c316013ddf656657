/// Why bytes are not the JSON that they should be, and where.
public struct JSONError: Error, Sendable, Hashable, CustomStringConvertible {
    public var message: String
    /// Counted from 0, in bytes.
    public var offset: Int
    /// Counted from 1.
    public var line: Int
    /// Counted from 1, in bytes.
    public var column: Int

    init(_ message: String, at offset: Int, of bytes: UnsafeBufferPointer<UInt8>) {
        self.message = message
        self.offset = offset
        let before = bytes.prefix(offset)
        let newline = UInt8(ascii: "\n")
        line = 1 + before.count { $0 == newline }
        column = offset - (before.lastIndex(of: newline).map { $0 + 1 } ?? 0) + 1
    }

    public var description: String { "line \(line), column \(column): \(message)" }
}

/// What a parser accepts before it looks at the content.
public struct JSONLimits: Sendable, Hashable {
    /// Objects and arrays inside one another; at most 512.
    public var depth: Int
    public var bytes: Int

    public init(depth: Int = 64, bytes: Int = 64 << 20) {
        self.depth = min(max(depth, 1), 512)
        self.bytes = min(max(bytes, 0), Int(Int32.max) - 1)
    }
}
