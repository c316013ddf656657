// SPDX-License-Identifier: Apache-2.0
import EgressModel
import EgressPlan
import JSONText
import PluginHost
import TestKit
import Testing

/// `plugins/node-annotation` in its real process.
@Suite(.requires(.lab))
struct NodeAnnotationModuleTests {
    static let accepted = [
        #"{"annotation":"a"}"#, #"{"annotation":"a","format":"auto","pointer":""}"#,
        #"{"annotation":"a","format":"json","pointer":"/~0~1/0/"}"#,
        #"{"annotation":"a","format":"text","interface":null}"#, #"{"annotation":"a","format":"list","interface":"eth0","claim":true}"#,
        #"{"annotation":"\#(repeated("x", 317))","pointer":"/\#(repeated("x", 254))","claim":false}"#,
    ]

    static let refused = [
        Refusal(#"{}"#, "annotation: must be there, the name of an annotation of the Node"),
        Refusal(#"{"annotation":""}"#, #"annotation: must be the name of an annotation, 1 to 317 bytes, not """#),
        Refusal(#"{"annotation":null}"#, "annotation: must be the name of an annotation, 1 to 317 bytes, not null"),
        Refusal(#"{"annotation":"\#(repeated("x", 318))"}"#, "annotation: must be the name of an annotation"),
        Refusal(#"{"annotation":"a","format":"yaml"}"#, #"format: must be "auto", "text", "list" or "json", not "yaml""#),
        Refusal(#"{"annotation":"a","format":null}"#, #"format: must be "auto", "text", "list" or "json", not null"#),
        Refusal(#"{"annotation":"a","pointer":"x"}"#, #"pointer: must be a JSON Pointer of at most 255 bytes, as /0/ipv4, not "x""#),
        Refusal(#"{"annotation":"a","pointer":"/~2"}"#, "pointer: must be a JSON Pointer"),
        Refusal(#"{"annotation":"a","pointer":"/~"}"#, "pointer: must be a JSON Pointer"),
        Refusal(#"{"annotation":"a","pointer":0}"#, "pointer: must be a JSON Pointer"),
        Refusal(#"{"annotation":"a","pointer":"/\#(repeated("x", 255))"}"#, "pointer: must be a JSON Pointer"),
        Refusal(#"{"annotation":"a","format":"list","pointer":"/0"}"#, #"pointer: is for the formats "json" and "auto""#),
        Refusal(#"{"annotation":"a","format":"text","pointer":""}"#, #"pointer: is for the formats "json" and "auto""#),
        Refusal(#"{"annotation":"a","interface":""}"#, "interface: must be null or a text of 1 to 127 bytes"),
        Refusal(#"{"annotation":"a","claim":1}"#, "claim: must be true or false, not 1"),
        Refusal(#"{"annotation":"a","claim":true}"#, "claim: needs interface, the one that the addresses are put on"),
        Refusal(#"{"label":"a"}"#, "label: there is no such field; there are: annotation, format, pointer, interface, claim"),
        Refusal(#"null"#, "the configuration must be a JSON object"),
    ]

    private func resolve(
        _ value: String, _ config: String = "", families: String = #"["ipv4","ipv6"]"#, log: LogLines? = nil
    ) async throws -> PluginAnswer {
        let annotations = JSONValue.object(["kubectl.example/one": "1", "a/b": .string(value)]).text()
        let request = Request(config: #"{"annotation":"a/b"\#(config)}"#, annotations: annotations, families: families)
        return try await ShippedModule("node-annotation").resolve(request, log: log)
    }

    @Test(arguments: [
        ("192.0.2.11", "", ["192.0.2.11"]), (" 192.0.2.11\n", #","format":"text""#, ["192.0.2.11"]),
        ("192.0.2.11/24", #","format":"text""#, ["192.0.2.11"]), ("2001:DB8:0::11/64", "", ["2001:db8::11"]),
        ("192.0.2.12,2001:db8::11", "", ["192.0.2.12", "2001:db8::11"]),
        (", 192.0.2.12 ,\t192.0.2.11,192.0.2.12/24,", "", ["192.0.2.12", "192.0.2.11"]),
        ("192.0.2.12 2001:db8::11", #","format":"list""#, ["192.0.2.12", "2001:db8::11"]),
        (#" ["192.0.2.11/24","2001:db8::11/64"]"#, "", ["192.0.2.11", "2001:db8::11"]), (#""192.0.2.11""#, "", ["192.0.2.11"]),
        (#"{"ipv4":"192.0.2.11/24","ipv6":["2001:db8::11"],"other":7}"#, "", ["192.0.2.11", "2001:db8::11"]),
        (#"{"ipv6":"2001:db8::11"}"#, #","format":"json""#, ["2001:db8::11"]),
        (#"[{"a":{"ipv4":"192.0.2.12"}}]"#, #","pointer":"/0/a""#, ["192.0.2.12"]),
        (#"{"a/b":{"~c":["192.0.2.12","192.0.2.11"]}}"#, #","format":"json","pointer":"/a~1b/~0c/1""#, ["192.0.2.11"]),
        (#"{"":"192.0.2.12"}"#, #","pointer":"/""#, ["192.0.2.12"]), (#""192.0.2.12""#, #","pointer":"""#, ["192.0.2.12"]),
        ("203.0.113.9/32", "", ["203.0.113.9"]),
    ])
    func `an annotation is read as it was written`(value: String, config: String, addresses: [String]) async throws {
        let expected = try addresses.map { try address($0) }
        let answer = try await resolve(value, config)
        #expect(
            answer == PluginAnswer(version: "1", ipv4: expected.filter { $0.family == .ipv4 }, ipv6: expected.filter { $0.family == .ipv6 })
        )
    }

    @Test(arguments: [
        ("", "", "the annotation a/b can't be used: it has no address in it"), (" , ", "", "it has no address in it"),
        ("[]", "", "it has no address in it"), (#"{"ipv4":[],"ipv6":""}"#, "", "it has no address in it"),
        ("none", "", #"the annotation a/b can't be used: "none" is no address"#),
        ("192.0.2.11,192.0.2.300", "", #""192.0.2.300" is no address"#), ("192.0.2.11;192.0.2.12", "", "is no address"),
        ("192.0.2.11 192.0.2.12", #","format":"text""#, #""192.0.2.11 192.0.2.12" is no address"#),
        ("192.0.2.11/33", "", "is no address"), ("192.0.2.11/", "", "is no address"), ("192.0.2.11/024", "", "is no address"),
        ("192.0.2.11/-1", "", "is no address"), ("2001:db8::11/129", "", "is no address"), ("fe80::11%eth0", "", "is no address"),
        ("a\u{1B}[2J\u{85}b\u{7F}", #","format":"text""#, #""a [2J b " is no address"#),
        (repeated("x", 500), "", #""\#(repeated("x", 89))..." is no address"#), (repeated("ü", 500), "", #"ü..." is no address"#),
        ("127.0.0.1", "", #""127.0.0.1" can't leave a node: it is loopback"#), ("fe80::11/64", "", "it is link-local"),
        ("192.0.2.11,224.0.0.1", "", "it is multicast"), ("::", "", "it is unspecified"),
        ("10.1.0.0/24", "", #""10.1.0.0/24" is a network, and no address in it"#), ("2001:db8::/64", "", "is a network"),
        ((1...17).map { "192.0.2.\($0)" }.joined(separator: ","), "", "it has more than 16 addresses of a family"),
        ("192.0.2.11", #","format":"json""#, #""192.0.2.11" isn't JSON"#), (#"["192.0.2.11""#, "", "ends too early"),
        (#"{"ipv4":"192.0.2.11","ipv4":"192.0.2.12"}"#, "", "has a field twice"),
        (#"["192.0.2.11\u0000"]"#, "", "has the character U+0000 in it"),
        (repeated("[", 70) + repeated("]", 70), "", "is nested too deeply"), ("[7]", "", #""7" is no address"#),
        ("[null]", "", "is no address"),
        (#"[["192.0.2.11"]]"#, "", "is no address"), (#"["192.0.2.11,192.0.2.12"]"#, "", "is no address"),
        ("{}", "", #""{}" has neither ipv4 nor ipv6; a pointer says where else the addresses are"#),
        (#"{"ipv4":7}"#, "", "is neither a text nor a list of texts"),
        ("true", #","format":"json""#, "is neither a text nor a list of texts"),
        ("null", #","format":"json""#, "is neither a text nor a list of texts"), (#"{"ipv4":null}"#, "", "has neither ipv4 nor ipv6"),
        (#"{"a":1}"#, #","pointer":"/b/0""#, #""{"a":1}" has nothing at /b/0"#), ("[1]", #","pointer":"/-""#, "has nothing at /-"),
        ("[1]", #","pointer":"/01""#, "has nothing at /01"), ("null", #","pointer":"/a""#, "has nothing at /a"),
        ("192.0.2.11", #","pointer":"/a""#, "isn't JSON"),
        ("198.51.100.200", "", "none of the addresses of the annotation a/b is on an interface of this node; there are: 127.0.0.1 on lo"),
        ("198.51.100.8", "", "none of the addresses"),
        ("192.0.2.11", #","interface":"ens1f1""#, "is on the interface ens1f1 of this node; there are: 198.51.100.4 on ens1f1"),
        ("192.0.2.11", #","interface":"eth9""#, "this node has no interface eth9; there are: lo, eth0, eth1 (down)"),
        ("192.0.2.11", #","interface":"eth1","claim":true"#, "the interface eth1 of this node is down"),
    ])
    func `an annotation that can't be used says why`(value: String, config: String, words: String) async throws {
        await expect("plugin_no_address", words) { _ = try await resolve(value, config) }
    }

    @Test func `families that aren't asked for don't count`() async throws {
        let answer = try await resolve("192.0.2.11,2001:db8::11", families: #"["ipv6"]"#)
        #expect(answer == PluginAnswer(version: "1", ipv6: [try address("2001:db8::11")]))
        await expect("plugin_no_address", "the annotation a/b has no IPv6 address; it has: 192.0.2.11") {
            _ = try await resolve("192.0.2.11", families: #"["ipv6"]"#)
        }
    }

    @Test func `a missing annotation is named, and those that are there`() async throws {
        let module = try ShippedModule("node-annotation")
        await expect("plugin_no_address", "this node has no annotation x/y; there are: a/b, c d") {
            _ = try await module.resolve(Request(config: #"{"annotation":"x/y"}"#, annotations: #"{"a/b":"1","c\u001bd":"2"}"#))
        }
        await expect("plugin_no_address", "this node has no annotation x/y; there are: none") {
            _ = try await module.resolve(Request(config: #"{"annotation":"x/y"}"#))
        }
        let many = (100..<300).map { "\"example.com/\($0)\":\"\"" }.joined(separator: ",")
        await expect("plugin_no_address", "example.com/106, example.com/107 and 192 more") {
            _ = try await module.resolve(Request(config: #"{"annotation":"x/y"}"#, annotations: "{\(many)}"))
        }
    }

    @Test func `addresses that nobody holds are left out with a warning, and claimed ones aren't`() async throws {
        let log = LogLines()
        let value = "192.0.2.11,198.51.100.200,2001:db8::200"
        let held = try await resolve(value, #","interface":"to-the-world""#, log: log)
        #expect(held == PluginAnswer(version: "1", ipv4: [try address("192.0.2.11")], interface: "eth0"))
        let line = "warning: the annotation a/b has addresses that to-the-world doesn't hold: 198.51.100.200, 2001:db8::200"
        #expect(log.lines.contains(line), "\(log.lines)")
        let claimed = try await resolve(value, #","interface":"to-the-world","claim":true"#)
        let ipv4 = [try address("192.0.2.11"), try address("198.51.100.200")]
        #expect(claimed == PluginAnswer(version: "1", ipv4: ipv4, ipv6: [try address("2001:db8::200")], interface: "eth0", claim: true))
    }

    /// Rows `| who | annotation | value | configuration |` of the README.
    @Test func `what the README says is found on Nodes is read with what it says`() async throws {
        let module = try ShippedModule("node-annotation")
        let interfaces = #"[{"name":"br-ex","index":2,"addresses":["192.0.2.11/24","198.51.100.7/32","2001:db8::11/64"],"up":true}]"#
        let rows = try module.readme.split(separator: "\n").map { $0.split(separator: " | ") }.filter {
            $0.count == 4 && $0[3].hasPrefix("`{")
        }
        #expect(rows.count >= 9)
        for row in rows {
            let (value, config) = (row[2].dropFirst().dropLast(), row[3].dropFirst().dropLast(3))
            let key = try #require(try JSONValue(parsing: String(config))["annotation"]?.stringValue)
            #expect(row[1].contains("`\(key)`"))
            let annotations = JSONValue.object([key: .string(String(value))]).text()
            let answer = try await module.resolve(Request(config: String(config), interfaces: interfaces, annotations: annotations))
            #expect(answer.ipv4.first == (try address("192.0.2.11")), "\(key)")
            #expect(answer.ipv6.isEmpty != value.contains("2001:db8::11"), "\(key)")
        }
    }

    @Test(arguments: refused)
    func `a configuration that will never do is refused with its field`(refusal: Refusal) async throws {
        await expect("plugin_refused", refusal.words) { _ = try await resolve("", config: refusal.config) }
    }

    private func resolve(_ value: String, config: String) async throws -> PluginAnswer {
        try await ShippedModule("node-annotation").resolve(Request(config: config))
    }
}
