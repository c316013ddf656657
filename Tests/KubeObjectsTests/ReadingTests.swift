import EgressModel
import JSONText
import KubeObjects
import Testing

@Suite struct ReadingTests {
    private func findings(_ text: String, _ format: KubeReading.Format = .automatic) -> [String] {
        KubeReading(text, file: "f").findings.map(line)
    }

    @Test(arguments: [
        ("a: [1", "error EG2001 f:2:1: not YAML: while parsing a flow sequence: did not find expected ',' or ']'"),
        ("a: b: c", "error EG2001 f:1:5: not YAML: mapping values are not allowed in this context"),
        (
            "a: 1\n\tb: 2",
            "error EG2001 f:2:1: not YAML: while scanning a plain scalar: found a tab character that violates indentation (a tab can't indent in YAML: use spaces)"
        ),
        ("kind: x\nkind: y", "error EG2001 f:1:1: the key \"kind\" stands twice"),
        ("{a: [1}", "error EG2001 f:1:2: not JSON: 'a' is not a JSON value"),
        ("{\"a\" 1}", "error EG2001 f:1:6: not JSON: ':' after the key is expected, '1' is there"),
        ("just text", "error EG2001 f:1:1: an object is expected, a string is there (a manifest has apiVersion, kind and metadata)"),
        ("metadata: {name: a}", "error EG2001 f:1:1: not a manifest: apiVersion is missing (a manifest has apiVersion, kind and metadata)"),
        (
            "apiVersion: v1\nmetadata: {}",
            "error EG2001 f:1:1: not a manifest: kind is missing (a manifest has apiVersion, kind and metadata)"
        ),
        ("apiVersion: v1\nkind: Pod\nmetadata: {}", "error EG2001 f:3:1: Pod: metadata.name is missing"),
        ("apiVersion: v1\nkind: Pod\nmetadata: {name: *x}", "error EG2001 f:3:18: not YAML: found undefined alias"),
        (
            "apiVersion: v1\nkind: Pod\nmetadata: {name: n}",
            "error EG2001 f:3:18: Pod: metadata.name must be a string, not a boolean (put the value in quotes)"
        ),
        ("apiVersion: v1\nkind: List\nitems: 3", "error EG2001 f:3:8: List: items must be a list, not an integer"),
    ])
    func `what can't be read is named with its place, and the reading is incomplete`(text: String, expected: String) {
        let reading = KubeReading(text, file: "f")
        #expect(reading.findings.map(line) == [expected])
        #expect(!reading.isComplete)
    }

    @Test func `a broken document doesn't take the others along`() {
        let text = """
            # first
            apiVersion: v1
            kind: Namespace
            metadata: {name: a}
            ---
            oops: [
            ---  # third
            apiVersion: v1
            kind: Namespace
            metadata: {name: c}
            """
        let reading = KubeReading(text, file: "f")
        #expect(reading.documents.map(\.reference.name) == ["a", "c"])
        #expect(reading.documents.map(\.place?.line) == [2, 8])
        #expect(reading.findings.map(\.place?.line) == [7])
        #expect(!reading.isComplete)
    }

    @Test func `lists, streams and JSON lines give the same objects`() {
        let item = #"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"}}"#
        let other = #"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"b","namespace":"n"}}"#
        let texts = [
            "\(item)\n\(other)\n",
            "{\"apiVersion\":\"v1\",\"kind\":\"List\",\"items\":[\(item),\n\(other)]}",
            #"{"apiVersion":"v1","kind":"PodList","items":[{"metadata":{"name":"a"}},{"metadata":{"name":"b","namespace":"n"}}]}"#,
            "---\n---\n\(item)\n---\n\(other)\n---\n",
            "%YAML 1.1\n---\nkind: List\napiVersion: v1\nitems:\n- \(item)\n- \(other)\n...\n",
            "{apiVersion: v1, kind: List, items: [\(item), \(other)]}",
        ]
        for text in texts {
            let reading = KubeReading(text, file: "f")
            #expect(reading.findings.isEmpty, "\(text)")
            #expect(reading.documents.map(\.reference.description) == ["pod/default/a", "pod/n/b"], "\(text)")
            #expect(clusterSnapshot(from: reading).pods.map(\.name) == ["a", "b"])
        }
    }

    @Test func `plain words are typed as kubectl types them`() throws {
        let text = """
            apiVersion: v1
            kind: ConfigMap
            metadata: {name: a}
            words: [yes, No, on, y, "yes", ~, null, 010, 0x1F, 1_000, -5, 1.5, 1e3, 10.0.0.1, 2026-11-22, .inf, !!str 5, 1:30, +7, 0o17]
            base: &base {a: 1, b: 2}
            merged: {<<: *base, b: 3}
            """
        let json = try #require(KubeReading(text, file: "f").documents.first).json
        #expect(
            json["words"] == [
                true, false, true, true, "yes", nil, nil, 8, 31, 1000, -5, 1.5, .number(1000), "10.0.0.1", "2026-11-22", ".inf", "5",
                "1:30",
                7, 15,
            ])
        #expect(json["merged"] == ["a": 1, "b": 3])
    }

    @Test func `aliases that multiply are stopped`() {
        var text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\na0: &a0 [x]\n"
        for level in 1...30 {
            text += "a\(level): &a\(level) [" + Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ") + "]\n"
        }
        #expect(
            KubeReading(text, file: "f").findings.map(\.message) == [
                "more than \(10_000 + 10 * text.utf8.count) values, aliases written out"
            ])
        for key in ["? *a30\n: 1\n", "*a30 : 1\n", "[*a30]: 1\n", "{*a30: 1}: 1\n", "x: {? *a30 : 1}\n"] {
            #expect(
                KubeReading(text + key, file: "f").findings.map(\.message)
                    == ["a key that isn't a plain word, in a document with aliases"])
        }
    }

    @Test func `deep nesting is an error in YAML and JSON`() {
        for depth in [70, 5000] {
            let text = "a: " + String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
            #expect(KubeReading(text, file: "f").findings.count == 1)
            let json = "{\"a\":" + String(repeating: "[", count: depth) + String(repeating: "]", count: depth) + "}"
            #expect(KubeReading(json, file: "f").findings.count == 1)
        }
    }

    @Test func `other kinds are passed over, and ours in a wrong dress are named`() {
        let text = """
            apiVersion: apps/v1
            kind: Deployment
            metadata: {name: d}
            ---
            apiVersion: cilium.io/v2
            kind: CiliumNetworkPolicy
            metadata: {name: net, namespace: x}
            ---
            apiVersion: example.com/v1
            kind: Service
            metadata: {name: s}
            ---
            apiVersion: v2
            kind: Pod
            metadata: {name: p}
            ---
            apiVersion: cilium.io/v2
            kind: CiliumEgressGatwayPolicy
            metadata: {name: typo}
            """
        let snapshot = clusterSnapshot(from: KubeReading(text, file: "f"))
        #expect(
            snapshot.findings.map(line) == [
                "error EG2015 f:13:13 pod/default/p apiVersion: Pod has no version \"v2\" (write apiVersion: v1)",
                "error EG2015 f:18:7 ciliumegressgatwaypolicy/typo kind: cilium.io/v2 has no kind \"CiliumEgressGatwayPolicy\" (did you mean CiliumEgressGatewayPolicy?)",
            ])
        #expect(!snapshot.isComplete)
    }

    @Test func `of two documents for one object the last counts`() {
        let text = "apiVersion: v1\nkind: Node\nmetadata: {name: a}\n---\napiVersion: v1\nkind: Node\nmetadata: {name: a, labels: {x: z}}\n"
        let snapshot = clusterSnapshot(from: KubeReading(text, file: "f"))
        #expect(snapshot.nodes.map(\.metadata.labels) == [["x": "z"]])
        #expect(
            snapshot.findings.map(line) == [
                "warning EG2018 f:1:1 node/a: is described again at f:5:1; the last one counts (remove one of them)"
            ])
    }
}
