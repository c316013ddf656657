import Glibc
import TestKit

/// Measures our path beside others', in interleaved rounds of one run, and appends a JSON line for each figure.
///
/// `EgressBench [ROUNDS] [FILE] [FIGURE…]`; bind it to one processor (`taskset -c 1`), so that its time is the cost of
/// all parts. A figure is a word of ``figures``; without any, all are measured.
@main
struct EgressBench {
    private static let figures: [(word: String, measure: @Sendable (Setting) throws -> [Figure])] = [
        ("turn", { [TurnBench(rounds: $0.rounds).figure()] }),
        ("established", { try $0.inEachFamily { try $0.established() } }),
        ("answers", { try $0.inEachFamily { try $0.answers() } }),
        ("tunnel", { try $0.inEachFamily { try $0.tunnel() } }),
        ("new", { try $0.inEachFamily { try $0.new() } }),
        ("stream", { one in try one.families.flatMap { try StreamFigures(family: $0, rounds: one.rounds, pins: one.pins).measure() } }),
        ("not-ours", { one in try one.families.flatMap { try ProgramFigures(family: $0, rounds: one.rounds, pins: one.pins).notOurs() } }),
        ("lookup", { one in try one.families.flatMap { try ProgramFigures(family: $0, rounds: one.rounds, pins: one.pins).lookup() } }),
        ("ports", { one in try one.families.flatMap { try TableFigures(family: $0, pins: one.pins).ports() } }),
        ("memory", { one in try one.families.flatMap { try TableFigures(family: $0, pins: one.pins).memory() } }),
    ]

    struct Setting: Sendable {
        let rounds: Int
        let pins: String
        let families: [BenchFamily]

        func inEachFamily(_ body: (PacketFigures) throws -> [Figure]) throws -> [Figure] {
            try families.flatMap { try body(PacketFigures(family: $0, rounds: rounds, pins: pins)) }
        }
    }

    static func main() async {
        do {
            try await run()
        } catch {
            let line = Array("error: \(error)\n".utf8)
            write(2, line, line.count)
            exit(1)
        }
    }

    private static func run() async throws {
        let arguments = Array(CommandLine.arguments.dropFirst())
        let rounds = max(1, arguments.first.flatMap { Int($0) } ?? 5)
        let file = arguments.dropFirst().first ?? ".build/bench.jsonl"
        let wanted = Array(arguments.dropFirst(2))
        let known = figures.map(\.word) + BenchFamily.allCases.map(\.rawValue)
        if let unknown = wanted.first(where: { !known.contains($0) }) {
            throw TestKitError("no figure \"\(unknown)\"; there are: \(known.joined(separator: ", "))")
        }
        guard Requirement.packet.isMet else { throw TestKitError("measuring needs root") }
        let chosen = wanted.compactMap { BenchFamily(rawValue: $0) }
        let words = wanted.filter { BenchFamily(rawValue: $0) == nil }
        for (word, measure) in figures where words.isEmpty || words.contains(word) {
            try await Sandbox.run { pins in
                let setting = Setting(rounds: rounds, pins: pins, families: chosen.isEmpty ? BenchFamily.allCases : chosen)
                for figure in try measure(setting) {
                    FigureReport.print(figure)
                    fflush(nil)
                    try FigureReport.append(figure, to: file)
                }
            }
        }
    }
}
