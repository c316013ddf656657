import EgressModel
import Glibc
import JSONText
import KubeObjects
import TestRandom
import Testing

/// Texts that somebody wrote to break a reader, or that broke on the way. Bounded: the slowest takes a second or two.
@Suite struct ManifestFuzzTests {
    private static let seed = policyText(
        selectors: "[{podSelector: {matchLabels: {org: empire}, matchExpressions: [{key: a, operator: In, values: [b, c]}]}}]",
        destinations: #"["0.0.0.0/0", "2001:db8::/32"]"#,
        gateway: "{nodeSelector: {matchLabels: {egress: \"true\"}}, egressIP: 198.51.100.1}",
        annotations: "{kubectl-egress.dev/priority: \"10\"}", more: "  excludedCIDRs: [\"10.0.0.0/8\"]")

    private static func jsonSeed() throws -> String {
        try #require(KubeReading(seed, file: "f").documents.first).json.text(pretty: true)
    }

    /// Everything that a text says, with the promise that what is wrong has its place in the text.
    private func check(_ text: String, _ note: String = "") {
        let reading = KubeReading(text, file: "f")
        // libyaml counts NEL, LS and PS as ends of lines too.
        let lines = 1 + text.unicodeScalars.count { [0x0A, 0x0D, 0x85, 0x2028, 0x2029].contains($0.value) }
        let findings = reading.findings + reading.documents.flatMap { $0.decoded().findings }
        for finding in findings {
            guard let place = finding.place else {
                Issue.record("no place: \(finding.message) in \(text.prefix(400)) \(note)")
                continue
            }
            #expect(place.file == "f")
            #expect((1...lines + 1).contains(place.line), "\(place) of \(lines): \(finding.message) \(note)")
            #expect(place.column >= 1)
        }
        #expect(reading.isComplete || !reading.findings.isEmpty)
    }

    @Test func `a text that ends anywhere is read or refused at a place`() throws {
        for text in [Self.seed, try Self.jsonSeed()] {
            let bytes = Array(text.utf8)
            for end in bytes.indices { check(String(decoding: bytes[..<end], as: UTF8.self), "cut at \(end)") }
        }
    }

    @Test func `a bit of any octet may flip`() throws {
        for text in [Self.seed, try Self.jsonSeed()] {
            let bytes = Array(text.utf8)
            for index in bytes.indices {
                var changed = bytes
                changed[index] ^= 1 << UInt8(index % 8)
                check(String(decoding: changed, as: UTF8.self))
            }
        }
    }

    /// Values of every type at every place of the object, so that each field meets each type.
    @Test func `every value may be replaced by every other`() throws {
        let root = try #require(KubeReading(Self.seed, file: "f").documents.first).json
        let strange: [JSONValue] = [
            .null, .bool(true), .integer(-1), .unsigned(.max), .number(1e300), "", "x", "\u{0}\u{202E}", [], [.null], [[]], [:], ["": [:]],
            .array(Array(repeating: "0.0.0.0/0", count: 70)), .array(Array(repeating: ["nodeSelector": [:]], count: 65)),
        ]
        var count = 0
        for path in Self.paths(in: root) where path.count <= 6 {
            for value in strange {
                let changed = Self.replace(root, path[...], by: value)
                check(changed.text())
                check(changed.text(pretty: true))
                count += 1
            }
        }
        #expect(count > 300)
    }

    @Test func `tokens may change places`() throws {
        var random = SeededRandom(seed: 21)
        for text in [Self.seed, try Self.jsonSeed()] {
            let tokens = text.split(omittingEmptySubsequences: false) { " ,:{}[]\n\"".contains($0) }
            for _ in 0..<600 {
                guard let a = tokens.randomElement(using: &random), let b = tokens.randomElement(using: &random),
                    a.startIndex < b.startIndex
                else { continue }
                var changed = String(text[..<a.startIndex])
                for piece in [b, text[a.endIndex..<b.startIndex], a, text[b.endIndex...]] { changed += piece }
                check(changed)
            }
        }
    }

    static let nested: [(name: String, text: String)] = [
        ("JSON lists", String(repeating: "[", count: 200_000)),
        ("JSON objects", String(repeating: #"{"a":"#, count: 100_000)),
        ("closed JSON objects", String(repeating: #"{"a":"#, count: 50_000) + "1" + String(repeating: "}", count: 50_000)),
        ("YAML lists", "a: " + String(repeating: "[", count: 100_000)),
        ("closed YAML lists", "a: " + String(repeating: "[", count: 5_000) + String(repeating: "]", count: 5_000)),
        ("YAML objects", "a: " + String(repeating: "{a: ", count: 20_000)),
        ("YAML dashes", String(repeating: "- ", count: 20_000) + "a"),
        ("YAML keys in keys", String(repeating: "? ", count: 20_000) + "a"),
        ("YAML indentation", (0..<1500).map { String(repeating: " ", count: $0) + "a:" }.joined(separator: "\n")),
        (
            "a policy's spec",
            policyText(gateway: String(repeating: "{nodeSelector: ", count: 90) + "{}" + String(repeating: "}", count: 90))
        ),
    ]

    @Test(.timeLimit(.minutes(1)), arguments: nested) func `deep nesting is refused at a place`(name: String, text: String) {
        let reading = KubeReading(text, file: "f")
        #expect(!reading.findings.isEmpty || !reading.documents.isEmpty)
        #expect(reading.findings.allSatisfy { $0.place != nil })
        check(text, name)
    }

    static let bombs: [(name: String, text: String)] = [
        ("aliases of aliases in lists", bomb(depth: 30, width: 10, open: "[", close: "]")),
        ("aliases of aliases in objects", bombOfObjects(depth: 30, width: 10)),
        ("merged objects", bombOfMerges(depth: 24, width: 8)),
        ("an alias of what it stands in", "a: &a [*a, *a]\n"), ("an alias before its anchor", "a: *b\nb: &b 1\n"),
        ("a key of aliases", "a: &a [x, y]\n? [*a, *a]\n: b\n"),
        (
            "a long text many times",
            "a: &a \"\(String(repeating: "x", count: 100_000))\"\nb: [\(Array(repeating: "*a", count: 20_000).joined(separator: ","))]\n"
        ),
        ("many anchors", (0..<20_000).map { "a\($0): &a\($0) 1\n" }.joined()),
        (
            "inside of a policy",
            policyText(selectors: "[{podSelector: &a {matchLabels: &b {a: b}}}, {podSelector: *a}, {podSelector: {matchLabels: *b}}]")
        ),
    ]

    @Test(.timeLimit(.minutes(1)), arguments: bombs) func `aliases can't blow up`(name: String, text: String) {
        let start = processorSeconds()
        check(text, name)
        #expect(processorSeconds() - start < 5, "\(name)")
    }

    @Test(arguments: [
        "1e999999999", "-1e999999999", String(repeating: "9", count: 100_000), "0." + String(repeating: "1", count: 100_000),
        "0x" + String(repeating: "f", count: 1000), "-9223372036854775809", "18446744073709551616", "1e-999999999", "0b2", "1_000", ".inf",
        "190:20:30", "2026-11-22", "0777777777777777777777777", "- - -", "=", "<<", "!!int x", "!!binary x", "!!float 1e9999",
    ])
    func `numbers that nobody can hold are values of a wrong type`(number: String) {
        for text in [
            policyText(destinations: "[\(number)]"), policyText(gateway: "{nodeSelector: {}, egressIP: \(number)}"),
            policyText().replacing("  name: p", with: "  name: p\n  generation: \(number)"),
            "{\"apiVersion\":\"cilium.io/v2\",\"kind\":\"CiliumEgressGatewayPolicy\",\"metadata\":{\"name\":\"p\",\"generation\":\(number)}}",
        ] { check(text) }
    }

    @Test func `a policy with many errors names them all in time`() throws {
        let list = (0..<2000).map { "\"10.0.0.\($0)/33\"" }.joined(separator: ", ")
        let yaml = policyText(destinations: "[\(list)]")
        let start = processorSeconds()
        #expect(policyObject(yaml)?.findings.count == 2000)
        let json = try #require(KubeReading(yaml, file: "f").documents.first).json.text(pretty: true)
        #expect(policyObject(json)?.findings.count == 2000)
        #expect(processorSeconds() - start < 5)
    }
}

/// Of this thread: other tests and programs beside it don't count.
private func processorSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

// MARK: Making texts

extension ManifestFuzzTests {
    private static func bomb(depth: Int, width: Int, open: String, close: String) -> String {
        (0..<depth).map { level in
            let inner = level == 0 ? "x" : "*a\(level - 1)"
            return "a\(level): &a\(level) \(open)\(Array(repeating: inner, count: width).joined(separator: ","))\(close)\n"
        }.joined()
    }

    private static func bombOfObjects(depth: Int, width: Int) -> String {
        (0..<depth).map { level in
            let members = (0..<width).map { "k\($0): \(level == 0 ? "x" : "*a\(level - 1)")" }.joined(separator: ", ")
            return "a\(level): &a\(level) {\(members)}\n"
        }.joined()
    }

    private static func bombOfMerges(depth: Int, width: Int) -> String {
        (0..<depth).map { level in
            let merged =
                level == 0 ? "k: v" : "<<: [\(Array(repeating: "*a\(level - 1)", count: width).joined(separator: ", "))], k\(level): v"
            return "a\(level): &a\(level) {\(merged)}\n"
        }.joined()
    }

    private enum Step {
        case key(String)
        case index(Int)
    }

    private static func paths(in value: JSONValue) -> [[Step]] {
        let inner: [[Step]] =
            switch value {
            case .object(let object): object.members.flatMap { member in paths(in: member.value).map { [.key(member.key)] + $0 } }
            case .array(let elements): elements.enumerated().flatMap { index, element in paths(in: element).map { [.index(index)] + $0 } }
            default: []
            }
        return [[]] + inner
    }

    private static func replace(_ value: JSONValue, _ path: ArraySlice<Step>, by new: JSONValue) -> JSONValue {
        switch (path.first, value) {
        case (.key(let key)?, .object(var object)):
            if let member = object[key] { object[key] = replace(member, path.dropFirst(), by: new) }
            return .object(object)
        case (.index(let index)?, .array(var elements)):
            if elements.indices.contains(index) { elements[index] = replace(elements[index], path.dropFirst(), by: new) }
            return .array(elements)
        default: return new
        }
    }
}
