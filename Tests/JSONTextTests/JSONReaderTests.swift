import JSONText
import Testing

@Suite struct JSONReaderTests {
    private let reader = JSONReader(["spec": ["list": [["name": "x", "count": 300]], "a/b": true, "none": nil]])

    @Test func `errors name the path`() throws {
        let spec = try reader.required("spec")
        let first = try spec.required("list").array()[0]
        func message<Value>(_ body: () throws(JSONFieldError) -> Value) -> String? {
            do throws(JSONFieldError) { _ = try body() } catch { return error.description }
            return nil
        }
        #expect(message { () throws(JSONFieldError) in try first.required("size") } == "spec.list[0].size: is missing")
        #expect(message { () throws(JSONFieldError) in try spec.required("none") } == "spec.none: is missing")
        #expect(
            message { () throws(JSONFieldError) in try first.required("name").int() }
                == "spec.list[0].name: must be an integer, not a string")
        #expect(
            message { () throws(JSONFieldError) in try first.required("count").integer(as: UInt8.self) }
                == "spec.list[0].count: is out of range: 0 to 255")
        #expect(
            message { () throws(JSONFieldError) in try spec.required("a/b").string() } == "spec[a/b]: must be a string, not a boolean")
        #expect(message { () throws(JSONFieldError) in try JSONReader([]).object() } == "the value must be an object, not a list")
        #expect(
            message { () throws(JSONFieldError) in try first.required("name").text("a digit") { Int($0) } }
                == "spec.list[0].name: \"x\" is not a digit")
    }

    @Test func `null and missing members are absent`() throws {
        let spec = try reader.required("spec")
        #expect(try spec.optional("none") == nil)
        #expect(try spec.optional("other") == nil)
        #expect(try spec.required("a/b").bool())
        #expect(try spec.required("list").array()[0].required("count").int() == 300)
    }
}
