import ClusterFolder
import EgressModel
import Glibc
import KubeObjects
import TestKit

/// What a user waits for: a file becomes a cluster.
enum SnapshotRound {
    /// Prints seconds of wall and of the processor, and the process's peak memory in kB.
    static func report(file: String) async throws {
        var pods = 0
        let clock = ContinuousClock()
        let start = clock.now
        let seconds = try await processorSeconds { pods = try await read(file) }
        let wall = (clock.now - start) / .seconds(1)
        print("\(pods) pods, \(wall) s, \(seconds) s of the processor, peak \(peak()) kB")
    }

    static func read(_ file: String) async throws -> Int {
        let snapshot = try await ClusterFolder(path: file).snapshot()
        guard snapshot.isComplete, snapshot.findings.isEmpty else { throw TestKitError("\(file) wasn't read whole") }
        return snapshot.pods.count
    }

    /// Every object as a document, then checked.
    static func readByDocuments(_ file: String) throws {
        let text = FileText.read(file) ?? ""
        let format = KubeReading.Format(fileName: file) ?? .automatic
        guard clusterSnapshot(from: KubeReading(text, file: file, format: format)).isComplete else {
            throw TestKitError("\(file) wasn't read whole")
        }
    }

    static func peak() -> Int {
        let line = (FileText.read("/proc/self/status") ?? "").split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        return line.flatMap { Int($0.filter(\.isNumber)) } ?? 0
    }
}
