import JSONText
import Testing

@Suite struct JSONTextWritingTests {
    private let value: JSONValue = ["b": [1, nil, 2.5], "a": ["text": "q\"\\\n\u{1}é", "empty": [:], "none": []]]

    @Test func `one line has no spaces and keeps the order`() {
        #expect(value.text() == #"{"b":[1,null,2.5],"a":{"text":"q\"\\\n\u0001é","empty":{},"none":[]}}"#)
    }

    @Test func `sorted text puts keys in order at every level`() {
        #expect(value.text(sorted: true) == #"{"a":{"empty":{},"none":[],"text":"q\"\\\n\u0001é"},"b":[1,null,2.5]}"#)
    }

    @Test func `pretty text has two spaces a level`() {
        let text = (["a": [1], "b": [:]] as JSONValue).text(pretty: true)
        #expect(text == "{\n  \"a\": [\n    1\n  ],\n  \"b\": {}\n}")
    }

    @Test func `what is written is read back the same`() throws {
        let values: [JSONValue] = [
            value, .integer(.min), .integer(.max), .unsigned(.max), .number(0.1), .number(.leastNonzeroMagnitude), .number(1e300),
            .number(-0.0), "\u{0}😀",
        ]
        for value in values {
            #expect(try JSONValue(parsing: value.text()) == value)
            #expect(try JSONValue(parsing: value.text(pretty: true)) == value)
        }
    }

    @Test func `a number that JSON has no word for is null`() {
        #expect(JSONValue.number(.infinity).text() == "null")
        #expect(JSONValue.number(.nan).text() == "null")
    }

    @Test func `objects are equal in any order, and setting keeps the place`() {
        var object: JSONObject = ["a": 1, "b": 2]
        #expect(object == ["b": 2, "a": 1])
        object["a"] = 3
        #expect(object.keys == ["a", "b"])
        object["a"] = nil
        #expect(object.keys == ["b"])
        for number in 0..<40 { object["k\(number)"] = JSONValue(number) }
        object["k7"] = nil
        #expect(object["k8"] == 8)
        #expect(object["k7"] == nil)
    }
}
