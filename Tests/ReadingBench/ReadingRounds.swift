import Foundation
import JSONText
import TestKit

/// All figures of one size.
struct ReadingRounds {
    let percent: Int
    let rounds: Int
    let peers: String?
    private var seconds: [String: [Double]] = [:]

    init(percent: Int, rounds: Int, peers: String?) {
        (self.percent, self.rounds, self.peers) = (percent, rounds, peers)
    }

    mutating func run(appendingTo file: String) async throws {
        let folder = try Command.run(["mktemp", "-d", "/tmp/egt-reading-XXXXXX"]).filter { !$0.isNewline }
        defer { _ = try? Command.run(["rm", "-rf", folder]) }
        let (jsonLines, list) = ("\(folder)/cluster.jsonl", "\(folder)/cluster.json")
        try FileText.write(SampleCluster.jsonLines(percent: percent, seed: 1), to: jsonLines)
        try FileText.write(SampleCluster.list(percent: percent, seed: 1), to: list)
        let bytes = Array((FileText.read(jsonLines) ?? "").utf8)
        for _ in 0..<rounds {
            try await valueRound(lines(of: bytes))
            try peerRound(jsonLines)
            try await snapshotRound(jsonLines, list)
        }
        let memory = try [jsonLines, list].map { try Command.run([CommandLine.arguments[0], "--read", $0]) }
        try report(bytes: bytes.count, memory: memory, to: file)
    }

    private mutating func valueRound(_ lines: [ArraySlice<UInt8>]) async throws {
        add("JSONText", await processorSeconds { for line in lines { _ = try? JSONValue(parsing: line) } })
        let data = FoundationRound.data(lines)
        add("JSONSerialization", try await processorSeconds { try FoundationRound.serialization(data) })
        add("JSONDecoder", try await processorSeconds { try FoundationRound.decoder(data) })
    }

    /// The program prints `NAME SECONDS` for each library.
    private mutating func peerRound(_ file: String) throws {
        guard let peers else { return }
        for line in try Command.run([peers, file]).split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.count == 2, let seconds = Double(words[1]) { add(String(words[0]), seconds) }
        }
    }

    private mutating func snapshotRound(_ jsonLines: String, _ list: String) async throws {
        add("snapshot of lines", try await processorSeconds { _ = try await SnapshotRound.read(jsonLines) })
        add("snapshot of a list", try await processorSeconds { _ = try await SnapshotRound.read(list) })
        add("by documents", try await processorSeconds { try SnapshotRound.readByDocuments(jsonLines) })
    }

    private mutating func add(_ name: String, _ figure: Double) { seconds[name, default: []].append(figure) }

    // MARK: Figures

    private func rate(_ name: String, _ bytes: Int) -> Double? {
        guard let sorted = seconds[name]?.sorted(), sorted.count >= 5 else { return nil }
        return (Double(bytes) / 1e6 / sorted[sorted.count / 2] * 10).rounded() / 10
    }

    private func report(bytes: Int, memory: [String], to file: String) throws {
        print("\(percent) %: \(bytes) bytes, MB a second of one processor, medians of \(rounds) rounds")
        let values = ["JSONText", "JSONSerialization", "JSONDecoder", "json-c", "jansson", "rapidjson", "simdjson"]
        for name in values + ["snapshot of lines", "snapshot of a list", "by documents"] {
            print(
                "  \(name)" + String(repeating: " ", count: max(1, 22 - name.count)) + (rate(name, bytes).map { "\($0)" } ?? "not measured")
            )
        }
        for line in memory { print("  alone: \(line)", terminator: "") }
        let note = "\(bytes) bytes of JSON lines; by time of the processor; median of \(rounds) interleaved rounds"
        try append("json-values-\(percent)", values[0], Array(values.dropFirst()), bytes, note, to: file)
        try append("read-snapshot-\(percent)", "snapshot of lines", ["by documents"], bytes, note, to: file)
        try append("read-snapshot-list-\(percent)", "snapshot of a list", [], bytes, "one kind: List; " + note, to: file)
    }

    private func append(_ name: String, _ ours: String, _ others: [String], _ bytes: Int, _ note: String, to file: String) throws {
        func text(_ name: String) -> String { rate(name, bytes).map { "\($0)" } ?? "null" }
        let peers = others.map { "\"\($0)\":\(text($0))" }.sorted().joined(separator: ",")
        let line = "{\"name\":\"\(name)\",\"unit\":\"MB/s\",\"ours\":\(text(ours)),\"peers\":{\(peers)},\"note\":\"\(note)\"}\n"
        try FileText.write((FileText.read(file) ?? "") + line, to: file)
    }
}
