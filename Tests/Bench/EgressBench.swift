import Glibc
import TestKit

/// Measures our path beside others', in interleaved rounds of one run, and appends a JSON line for each figure.
///
/// `EgressBench [ROUNDS] [FILE]`; bind it to one processor (`taskset -c 1`), so that wall time is the cost of all parts.
@main
struct EgressBench {
    static func main() async throws {
        let arguments = CommandLine.arguments.dropFirst()
        let rounds = max(5, arguments.first.flatMap { Int($0) } ?? 5)
        let file = arguments.dropFirst().first ?? ".build/bench.jsonl"
        guard Requirement.packet.isMet else { throw TestKitError("measuring needs root") }
        try TurnBench(rounds: rounds).append(to: file)
        for kind in BenchKind.allCases {
            let figures = try await measure(kind, rounds: rounds)
            report(kind, figures, rounds: rounds)
            try append(kind, figures, rounds: rounds, to: file)
        }
    }

    private static func measure(_ kind: BenchKind, rounds: Int) async throws -> [BenchPath: [Double]] {
        var figures: [BenchPath: [Double]] = [:]
        for _ in 0..<rounds {
            for path in BenchPath.allCases {
                if let figure = try await measure(kind, path) { figures[path, default: []].append(figure) }
            }
        }
        return figures
    }

    /// A run that lost packets measures something else: it is done again, and given up after some times.
    private static func measure(_ kind: BenchKind, _ path: BenchPath) async throws -> Double? {
        for _ in 1...5 {
            if let figure = try await Sandbox.run({ try BenchWorld(path, kind, bpffs: $0).measure(kind.packets) }) { return figure }
        }
        print("\(kind.rawValue) \(path.rawValue): packets were lost in each of 5 runs; this round has no figure")
        return nil
    }

    private static func median(_ values: [Double]?) -> Double? {
        guard let values, values.count >= 5 else { return nil }
        let sorted = values.sorted()
        return sorted.count % 2 == 1 ? sorted[sorted.count / 2] : (sorted[sorted.count / 2 - 1] + sorted[sorted.count / 2]) / 2
    }

    /// In the figure's own unit: nanoseconds a packet, or connections a second.
    private static func figure(_ kind: BenchKind, _ values: [Double]?) -> Double? {
        median(values).map { kind == .established ? $0 : 1e9 / $0 }
    }

    private static func text(_ value: Double?) -> String {
        value.map { String(Int($0.rounded())) } ?? "null"
    }

    private static func report(_ kind: BenchKind, _ figures: [BenchPath: [Double]], rounds: Int) {
        print("\(kind == .established ? "established flow, ns a packet" : "new flows a second") (median of \(rounds) rounds)")
        let ours = figure(kind, figures[.ours])
        for path in BenchPath.allCases {
            let other = figure(kind, figures[path])
            let ratio = ours.flatMap { ours in other.map { ours / $0 } }
            let shown = ratio.map { "ours/\(path.rawValue) \(Double(Int($0 * 100)) / 100)" } ?? ""
            print("  \(path.rawValue)".padded(to: 14) + text(other).padded(to: 10) + (path == .ours ? "" : shown))
        }
    }

    private static func append(_ kind: BenchKind, _ figures: [BenchPath: [Double]], rounds: Int, to file: String) throws {
        let name = kind == .established ? "established-flow-local-gateway" : "new-flows-local-gateway"
        let unit = kind == .established ? "ns/packet" : "flows/s"
        let peers = BenchPath.allCases.filter { $0 != .ours }
            .map { "\"\($0.rawValue)\":\(text(figure(kind, figures[$0])))" }.sorted().joined(separator: ",")
        let note = "median of \(rounds) interleaved rounds; UDP, 64 octets; generator, skb, two veths and sink included"
        let line =
            "{\"name\":\"\(name)\",\"unit\":\"\(unit)\",\"ours\":\(text(figure(kind, figures[.ours]))),\"peers\":{\(peers)},\"note\":\"\(note)\"}\n"
        try FileText.write((FileText.read(file) ?? "") + line, to: file)
    }
}

extension String {
    fileprivate func padded(to width: Int) -> String {
        self + String(repeating: " ", count: max(1, width - count))
    }
}
