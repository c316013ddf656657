import EgressModel
import JSONText
import KubeObjects
import TestRandom
import Testing

/// Bounded; the same input on every run.
@Suite struct ObjectMutationTests {
    private static let snippets = [
        "---\n", "\n", " ", "\t", "- ", ": ", "{", "}", "[", "]", "\"", "'", "&a ", "*a ", "? ", "<<: ", "!!str ", "|\n", ">", "#", "%",
        "...\n",
        "null", "yes", "-1", "1e99", "0x", "/33", "::", "é", "\u{0}", "\u{85}", "\u{FEFF}", "items", "kind", "!", "@", "`",
    ]

    private func mutated(_ text: String, _ random: inout SeededRandom) -> String {
        var bytes = Array(text.utf8)
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            let position = Int.random(in: 0...bytes.count, using: &random)
            switch Int.random(in: 0..<4, using: &random) {
            case 0: bytes.insert(contentsOf: Self.snippets.randomElement(using: &random)?.utf8 ?? "".utf8, at: position)
            case 1: bytes.removeSubrange(position..<min(bytes.count, position + Int.random(in: 0...8, using: &random)))
            case 2: if position < bytes.count { bytes[position] = UInt8.random(in: 0...255, using: &random) }
            default:
                let from = Int.random(in: 0...bytes.count, using: &random)
                bytes.insert(contentsOf: bytes[from..<min(bytes.count, from + 40)], at: position)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test func `changed manifests are read or refused, and a policy that is read is whole`() throws {
        let json = try #require(KubeReading(policyText(), file: "f").documents.first).json.text()
        let list = "{\"kind\":\"List\",\"apiVersion\":\"v1\",\"items\":[\(json)]}"
        var random = SeededRandom(seed: 7)
        var accepted = 0
        for round in 0..<3000 {
            let seed = [policyText(), json, list, try exampleText()][round % 4]
            let snapshot = clusterSnapshot(from: KubeReading(mutated(seed, &random), file: "f"))
            for policy in snapshot.policies.compactMap(\.policy) {
                accepted += 1
                #expect(!policy.gateways.isEmpty)
                let again = clusterSnapshot(from: KubeReading(policy.manifest.yamlText, file: "f")).policies.first?.policy
                #expect(again?.destinationCIDRs == policy.destinationCIDRs)
                #expect(again?.selectors == policy.selectors)
            }
        }
        #expect(accepted > 100)
    }

    @Test func `random bytes never trap`() {
        var random = SeededRandom(seed: 9)
        for _ in 0..<3000 {
            let text = (0..<Int.random(in: 0..<40, using: &random)).map { _ in
                Bool.random(using: &random)
                    ? Self.snippets.randomElement(using: &random) ?? ""
                    : String(Unicode.Scalar(UInt8.random(in: 0...255, using: &random)))
            }
            _ = clusterSnapshot(from: KubeReading(text.joined(), file: "f"))
        }
    }
}
