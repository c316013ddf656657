/// Cuts a stream of bytes into lines; what it holds never outgrows its limit by more than one appended chunk.
///
/// Append a chunk, then take lines with ``next()`` until it has no more. A line is known only when its `\n` came:
/// an unfinished one at the end of the stream may be cut and is not a line.
public struct LineSplitter: Sendable {
    /// Longest line, without its `\n`, in bytes.
    public let limit: Int
    private var buffer: [UInt8] = []
    /// Where the first byte that was not handed out is.
    private var start = 0
    /// Up to here there is no `\n`; keeps many small chunks from being searched again and again.
    private var searched = 0

    public init(limit: Int) {
        self.limit = max(0, limit)
    }

    /// Bytes of the unfinished line.
    public var pending: Int { buffer.count - start }

    public mutating func append(_ bytes: some Sequence<UInt8>) {
        buffer.append(contentsOf: bytes)
    }

    /// The next whole line without its `\n`; `nil` until more bytes come. After an error the stream can't be used further.
    public mutating func next() throws(LineTooLong) -> [UInt8]? {
        guard let newline = buffer[searched...].firstIndex(of: UInt8(ascii: "\n")) else {
            searched = buffer.count
            guard pending <= limit else { throw LineTooLong(limit: limit) }
            dropHandedOut()
            return nil
        }
        guard newline - start <= limit else { throw LineTooLong(limit: limit) }
        let line = Array(buffer[start..<newline])
        start = newline + 1
        searched = start
        return line
    }

    private mutating func dropHandedOut() {
        guard start > 0 else { return }
        buffer.removeFirst(start)
        searched -= start
        start = 0
    }
}

/// A line went over its limit before its end was seen.
public struct LineTooLong: Error, Sendable, Hashable {
    /// In bytes.
    public var limit: Int

    public init(limit: Int) {
        self.limit = limit
    }
}
