import Glibc
import TestKit

/// Measures reading of JSON beside others', in interleaved rounds of one run, and appends a JSON line for each figure.
///
/// `ReadingBench [ROUNDS] [FILE [PEERS]]`: PEERS is the program that `make bench-reading` builds from peers.cpp.
/// `ReadingBench --read FILE` reads one snapshot once and says what it took, `--documents FILE` does so by way of
/// documents, and `--write FILE PERCENT` writes one.
@main
struct ReadingBench {
    static func main() async throws {
        let arguments = Array(CommandLine.arguments.dropFirst())
        switch arguments.first {
        case "--read": try await SnapshotRound.report(file: arguments.dropFirst().first ?? "")
        case "--documents":
            try SnapshotRound.readByDocuments(arguments.dropFirst().first ?? "")
            print("peak \(SnapshotRound.peak()) kB")
        case "--write":
            let percent = arguments.dropFirst(2).first.flatMap { Int($0) } ?? 1
            try FileText.write(SampleCluster.jsonLines(percent: percent, seed: 1), to: arguments.dropFirst().first ?? "")
        default:
            let rounds = max(5, arguments.first.flatMap { Int($0) } ?? 5)
            let file = arguments.dropFirst().first ?? ".build/bench.jsonl"
            for percent in [1, 10, 100] {
                var measurement = ReadingRounds(percent: percent, rounds: rounds, peers: arguments.dropFirst(2).first)
                try await measurement.run(appendingTo: file)
            }
        }
    }
}

/// Time of the processor that this process took: what else runs on the machine doesn't count.
func processorSeconds(_ body: () async throws -> Void) async rethrows -> Double {
    func now() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
    let start = now()
    try await body()
    return now() - start
}

/// Of JSON lines the lines.
func lines(of bytes: [UInt8]) -> [ArraySlice<UInt8>] { bytes.split(separator: UInt8(ascii: "\n")) }
