import EgressCommands
import EgressModel
import EgressPorts
import FoundationEssentials
import JSONText
import KubeObjects
import Synchronization
import Testing

/// Runs the program in this process, against a cluster in memory.
struct Bench: Sendable {
    /// 2026-11-22T10:00:05Z: five seconds after the reports of the fixture.
    static let now: Int64 = 1_795_341_605

    struct Run {
        var output: String
        var error: String
        var code: Int32

        /// Standard output as JSON; `null` when it is none.
        var json: JSONValue { (try? JSONValue(parsing: output)) ?? .null }
    }

    var cluster: any Cluster
    var helper: (any HelperCalling)?
    var variables: [String: String] = [:]
    var input = ""
    var width: Int? = nil
    var hosts: [String: [IPAddress]] = [:]
    var now = Self.now
    /// What the API adapter would do.
    var isAPI = false
    var serverWarnings: [String] = []
    var kubeconfigNames = KubeconfigNames()
    var manifests: [EmbeddedManifest] = []
    var isErrorTerminal = false
    /// Ends when the user interrupts.
    var interruption: @Sendable () async -> Void = { try? await Task.sleep(for: .seconds(3600)) }
    /// How the API was opened, call by call.
    let accesses = Calls()

    init(_ cluster: any Cluster = FakeCluster(fixture("cluster.yaml"))) { self.cluster = cluster }

    /// `fake` as a snapshot is the cluster; without one it is the API, where `isAPI` says so.
    func environment(_ output: @escaping CommandEnvironment.Sink, _ error: @escaping CommandEnvironment.Sink) -> CommandEnvironment {
        let bench = self
        return CommandEnvironment(
            standardOutput: output, standardError: error, standardInput: { Array(bench.input.utf8) },
            terminal: Terminal(isOutput: width != nil, isError: isErrorTerminal, width: width), variables: variables,
            clock: FixedClock(now: now),
            adapters: CommandAdapters(
                openFolder: { path in
                    guard path == "fake" else { throw CommandError("the path \"\(path)\" does not exist") }
                    return bench.cluster
                },
                openAPI: { access, _, _, warn in
                    bench.accesses.withLock { $0.append(access) }
                    guard bench.isAPI else { throw ClusterError("no kubeconfig found", hint: "set KUBECONFIG, or pass --snapshot DIR") }
                    bench.serverWarnings.forEach(warn)
                    return bench.cluster
                },
                kubeconfigNames: { _ in bench.kubeconfigNames },
                openHelper: { socket in
                    guard let helper = bench.helper else { throw CommandError("no helper answers at \(socket)") }
                    return helper
                }, manifests: bench.manifests),
            resolveHost: { bench.hosts[$0] ?? [] }, untilInterrupted: { await bench.interruption() })
    }

    /// The words after `kubectl egress`; `--snapshot fake` is added at the end unless `snapshot` is false.
    func run(_ words: [String], snapshot: Bool = true, calledAs name: String = "/bin/kubectl-egress") async -> Run {
        let output = Mutex("")
        let error = Mutex("")
        let environment = environment({ text in output.withLock { $0 += text } }, { text in error.withLock { $0 += text } })
        let code = await EgressProgram.run([name] + words + (snapshot ? ["--snapshot", "fake"] : []), in: environment)
        return Run(output: output.withLock(\.self), error: error.withLock(\.self), code: code)
    }

    func run(_ line: String, snapshot: Bool = true) async -> Run {
        await run(line.split(separator: " ").map(String.init), snapshot: snapshot)
    }
}

/// What somebody called, kept.
final class Calls: Sendable {
    private let accesses = Mutex<[ClusterAccess]>([])

    func withLock(_ body: (inout [ClusterAccess]) -> Void) { accesses.withLock { body(&$0) } }
    var last: ClusterAccess? { accesses.withLock(\.last) }
}

/// Time stands; sleeping is real.
struct FixedClock: WallClock {
    var now: Int64

    func secondsSinceEpoch() -> Int64 { now }
    func sleep(seconds: Double) async throws { try await Task.sleep(for: .milliseconds(Int64(seconds * 1000))) }
}

func testFile(_ path: String) -> String {
    URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().appending(path: path).path
}

func projectFile(_ path: String) -> String { testFile("../../" + path) }

func contents(_ path: String) throws -> String { String(decoding: try Data(contentsOf: URL(filePath: path)), as: UTF8.self) }

func fixture(_ name: String) -> ClusterSnapshot {
    let text = (try? contents(testFile("Fixtures/" + name))) ?? ""
    return clusterSnapshot(from: KubeReading(text, file: name))
}

/// Compares with `Golden/NAME`, or writes it where EGRESS_RECORD is set.
func expectGolden(_ text: String, _ name: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
    let path = testFile("Golden/" + name)
    if ProcessInfo.processInfo.environment["EGRESS_RECORD"] != nil {
        try Data(text.utf8).write(to: URL(filePath: path))
    }
    let golden = try contents(path)
    #expect(text == golden, "Golden/\(name) says otherwise; EGRESS_RECORD=1 writes it anew", sourceLocation: sourceLocation)
}
