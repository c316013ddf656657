/// An array in pieces, for a long list that stays in order while elements come and go: a change costs a piece, not the list.
struct OrderedChunks<Element> {
    /// A piece is divided at twice this.
    private static var usual: Int { 128 }

    private(set) var chunks: [[Element]] = []
    /// Position of each piece's first element.
    private var starts: [Int] = []
    private(set) var count = 0

    init() {}

    /// `elements` are in order.
    init(_ elements: some Sequence<Element>) {
        for element in elements { append(element) }
    }

    /// The caller keeps the order.
    mutating func append(_ element: Element) {
        if chunks.last.map({ $0.count >= Self.usual }) ?? true {
            var chunk: [Element] = []
            // Short lists are many.
            if !chunks.isEmpty { chunk.reserveCapacity(Self.usual) }
            starts.append(count)
            chunks.append(chunk)
        }
        chunks[chunks.count - 1].append(element)
        count += 1
    }

    /// The piece that holds the position, for `0...count`.
    private func chunk(at position: Int) -> Int {
        var (low, high) = (0, starts.count)
        while low < high {
            let middle = (low + high) / 2
            if starts[middle] <= position { low = middle + 1 } else { high = middle }
        }
        return Swift.max(0, low - 1)
    }

    subscript(position: Int) -> Element {
        let chunk = chunk(at: position)
        return chunks[chunk][position - starts[chunk]]
    }

    /// Where the elements begin for which `isReached` holds, as it does for none before and all after.
    func firstPosition(where isReached: (Element) -> Bool) -> Int {
        var (low, high) = (0, chunks.count)
        while low < high {
            let middle = (low + high) / 2
            if chunks[middle].last.map(isReached) ?? true { high = middle } else { low = middle + 1 }
        }
        guard low < chunks.count else { return count }
        let (first, chunk) = (starts[low], chunks[low])
        (low, high) = (0, chunk.count)
        while low < high {
            let middle = (low + high) / 2
            if isReached(chunk[middle]) { high = middle } else { low = middle + 1 }
        }
        return first + low
    }

    mutating func replace(at position: Int, with element: Element) {
        let chunk = chunk(at: position)
        chunks[chunk][position - starts[chunk]] = element
    }

    mutating func insert(_ element: Element, at position: Int) {
        guard !chunks.isEmpty else { return append(element) }
        let chunk = chunk(at: position)
        chunks[chunk].insert(element, at: position - starts[chunk])
        count += 1
        for later in (chunk + 1)..<Swift.max(chunk + 1, starts.count) { starts[later] += 1 }
        if chunks[chunk].count >= 2 * Self.usual { divide(chunk) }
    }

    private mutating func divide(_ chunk: Int) {
        let half = chunks[chunk].count / 2
        let upper = Array(chunks[chunk][half...])
        chunks[chunk].removeSubrange(half...)
        chunks.insert(upper, at: chunk + 1)
        starts.insert(starts[chunk] + half, at: chunk + 1)
    }

    mutating func remove(at position: Int) {
        let chunk = chunk(at: position)
        chunks[chunk].remove(at: position - starts[chunk])
        count -= 1
        for later in (chunk + 1)..<Swift.max(chunk + 1, starts.count) { starts[later] -= 1 }
        if chunks[chunk].isEmpty {
            chunks.remove(at: chunk)
            starts.remove(at: chunk)
        }
    }
}

extension OrderedChunks: Sendable where Element: Sendable {}

extension OrderedChunks: Sequence {
    func makeIterator() -> FlattenSequence<[[Element]]>.Iterator { chunks.joined().makeIterator() }
}
