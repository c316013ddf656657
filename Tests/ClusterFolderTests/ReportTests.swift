import ClusterFolder
import EgressModel
import EgressPorts
import Glibc
import Testing

@Suite struct ReportTests {
    @Test func `a report is written whole, and only when it changed`() async throws {
        let folder = TemporaryFolder()
        let cluster = ClusterFolder(path: folder.path)
        var node = EgressNode(metadata: ObjectMetadata(name: "node-1", uid: "u"), reportedAt: "2026-11-22T10:00:00Z", lastEntryID: 3)
        try await cluster.report(node)
        #expect(folder.names == ["egressnode.node-1.yaml"])
        #expect(try await cluster.snapshot().egressNodes == [node])
        let inode = folder.status("egressnode.node-1.yaml").st_ino
        try await cluster.report(node)
        #expect(folder.status("egressnode.node-1.yaml").st_ino == inode)
        node.reportedAt = "2026-11-22T10:00:30Z"
        try await cluster.report(node)
        #expect(try await cluster.snapshot().egressNodes == [node])
        #expect(folder.allNames == ["egressnode.node-1.yaml"])
    }

    @Test func `agents that race for the first token agree`() async throws {
        let folder = TemporaryFolder()
        let tokens = try await withThrowingTaskGroup(of: [[UInt8]].self) { group in
            for _ in 0..<16 {
                let cluster = ClusterFolder(path: folder.path)
                group.addTask { try await cluster.tunnelTokens() }
            }
            return try await group.reduce(into: Set<[[UInt8]]>()) { $0.insert($1) }
        }
        #expect(tokens.count == 1)
        #expect(tokens.first?.map(\.count) == [12])
        #expect(folder.status(".kubectl-egress").st_mode & 0o777 == 0o700)
        #expect(folder.status(".kubectl-egress/tunnel-token").st_mode & 0o777 == 0o600)
        let other = TemporaryFolder()
        #expect(try await ClusterFolder(path: other.path).tunnelTokens() != tokens.first)
    }

    @Test func `several tokens are read in their order`() async throws {
        let folder = TemporaryFolder()
        let cluster = ClusterFolder(path: folder.path)
        _ = try await cluster.tunnelTokens()
        folder.write("000102030405060708090a0b\nFFfefdfcfbfaf9f8f7f6f5f4\n", ".kubectl-egress/tunnel-token")
        #expect(try await cluster.tunnelTokens() == [Array(0...11), Array((0xF4...0xFF).reversed())])
    }

    @Test(arguments: ["", "secret", "000102030405060708090a0", "000102030405060708090a0b\nzz", "00010203040506070809 a0b"])
    func `a file without good tokens is refused, and its content not shown`(content: String) async throws {
        let folder = TemporaryFolder()
        let cluster = ClusterFolder(path: folder.path)
        _ = try await cluster.tunnelTokens()
        folder.write(content, ".kubectl-egress/tunnel-token")
        let error = await #expect(throws: ClusterError.self) { try await cluster.tunnelTokens() }
        #expect(
            error?.description
                == "\(folder.path)/.kubectl-egress/tunnel-token holds no tokens (1 to 16 lines of 24 hexadecimal digits)")
    }

    @Test func `tokens that others can read are refused`() async throws {
        let folder = TemporaryFolder()
        let cluster = ClusterFolder(path: folder.path)
        _ = try await cluster.tunnelTokens()
        chmod("\(folder.path)/.kubectl-egress/tunnel-token", 0o644)
        let error = await #expect(throws: ClusterError.self) { try await cluster.tunnelTokens() }
        #expect(error?.message == "\(folder.path)/.kubectl-egress/tunnel-token can be read by others than its owner")
    }
}
