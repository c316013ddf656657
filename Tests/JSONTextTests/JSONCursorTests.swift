import JSONText
import TestRandom
import Testing

@Suite struct JSONCursorTests {
    /// Whether the walk passes over the whole text; `nil`: it isn't UTF-8.
    private func passes(_ bytes: [UInt8], limits: JSONLimits = JSONLimits()) -> Bool? {
        bytes.withUnsafeBufferPointer { bytes in
            guard let text = UTF8Text(validating: bytes) else { return nil }
            do throws(JSONDetour) {
                var cursor = JSONCursor(text, limits: limits)
                try cursor.pass()
                try cursor.end()
                return true
            } catch {
                return false
            }
        }
    }

    private func walk<Result>(_ text: String, _ body: (inout JSONCursor) throws -> Result) throws -> Result {
        try Array(text.utf8).withUnsafeBufferPointer { bytes in
            var cursor = JSONCursor(try #require(UTF8Text(validating: bytes)))
            return try body(&cursor)
        }
    }

    @Test(
        arguments: [
            #"{"a":[1,-2.5e3,true,null,false],"b":{"c":"x\u00e9\ud83d\ude00\\","c2":{}},"d":18446744073709551615}"#, "[]", " {} \n",
            "\"é\"",
            "0", "-0", "[[],{}]", #"{"a":{"a":{"a":1}},"b":1}"#,
        ])
    func `good text is passed over`(text: String) {
        #expect(passes(Array(text.utf8)) == true)
    }

    @Test(
        arguments: [
            "", " ", "{", "[1,]", "{\"a\":1,}", "{\"a\" 1}", "[1 2]", "nul", "nulll", "True", "01", "1.", ".5", "1e", "-", "+1", "\"a",
            "\"\\x\"",
            "\"\\ud800\"", "\"\t\"", "{\"a\":1,\"a\":2}", #"{"x":{"a":1,"b":2,"a":3}}"#, "[] []", "{1:2}", "1e999", "99999999999999999999",
            "\0",
            "[1}", "{\"a\":]", "//", "'a'",
        ])
    func `wrong text is left to the parser, which refuses it`(text: String) {
        #expect(passes(Array(text.utf8)) == false)
        #expect(throws: JSONError.self) { try JSONValue(parsing: text) }
    }

    /// The parser reads these.
    @Test(arguments: [#"{"\u0061":1}"#, "{\"é\":1}"])
    func `a key that isn't plain is left to the parser`(text: String) throws {
        #expect(passes(Array(text.utf8)) == false)
        _ = try JSONValue(parsing: text)
    }

    @Test func `it goes as deep as the parser and no deeper`() {
        for depth in [3, 4, 5] {
            let text = Array(String(repeating: "[", count: depth).utf8) + Array(String(repeating: "]", count: depth).utf8)
            let limits = JSONLimits(depth: 4)
            #expect(passes(text, limits: limits) == (depth <= 4))
            #expect(((try? JSONValue(parsing: text, limits: limits)) != nil) == (depth <= 4))
        }
    }

    @Test func `what it passes over the parser reads, also when bytes are changed`() {
        let seed = Array(#"{"a":[1,-2.5e3,true,null],"b":{"c":"x\u00e9\ud83d\ude00\\","c2":{}},"longer key":18446744073709551615}"#.utf8)
        let alphabet = Array("{}[]\",:\\u0dD8e+-.19atnb \n\0\u{7F}".utf8) + [0x80, 0xC3, 0xFF]
        var random = SeededRandom(seed: 4)
        var (passed, refused) = (0, 0)
        for _ in 0..<8000 {
            var bytes = seed
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                let position = Int.random(in: 0..<bytes.count, using: &random)
                let byte = alphabet[Int.random(in: 0..<alphabet.count, using: &random)]
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes[position] = byte
                case 1: bytes.insert(byte, at: position)
                default: bytes.removeSubrange(position..<min(bytes.count, position + 3))
                }
            }
            let isRead = (try? JSONValue(parsing: bytes)) != nil
            if passes(bytes) == true {
                passed += 1
                #expect(isRead, "\(String(decoding: bytes, as: UTF8.self))")
            } else if !isRead {
                refused += 1
            }
        }
        #expect(passed > 50)
        #expect(refused > 5000)
    }

    @Test func `members come by their position in the fields, and null ones not at all`() throws {
        let fields = JSONFields(["a", "b"], passed: ["c"])
        let met = try walk(#"{"c":{"x":[]},"b":"text","a":null}"#) { cursor in
            var met: [Int] = []
            var members = try cursor.object(fields)
            while let field = try cursor.next(&members) {
                met.append(field)
                try cursor.pass()
            }
            try cursor.end()
            return met
        }
        #expect(met == [2, 1])
    }

    @Test(arguments: [#"{"d":1}"#, #"{"a":1,"a":2}"#, #"{"a":null,"a":2}"#, #"{"A":1}"#])
    func `a member that the fields don't have, or that comes twice, ends the walk`(text: String) throws {
        let fields = JSONFields(["a", "b"], passed: ["c"])
        #expect(throws: JSONDetour.self) {
            try walk(text) { cursor in
                var members = try cursor.object(fields)
                while try cursor.next(&members) != nil { try cursor.pass() }
            }
        }
    }

    @Test func `strings, words and numbers are read as the parser reads them`() throws {
        let texts = try walk(#"["plain", "\u00e9\n", "grün", ""]"#) { cursor in
            var texts: [String] = []
            var isFirst = true
            try cursor.array()
            while try cursor.hasElement(isFirst: &isFirst) { texts.append(try cursor.text()) }
            return texts
        }
        #expect(texts == ["plain", "é\n", "grün", ""])
        #expect(try walk("-123456789012345678") { try $0.integer() } == -123_456_789_012_345_678)
        #expect(throws: JSONDetour.self) { try walk("1.0") { try $0.integer() } }
        #expect(throws: JSONDetour.self) { try walk(#""a\n""#) { try $0.string() } }
        #expect(try walk(" true") { try $0.bool() })
        #expect(throws: JSONDetour.self) { try walk("truely") { try $0.bool() } }
    }

    @Test func `lines end at line feeds, wherever those stand among eight bytes`() throws {
        for length in 0..<20 {
            let line = String(repeating: "x", count: length)
            let content = Array("\(line)\n\n\(line)y".utf8)
            let lines = try content.withUnsafeBufferPointer { bytes in
                let text = try #require(UTF8Text(validating: bytes))
                var rest = 0..<text.count
                var lines: [String] = []
                while let line = text.nextLine(&rest) { lines.append(line.string) }
                return lines
            }
            #expect(lines == [line, "", line + "y"])
        }
    }
}
