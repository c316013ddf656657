import ClusterFolder
import EgressModel
import EgressPorts
import KubeObjects
import Testing

@Suite struct ApplyTests {
    @Test func `a new object gets a file, a uid, a time and generation 1`() async throws {
        let folder = TemporaryFolder()
        let cluster = ClusterFolder(path: folder.path)
        let applied = try await cluster.apply(manifests(policyText("web")))
        #expect(applied.map(\.change) == [.created])
        #expect(applied.map(\.generation) == [1])
        #expect(folder.names == ["ciliumegressgatewaypolicy.web.yaml"])
        let metadata = try #require(try await cluster.snapshot().policies.first?.metadata)
        #expect(metadata.uid == applied.first?.uid)
        #expect(metadata.uid.wholeMatch(of: /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/) != nil)
        #expect(metadata.creationTimestamp?.hasPrefix("20") == true)
        #expect(metadata.generation == 1)
    }

    @Test func `the generation follows the spec and our annotations, and nothing else`() async throws {
        let folder = TemporaryFolder()
        let cluster = ClusterFolder(path: folder.path)
        func apply(_ text: String) async throws -> String {
            let applied = try #require(try await cluster.apply(manifests(text)).first)
            return "\(applied.change) \(applied.generation)"
        }
        let first = try await cluster.apply(manifests(policyText("a")))
        #expect(try await apply(policyText("a")) == "unchanged 1")
        #expect(try await apply(policyText("a", destination: "10.0.0.0/8")) == "configured 2")
        #expect(try await apply(policyText("a", destination: "10.0.0.0/8", labels: "{team: red}")) == "configured 2")
        #expect(try await apply(policyText("a", destination: "10.0.0.0/8", annotations: "{other.io/x: z}")) == "configured 2")
        #expect(
            try await apply(policyText("a", destination: "10.0.0.0/8", annotations: "{kubectl-egress.dev/priority: \"1\"}"))
                == "configured 3")
        #expect(try await cluster.snapshot().policies.map(\.metadata.uid) == first.map(\.uid))
        #expect(folder.names.count == 1)
    }

    @Test func `a manifest written by hand keeps the uid that it had by its name`() async throws {
        let folder = TemporaryFolder()
        folder.write(policyText("a"), "mine.yaml")
        let cluster = ClusterFolder(path: folder.path)
        let before = try await cluster.snapshot().policies.map(\.metadata.uid)
        #expect(try await cluster.apply(manifests(policyText("a"))).map(\.change) == [.unchanged])
        let applied = try await cluster.apply(manifests(policyText("a", destination: "10.0.0.0/8")))
        #expect(applied.map(\.uid) == before)
        #expect(try await cluster.snapshot().policies.map(\.metadata.uid) == before)
        #expect(folder.names == ["mine.yaml"])
    }

    @Test func `nothing is written when one manifest is invalid`() async throws {
        let folder = TemporaryFolder()
        let cluster = ClusterFolder(path: folder.path)
        let text = policyText("good") + "---\n" + policyText("bad", destination: "10.0.0.1")
        let error = await #expect(throws: ClusterError.self) { try await cluster.apply(manifests(text)) }
        #expect(error?.message == "a manifest is invalid, nothing was changed")
        #expect(error?.findings.map(\.code) == [.invalidCIDR])
        #expect(error?.findings.first?.field == "spec.destinationCIDRs[0]")
        #expect(error?.findings.first?.place?.description == "given.yaml:9:1")
        #expect(folder.names.isEmpty)
        await #expect(throws: ClusterError.self) { try await cluster.apply(manifests(policyText("x") + "---\n" + policyText("x"))) }
        #expect(folder.names.isEmpty)
    }

    @Test func `an object among others is changed in its place, and the rest stays to the letter`() async throws {
        let folder = TemporaryFolder()
        let head = "# first\n" + policyText("a") + "--- # second\n"
        let tail = "---\n# third\n" + policyText("c") + "# end"
        folder.write(head + policyText("b") + tail, "all.yaml")
        folder.write(
            "{\"apiVersion\":\"v1\",\"kind\":\"Node\",\"metadata\":{\"name\":\"n1\"}}\n{\"apiVersion\":\"v1\",\"kind\":\"Node\",\"metadata\":{\"name\":\"n2\"}}\n",
            "nodes.jsonl")
        let cluster = ClusterFolder(path: folder.path)
        _ = try await cluster.apply(
            manifests(
                policyText("b", destination: "10.0.0.0/8") + "---\n"
                    + "{apiVersion: v1, kind: Node, metadata: {name: n1, uid: ignored, labels: {a: b}}}"))
        let text = try #require(folder.read("all.yaml"))
        #expect(text.hasPrefix("# first\n" + policyText("a") + "---\napiVersion: cilium.io/v2\n"))
        #expect(text.hasSuffix(tail + "\n"))
        let lines = try #require(folder.read("nodes.jsonl")).split(separator: "\n")
        #expect(lines.count == 2)
        #expect(lines.last == "{\"apiVersion\":\"v1\",\"kind\":\"Node\",\"metadata\":{\"name\":\"n2\"}}")
        let snapshot = try await cluster.snapshot()
        #expect(snapshot.findings.isEmpty)
        #expect(snapshot.policies.map { $0.policy?.destinationCIDRs.first?.description } == ["0.0.0.0/0", "10.0.0.0/8", "0.0.0.0/0"])
        #expect(snapshot.nodes.map(\.metadata.labels) == [["a": "b"], [:]])
    }

    @Test func `an object inside of a list is left alone, with a word`() async throws {
        let folder = TemporaryFolder()
        let text =
            "{\"apiVersion\":\"v1\",\"kind\":\"List\",\"items\":[{\"apiVersion\":\"v1\",\"kind\":\"Node\",\"metadata\":{\"name\":\"n1\"}}]}"
        folder.write(text, "list.json")
        let cluster = ClusterFolder(path: folder.path)
        let changed = manifests(policyText("p") + "---\n{apiVersion: v1, kind: Node, metadata: {name: n1, labels: {a: b}}}")
        let error = await #expect(throws: ClusterError.self) { try await cluster.apply(changed) }
        #expect(
            error?.description
                == "node/n1 is inside of a list in \(folder.path)/list.json (edit it there, or move it to a file of its own)")
        #expect(folder.names == ["list.json"])
        #expect(folder.read("list.json") == text)
    }

    @Test func `no name leads out of the folder or into a hidden file`() async throws {
        let folder = TemporaryFolder()
        let cluster = ClusterFolder(path: folder.path)
        let long = String(repeating: "x", count: 300)
        for name in ["../../escape", "..", "a/b", ".hidden", "ü\\n", long, long + "y"] {
            let text = "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"\(name)\",\"namespace\":\"../..\"}}"
            #expect(try await cluster.apply(manifests(text)).map(\.change) == [.created])
        }
        #expect(folder.names.count == 7)
        #expect(folder.names.allSatisfy { $0.hasPrefix("configmap.") && $0.utf8.count <= 200 })
        #expect(folder.allNames.filter { $0.hasPrefix(".") } == [".kubectl-egress"])
    }

    @Test func `objects of two groups with one kind and name are two objects`() async throws {
        let folder = TemporaryFolder()
        let cluster = ClusterFolder(path: folder.path)
        let text =
            "{apiVersion: v1, kind: Service, metadata: {name: a}}\n---\n{apiVersion: serving.knative.dev/v1, kind: Service, metadata: {name: a, namespace: default}}"
        #expect(try await cluster.apply(manifests(text)).map(\.change) == [.created, .created])
        #expect(folder.names == ["service.default.a-2.yaml", "service.default.a.yaml"])
        #expect(try await cluster.apply(manifests(text)).map(\.change) == [.unchanged, .unchanged])
        #expect(try await cluster.snapshot().services.count == 1)
    }

    @Test func `two writers at once lose nothing`() async throws {
        let folder = TemporaryFolder()
        folder.write((0..<10).map { policyText("shared-\($0)") }.joined(separator: "---\n"), "shared.yaml")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<4 {
                let cluster = ClusterFolder(path: folder.path)
                group.addTask {
                    for number in 0..<10 {
                        _ = try await cluster.apply(manifests(policyText("own-\(writer)-\(number)")))
                        let octet = writer * 10 + number
                        _ = try await cluster.apply(manifests(policyText("shared-\(number)", destination: "10.\(octet).0.0/16")))
                    }
                }
            }
            try await group.waitForAll()
        }
        let snapshot = try await ClusterFolder(path: folder.path).snapshot()
        #expect(snapshot.findings.isEmpty)
        #expect(snapshot.policies.count == 50)
        // Four changes each, none of them lost.
        let shared = snapshot.policies.filter { $0.metadata.name.hasPrefix("shared-") }
        #expect(shared.map(\.metadata.generation) == Array(repeating: 4, count: 10))
        #expect(folder.allNames.filter { $0.hasPrefix(".") } == [".kubectl-egress"])
    }

    @Test func `a reader never sees a part of a change`() async throws {
        let folder = TemporaryFolder()
        let cluster = ClusterFolder(path: folder.path)
        _ = try await cluster.apply(manifests(policyText("a")))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for number in 0..<60 { _ = try await cluster.apply(manifests(policyText("a", destination: "10.\(number).0.0/16"))) }
            }
            group.addTask {
                for _ in 0..<200 {
                    let snapshot = try await ClusterFolder(path: folder.path).snapshot()
                    #expect(snapshot.isComplete)
                    #expect(snapshot.policies.count == 1)
                }
            }
            try await group.waitForAll()
        }
    }
}
