import ClusterFolder
import EgressModel
import EgressPorts
import KubeObjects
import Testing

private func line(_ finding: Finding) -> String {
    "\(finding.severity.rawValue) \(finding.code) \(finding.place?.description ?? ""): \(finding.message)"
}

@Suite struct SnapshotTests {
    @Test func `every manifest of the folder and below is read, and nothing else`() async throws {
        let folder = TemporaryFolder()
        folder.makeFolder("sub")
        folder.makeFolder(".hidden")
        folder.write(policyText("a"), "a.yaml")
        folder.write("{\"apiVersion\":\"v1\",\"kind\":\"Node\",\"metadata\":{\"name\":\"n1\"}}", "sub/node.json")
        folder.write("{\"apiVersion\":\"v1\",\"kind\":\"Node\",\"metadata\":{\"name\":\"n2\"}}\n", "sub/nodes.jsonl")
        folder.write("apiVersion: v1\nkind: Namespace\nmetadata: {name: default}\n", "ns.yml")
        folder.write("[", ".broken.yaml")
        folder.write("[", ".hidden/broken.yaml")
        folder.write("[", "README.md")
        folder.write("[", "a.yaml~")
        let snapshot = try await ClusterFolder(path: folder.path + "/").snapshot()
        #expect(snapshot.findings.isEmpty)
        #expect(snapshot.isComplete)
        #expect(snapshot.policies.map(\.metadata.name) == ["a"])
        #expect(snapshot.nodes.map(\.name) == ["n1", "n2"])
        #expect(snapshot.namespaces.map(\.name) == ["default"])
    }

    @Test func `a broken file is named with its place, the others stay, and the snapshot is incomplete`() async throws {
        let folder = TemporaryFolder()
        folder.write(policyText("a"), "a.yaml")
        folder.write("apiVersion: v1\nkind: Pod\nmetadata: {name: x\n", "b.yaml")
        folder.write("", "c.yaml")
        folder.write([0x61, 0x3A, 0xFF], "d.yaml")
        let snapshot = try await ClusterFolder(path: folder.path).snapshot()
        #expect(snapshot.policies.count == 1)
        #expect(!snapshot.isComplete)
        #expect(
            snapshot.findings.map(line) == [
                "error EG2001 \(folder.path)/b.yaml:4:1: not YAML: while parsing a flow mapping: did not find expected ',' or '}'",
                "error EG2001 \(folder.path)/c.yaml:1:1: the file is empty; perhaps it is being written",
                "error EG2001 \(folder.path)/d.yaml:1:1: not text in UTF-8",
            ])
    }

    @Test func `a policy with an invalid field leaves the snapshot complete`() async throws {
        let folder = TemporaryFolder()
        folder.write(policyText("a", destination: "10.0.0.0/33"), "a.yaml")
        let snapshot = try await ClusterFolder(path: folder.path).snapshot()
        #expect(snapshot.isComplete)
        #expect(snapshot.policies.map { $0.policy == nil } == [true])
        #expect(snapshot.policies.first?.findings.first?.place?.description == "\(folder.path)/a.yaml:6:22")
    }

    @Test func `one file is a cluster too`() async throws {
        let folder = TemporaryFolder()
        folder.write(policyText("a") + "---\n" + policyText("b"), "all.yaml")
        let cluster = ClusterFolder(path: folder.path + "/all.yaml")
        #expect(try await cluster.snapshot().policies.count == 2)
        let error = await #expect(throws: ClusterError.self) { try await cluster.apply(manifests(policyText("c"))) }
        #expect(error?.message == "\(folder.path)/all.yaml can't be written into")
        await #expect(throws: ClusterError.self) { try await cluster.tunnelTokens() }
    }

    @Test func `a path that isn't there is an error with its reason`() async throws {
        let error = await #expect(throws: ClusterError.self) { try await ClusterFolder(path: "/tmp/egt-none").snapshot() }
        #expect(
            error?.description
                == "can't read /tmp/egt-none: No such file or directory (--snapshot names a folder or file of manifests)")
    }
}
