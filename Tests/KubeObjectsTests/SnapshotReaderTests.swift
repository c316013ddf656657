import EgressModel
import JSONText
import KubeObjects
import TestRandom
import Testing

/// Both ways from text to a cluster, on the same text.
private struct BothWays {
    let quick: ClusterSnapshot?
    let checkedCount: Int
    let checked: ClusterSnapshot

    init(_ text: String, _ format: KubeReading.Format = .automatic) throws {
        var reader = SnapshotReader()
        try Array(text.utf8).withUnsafeBufferPointer { bytes in
            reader.read(try #require(UTF8Text(validating: bytes)), file: "f", format: format)
        }
        quick = reader.snapshot
        checkedCount = reader.checkedCount
        checked = clusterSnapshot(from: KubeReading(text, file: "f", format: format))
    }
}

/// What is read in one pass must be what the checks would have made of it.
@Suite struct SnapshotReaderTests {
    private static func list(_ objects: [JSONValue], kind: String = "List", kindFirst: Bool) -> JSONValue {
        let type: [(String, JSONValue)] = [("apiVersion", "v1"), ("kind", .string(kind))]
        let items: [(String, JSONValue)] = [("metadata", ["resourceVersion": ""]), ("items", .array(objects))]
        return .object(JSONObject(kindFirst ? type + items : items + type))
    }

    @Test func `random manifests are the same cluster by either way`() throws {
        var manifests = RandomManifests(SeededRandom(seed: 11))
        var (objects, checked, quick) = (0, 0, 0)
        for round in 0..<500 {
            var random = SeededRandom(seed: UInt64(round))
            let group = (0..<Int.random(in: 1...6, using: &random)).map { _ in manifests.object() }
            let text =
                switch round % 5 {
                case 0: Self.list(group, kindFirst: false).text(pretty: round % 2 == 0)
                case 1: Self.list(group, kind: ["List", "PodList"][round % 2], kindFirst: true).text(pretty: round % 3 == 0)
                case 2: group[0].text(pretty: true)
                default: group.map { $0.text() + "\n" }.joined()
                }
            let both = try BothWays(text)
            guard let snapshot = both.quick else { continue }
            #expect(snapshot == both.checked, "\(text)")
            objects += round % 5 == 2 ? 1 : group.count
            checked += both.checkedCount
            quick += 1
        }
        // Otherwise the test would show nothing.
        #expect(quick > 290, "\(quick) texts of 500")
        #expect(objects - checked > objects / 4, "\(checked) of \(objects) objects were checked")
        #expect(checked > objects / 10, "\(checked) of \(objects) objects were checked")
    }

    @Test func `changed bytes are the same cluster by either way`() throws {
        var manifests = RandomManifests(SeededRandom(seed: 12))
        let snippets = [
            "{", "}", "[", "]", "\"", ",", ":", "\\", "null", "true", " ", "\n", "\t", "0", "-", ".5", "é", "\\u0000", "\"a\":",
        ]
        var quick = 0
        for round in 0..<900 {
            var random = SeededRandom(seed: UInt64(round))
            let group = (0..<3).map { _ in manifests.object() }
            let isList = round % 2 == 0
            var bytes = Array((isList ? Self.list(group, kindFirst: round % 4 == 0).text() : group.map { $0.text() + "\n" }.joined()).utf8)
            for _ in 0..<Int.random(in: 1...2, using: &random) {
                let position = Int.random(in: 0...bytes.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes.insert(contentsOf: snippets.randomElement(using: &random)?.utf8 ?? "".utf8, at: position)
                case 1: bytes.removeSubrange(position..<min(bytes.count, position + Int.random(in: 0...4, using: &random)))
                default: if position < bytes.count { bytes[position] = UInt8.random(in: 0...255, using: &random) }
                }
            }
            let both = try BothWays(String(decoding: bytes, as: UTF8.self), [.automatic, .json, .jsonLines][round % 3])
            guard let snapshot = both.quick else { continue }
            #expect(snapshot == both.checked, "\(String(decoding: bytes, as: UTF8.self))")
            quick += 1
        }
        #expect(quick > 210, "\(quick) texts of 900")
    }

    private let pod =
        #"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","namespace":"n","labels":{"a":"b"}},"status":{"podIP":"10.0.0.1"}}"#
    private let policy =
        #"{"apiVersion":"cilium.io/v2","kind":"CiliumEgressGatewayPolicy","metadata":{"name":"p"},"spec":{"selectors":[{"podSelector":{}}],"destinationCIDRs":["10.0.0.0/33"],"egressGateway":{"nodeSelector":{}}}}"#

    @Test func `a pod that nothing is wrong with is not checked again`() throws {
        let both = try BothWays(pod + "\n")
        #expect(both.quick == both.checked)
        #expect(both.checkedCount == 0)
        #expect(both.quick?.pods.first?.addresses == [IPAddress(ipv4: 0x0A00_0001)])
    }

    /// The column counts characters, not bytes.
    @Test func `an item that needs the checks has its findings where it stands in the file`() throws {
        let other = pod.replacing("\"a\":\"b\"", with: "\"a\":\"é\"")
        let texts = [
            "\n\(pod)\n\(policy)\n", "\n{\"apiVersion\":\"v1\",\"items\":[\(other), \(policy)],\"kind\":\"List\"}\n",
            "{\"apiVersion\":\"v1\",\"items\":[\n  \(other), \(policy)],\"kind\":\"List\"}",
        ]
        for text in texts {
            let both = try BothWays(text)
            let before = try #require(text.split(separator: "\"10.0.0.0/33\"").first)
            let lines = before.split(separator: "\n", omittingEmptySubsequences: false)
            let place = "f:\(lines.count):\((lines.last?.count ?? 0) + 1)"
            #expect(both.quick == both.checked)
            #expect(both.quick?.pods.count == 1)
            #expect(both.quick?.policies.first?.findings.first?.place?.description == place)
            #expect(both.quick?.policies.first?.findings.first?.field == "spec.destinationCIDRs[0]")
        }
    }

    @Test func `items take their type from a list that has one`() throws {
        let untyped = pod.replacing("\"apiVersion\":\"v1\",\"kind\":\"Pod\",", with: "")
        let first = try BothWays("{\"kind\":\"PodList\",\"apiVersion\":\"v1\",\"metadata\":{},\"items\":[\(untyped)]}")
        #expect(first.quick == first.checked)
        #expect(first.checkedCount == 0)
        let last = try BothWays("{\"items\":[\(untyped)],\"kind\":\"PodList\",\"apiVersion\":\"v1\"}")
        #expect(last.quick == nil)
        #expect(last.checked.pods.count == 1)
    }

    @Test func `what is described twice is left to the documents`() throws {
        for text in [pod + "\n" + pod + "\n", "{\"apiVersion\":\"v1\",\"kind\":\"List\",\"items\":[\(pod),\(pod)]}"] {
            let both = try BothWays(text)
            #expect(both.quick == nil)
            #expect(both.checked.findings.map(\.code) == [.duplicateObject])
        }
    }

    @Test func `a broken line leaves the others, and the snapshot is incomplete`() throws {
        let both = try BothWays(pod + "\n{\"kind\": tru}\n" + policy + "\n")
        #expect(both.quick == both.checked)
        #expect(both.quick?.isComplete == false)
        #expect(both.quick?.pods.count == 1)
        #expect(both.quick?.findings.first?.place?.description == "f:2:10")
    }
}
