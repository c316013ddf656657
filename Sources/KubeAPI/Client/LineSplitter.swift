import Glibc

/// Cuts a stream of bytes at newlines (0x0A alone: Unicode knows more line ends, and they stand inside strings).
struct LineSplitter {
    private let limit: Int
    private var buffer: [UInt8] = []
    /// Where the next line starts.
    private var start = 0
    /// Up to where there is no newline from `start` on.
    private var searched = 0

    init(limit: Int) { self.limit = limit }

    /// Whether the line under way, as far as `next` looked for its end, is longer than may be.
    var isOverLimit: Bool { searched - start > limit }

    mutating func append(_ bytes: [UInt8]) {
        if start > 0 {
            buffer.removeSubrange(..<start)
            (searched, start) = (searched - start, 0)
        }
        buffer += bytes
    }

    /// The next whole line without its newline.
    mutating func next() -> [UInt8]? {
        let newline = buffer.withUnsafeBytes { bytes -> Int? in
            guard let base = bytes.baseAddress, let found = memchr(base + searched, 0x0A, bytes.count - searched) else { return nil }
            return UnsafeRawPointer(found) - base
        }
        guard let newline else {
            searched = buffer.count
            return nil
        }
        let line = Array(buffer[start..<newline])
        (start, searched) = (newline + 1, newline + 1)
        return line
    }
}
