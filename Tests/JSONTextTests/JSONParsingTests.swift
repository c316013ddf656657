import JSONText
import Testing

@Suite struct JSONParsingTests {
    @Test func `every kind of value is read, with members in the order of the text`() throws {
        let text = #"{"z":[1,-2,18446744073709551615,1.5,1e3],"a":"é\n\u00e9\ud83d\ude00\u0000","n":null,"t":true,"f":false,"o":{}}"#
        let value = try JSONValue(parsing: text)
        #expect(value.objectValue?.keys == ["z", "a", "n", "t", "f", "o"])
        #expect(value["z"] == [1, -2, .unsigned(.max), 1.5, .number(1000)])
        #expect(value["a"]?.stringValue == "é\né😀\u{0}")
        #expect(value["n"] == .null)
        #expect(value["t"] == true)
        #expect(value["o"] == [:])
    }

    @Test(arguments: [
        ("", "line 1, column 1: the value ends too early"),
        ("  \n ", "line 2, column 2: the value ends too early"),
        ("{", "line 1, column 2: the value ends too early"),
        ("{\n  \"a\": 1,\n  \"b\" 2\n}", "line 3, column 7: ':' after the key is expected, '2' is there"),
        ("{\"a\":1 \"b\":2}", "line 1, column 8: ',' or '}' is expected, '\"' is there"),
        ("[1 2]", "line 1, column 4: ',' or ']' is expected, '2' is there"),
        ("[1,]", "line 1, column 4: ']' can't stand here"),
        ("{\"a\":1,}", "line 1, column 8: '}' can't stand here"),
        ("{a:1}", "line 1, column 2: 'a' is not a JSON value"),
        ("{1:2}", "line 1, column 2: a key in quotes is expected, an integer is there"),
        ("{\"a\"}", "line 1, column 5: ':' after the key is expected, '}' is there"),
        ("[1}", "line 1, column 3: ',' or ']' is expected, '}' is there"),
        ("\"\\n\u{1}\"", "line 1, column 4: a control character inside a string"),
        ("{'a':1}", "line 1, column 2: ''' can't stand here"),
        ("// c\n1", "line 1, column 1: '/' can't stand here"),
        ("NaN", "line 1, column 1: 'NaN' is not a JSON value"),
        ("[Infinity]", "line 1, column 2: 'Infinity' is not a JSON value"),
        ("-Infinity", "line 1, column 1: not a JSON number"),
        ("True", "line 1, column 1: 'True' is not a JSON value"),
        ("[01]", "line 1, column 2: not a JSON number"),
        ("[1.]", "line 1, column 2: not a JSON number"),
        ("[.5]", "line 1, column 2: '.' can't stand here"),
        ("[1e]", "line 1, column 2: not a JSON number"),
        ("[0x10]", "line 1, column 2: not a JSON number"),
        ("[1e999]", "line 1, column 2: a number too large to hold"),
        ("[18446744073709551616]", "line 1, column 2: a number too large to hold"),
        ("[-9223372036854775809]", "line 1, column 2: a number too large to hold"),
        ("\"a\tb\"", "line 1, column 3: a control character inside a string"),
        ("\"abc", "line 1, column 1: a string without an end"),
        ("\"\\x\"", "line 1, column 2: an unknown escape in a string"),
        ("\"\\u12\"", "line 1, column 2: \\u needs four hexadecimal digits"),
        ("\"\\ud800\"", "line 1, column 2: half of a surrogate pair"),
        ("\"\\udc00\"", "line 1, column 2: half of a surrogate pair"),
        ("\"\\ud800\\u0041\"", "line 1, column 2: half of a surrogate pair"),
        ("{\"a\\u0000b\":1}", "line 1, column 2: a key with the character U+0000"),
        ("{\"a\":1,\"b\":{\"c\":1,\"\\u0063\":2}}", "line 1, column 19: the key \"c\" stands twice"),
        ("{} {}", "line 1, column 4: '{' can't stand here"),
        ("1]", "line 1, column 2: ']' can't stand here"),
        ("1 2", "line 1, column 3: '2' can't stand here"),
        ("1\u{0}", "line 1, column 2: the byte 0x00 can't stand here"),
    ])
    func `what isn't JSON is refused with its place`(text: String, message: String) {
        let error = #expect(throws: JSONError.self) { try JSONValue(parsing: text) }
        #expect(error?.description == message)
    }

    @Test func `bytes that aren't UTF-8 are refused`() {
        // An escape in the middle of a character doesn't complete it.
        let split: [UInt8] = [0x22, 0xC3, 0x5C, 0x75, 0x30, 0x30, 0x61, 0x39, 0x22]
        for bytes: [UInt8] in [[0x22, 0xFF, 0x22], [0x22, 0xC0, 0x80, 0x22], [0x22, 0xE2, 0x82, 0x22], split] {
            let error = #expect(throws: JSONError.self) { try JSONValue(parsing: bytes) }
            #expect(error?.description == "line 1, column 2: not UTF-8")
        }
    }

    @Test func `nesting stops at the limit and not before`() throws {
        func nested(_ depth: Int) -> String { String(repeating: "[", count: depth) + String(repeating: "]", count: depth) }
        _ = try JSONValue(parsing: nested(64))
        let error = #expect(throws: JSONError.self) { try JSONValue(parsing: nested(65)) }
        #expect(error?.description == "line 1, column 65: nested deeper than 64")
        _ = try JSONValue(parsing: nested(3), limits: JSONLimits(depth: 3))
        #expect(throws: JSONError.self) { try JSONValue(parsing: nested(100_000)) }
    }

    @Test func `the length stops at the limit`() {
        #expect(throws: JSONError.self) { try JSONValue(parsing: "[1,2]", limits: JSONLimits(bytes: 4)) }
        #expect(throws: Never.self) { try JSONValue(parsing: "[1,2]", limits: JSONLimits(bytes: 5)) }
    }

    @Test func `a large object finds every key`() throws {
        let text = "{" + (0..<1000).map { "\"key\($0)\":\($0)" }.joined(separator: ",") + "}"
        let value = try JSONValue(parsing: text)
        for number in 0..<1000 { #expect(value["key\(number)"]?.integerValue() == number) }
        #expect(value["key1000"] == nil)
    }
}
