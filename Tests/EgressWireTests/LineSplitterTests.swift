import EgressWire
import Testing

@Suite struct LineSplitterTests {
    private func lines(_ splitter: inout LineSplitter) throws -> [String] {
        var lines: [String] = []
        while let line = try splitter.next() { lines.append(String(decoding: line, as: UTF8.self)) }
        return lines
    }

    @Test func `lines come out whole whatever the chunks are`() throws {
        let text = "{\"a\":1}\n\n{\"b\":\"ü\"}\nrest"
        for size in 1...text.utf8.count {
            var splitter = LineSplitter(limit: 100)
            var seen: [String] = []
            var bytes = Array(text.utf8)[...]
            while !bytes.isEmpty {
                splitter.append(bytes.prefix(size))
                bytes = bytes.dropFirst(size)
                seen += try lines(&splitter)
            }
            #expect(seen == ["{\"a\":1}", "", "{\"b\":\"ü\"}"], "chunks of \(size)")
            #expect(splitter.pending == 4)
        }
    }

    @Test func `a line of exactly the limit passes and one byte more does not`() throws {
        var splitter = LineSplitter(limit: 5)
        splitter.append("12345\n".utf8)
        #expect(try lines(&splitter) == ["12345"])
        splitter.append("123456\n".utf8)
        #expect(throws: LineTooLong(limit: 5)) { try lines(&splitter) }
    }

    @Test func `a line without an end is refused as soon as it is over the limit`() throws {
        var splitter = LineSplitter(limit: 5)
        splitter.append("12345".utf8)
        #expect(try splitter.next() == nil)
        splitter.append("6".utf8)
        #expect(throws: LineTooLong(limit: 5)) { try splitter.next() }
    }

    @Test func `lines before a line that is too long still come out`() throws {
        var splitter = LineSplitter(limit: 3)
        splitter.append("abc\ndefg\n".utf8)
        #expect(try splitter.next() == Array("abc".utf8))
        #expect(throws: LineTooLong(limit: 3)) { try splitter.next() }
    }
}
