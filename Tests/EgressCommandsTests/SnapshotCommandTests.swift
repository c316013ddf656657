import ClusterFolder
import EgressModel
import JSONText
import KubeObjects
import Testing

@testable import EgressCommands

/// A snapshot is what every reading command takes instead of the cluster.
@Suite struct SnapshotCommandTests {
    @Test func `commands say the same of a cluster and of its snapshot`() async throws {
        let folder = try TemporaryFolder()
        try folder.write(try contents(testFile("Fixtures/cluster.yaml")), to: "cluster.yaml")
        let bench = Bench(ClusterFolder(path: folder.path))
        let lines = await bench.run("snapshot")
        #expect(lines.output.split(separator: "\n").allSatisfy { (try? JSONValue(parsing: String($0))) != nil })
        let copies = try TemporaryFolder()
        let file = try copies.write(lines.output, to: "cluster.jsonl")
        let yaml = try copies.write(await bench.run("snapshot -o yaml").output, to: "cluster.yaml")
        for line in ["list -A -o json", "status -o json", "explain pod mediabot -o json", "list -o wide"] {
            let wanted = await bench.run(line)
            #expect(await Bench(ClusterFolder(path: file)).run(line).output == wanted.output, "\(line)")
            #expect(await Bench(ClusterFolder(path: yaml)).run(line).output == wanted.output, "\(line)")
        }
    }

    @Test func `a snapshot shows its own moment, and what couldn't be read of it`() async throws {
        var state = fixture("cluster.yaml")
        state.unread = [UnreadKind(kind: .lease, code: .readForbidden, reason: "leases is forbidden")]
        var bench = Bench(FakeCluster(state))
        let copies = try TemporaryFolder()
        let header = await bench.run("snapshot").output
        let file = try copies.write(header + (try contents(testFile("Fixtures/cluster.yaml"))).jsonLines, to: "cluster.jsonl")
        let wanted = await bench.run("status -o json").output
        bench = Bench(ClusterFolder(path: file))
        bench.now += 86_400
        let later = await bench.run("status -o json")
        #expect(later.output == wanted)
        #expect(later.error.hasPrefix("note: this is the cluster as it was at 2026-11-22T10:00:05Z\nnote: heartbeats of nodes"))
        let again = await bench.run("snapshot").output
        #expect(again.components(separatedBy: "ClusterSnapshot").count == 2)
    }

    @Test func `versions of server and helpers are shown, or the client's alone`() async {
        var bench = Bench(FakeCluster(fixture("cluster.yaml"), version: "v1.32.4"))
        bench.isAPI = true
        let run = await bench.run("version", snapshot: false)
        #expect(run.output.hasPrefix("Client Version: 0.1.0\nServer Version: v1.32.4\nHelper Version: "))
        #expect(await bench.run("version --client", snapshot: false).output == "Client Version: 0.1.0\n")
        let json = await bench.run("version -o json", snapshot: false).json
        #expect(json["server"]?["version"] == "v1.32.4")
        #expect(json["helpers"]?[0]?["nodes"]?[0] != nil)
        let none = await Bench().run("version", snapshot: false)
        #expect(none.code == 0)
        #expect(none.output == "Client Version: 0.1.0\n")
        #expect(none.error == "note: no server asked: no kubeconfig found\n")
        let broken = FakeCluster(ClusterSnapshot(), version: "v1")
        broken.fail(CommandError("broken"))
        bench.cluster = broken
        let failed = await bench.run("version", snapshot: false)
        #expect(failed.code == 1)
        #expect(failed.output == "Client Version: 0.1.0\nServer Version: v1\n")
    }
}

extension String {
    /// YAML manifests as an object a line.
    fileprivate var jsonLines: String { KubeReading(self, file: "x").documents.map { $0.json.text(sorted: true) + "\n" }.joined() }
}
