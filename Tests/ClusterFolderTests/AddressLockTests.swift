import ClusterFolder
import EgressModel
import EgressPorts
import FoundationEssentials
import Glibc
import Testing

@Suite struct AddressLockTests {
    private let address = IPAddress(ipv4: 0xC633_6407)
    private let other = IPAddress(ipv6: 0x2001_0DB8_0000_0000_0000_0000_0000_0007)

    private func folder(reported ages: [String: Int64] = ["a": 0, "b": 0]) -> (TemporaryFolder, ClusterFolder) {
        let folder = TemporaryFolder()
        for (name, age) in ages {
            folder.write("{apiVersion: v1, kind: Node, metadata: {name: \(name)}}\n", "\(name).yaml")
            report(name, age: age, in: folder)
        }
        return (folder, ClusterFolder(path: folder.path))
    }

    private func report(_ name: String, age: Int64, in folder: TemporaryFolder) {
        let text = Date(timeIntervalSinceNow: -Double(age)).formatted(.iso8601)
        folder.write(
            "{apiVersion: kubectl-egress.dev/v1alpha1, kind: EgressNode, metadata: {name: \(name)}, status: {reportedAt: \"\(text)\"}}\n",
            "report-\(name).yaml")
    }

    @Test func `one has it until it gives it back`() async throws {
        let (folder, cluster) = folder()
        defer { withExtendedLifetime(folder) {} }
        #expect(try await cluster.hold(address, node: "a") == .held)
        #expect(try await cluster.hold(address, node: "a") == .held, "again is the same")
        #expect(try await cluster.hold(address, node: "b") == .heldBy(node: "a"))
        #expect(try await cluster.hold(other, node: "b") == .held)
        #expect(try await cluster.heldAddresses(node: "a") == [address])
        #expect(try await cluster.heldAddresses(node: "b") == [other])
        try await cluster.release(address, node: "b")
        #expect(try await cluster.heldAddresses(node: "a") == [address], "another's isn't given back")
        try await cluster.release(address, node: "a")
        try await cluster.release(address, node: "a")
        #expect(try await cluster.hold(address, node: "b") == .held)
    }

    @Test func `of two writers that race exactly one wins`() async throws {
        let (folder, _) = folder()
        for round in 0..<100 {
            let contested = IPAddress(ipv4: 0xC633_0000 + UInt32(round))
            async let first = ClusterFolder(path: folder.path).hold(contested, node: "a")
            async let second = ClusterFolder(path: folder.path).hold(contested, node: "b")
            let answers = try await [first, second]
            let winners = answers.indices.filter { answers[$0] == .held }
            #expect(winners.count == 1, "round \(round): \(answers)")
            let winner = try #require(winners.first)
            #expect(answers[1 - winner] == .heldBy(node: ["a", "b"][winner]))
        }
    }

    @Test func `a lock is taken over from a node that is silent for more than ninety seconds, or gone`() async throws {
        let (folder, cluster) = folder()
        #expect(try await cluster.hold(address, node: "a") == .held)
        report("a", age: 80, in: folder)
        #expect(try await cluster.hold(address, node: "b") == .heldBy(node: "a"))
        report("a", age: 95, in: folder)
        #expect(try await cluster.hold(address, node: "b") == .held)
        #expect(try await cluster.hold(address, node: "a") == .heldBy(node: "b"), "the one who lost it sees that it did")
        #expect(unlink("\(folder.path)/b.yaml") == 0)
        report("a", age: 0, in: folder)
        #expect(try await cluster.hold(address, node: "a") == .held)
    }

    @Test func `a folder that can't be read whole takes nothing from anybody`() async throws {
        let (folder, cluster) = folder(reported: ["a": 500, "b": 0])
        #expect(try await cluster.hold(address, node: "a") == .held)
        folder.write("{apiVersion: v1, kind: Node, metadata: {name: [", "broken.yaml")
        #expect(try await cluster.hold(address, node: "b") == .heldBy(node: "a"))
    }

    @Test func `locks are no manifests, and wake nobody`() async throws {
        let (folder, cluster) = folder()
        let before = try await cluster.snapshot()
        #expect(try await cluster.hold(address, node: "a") == .held)
        #expect(folder.names == ["a.yaml", "b.yaml", "report-a.yaml", "report-b.yaml"])
        let after = try await cluster.snapshot()
        #expect(after == before)
        #expect(folder.read(".kubectl-egress/addresses/egress-ip-198-51-100-7") == "a\n")
    }

    @Test func `a file can't hold locks`() async throws {
        let (folder, _) = folder()
        let file = ClusterFolder(path: "\(folder.path)/a.yaml")
        await #expect(throws: ClusterError.self) { try await file.hold(address, node: "a") }
    }
}
