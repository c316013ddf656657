import EgressModel
import EgressPlan
import EgressWire
import Glibc
import HelperSocket
import Testing

@Suite struct ClientTests {
    private func failure(_ path: String) async -> HelperError? {
        do {
            _ = try await HelperClient.connect(path: path, seconds: 1)
            return nil
        } catch {
            return error as? HelperError
        }
    }

    @Test func `every call goes there and back`() async throws {
        try await RunningServer.run { server in
            let client = try await HelperClient.connect(path: server.path, seconds: 120, patience: 120)
            #expect(client.hello.node == "node-1")
            #expect(try await client.plan() == nil)
            var plan = NodePlan(node: "node-1", tunnel: TunnelPlan(address: IPAddress(ipv4: 0xC000_020B)))
            plan.tunnel.tokens = [TunnelToken(octets: Array(1...12))].compactMap { $0 }
            #expect(try await client.apply(plan, revision: 7) == PlanApplied(revision: 7, changed: 1))
            let read = try #require(try await client.plan())
            plan.tunnel.tokens = []
            #expect(read.revision == 7 && read.plan == plan)
            #expect(try await client.facts() == .numbered(0))
            #expect(try await client.plugins().map(\.name) == ["static"])
            #expect(try await client.resolve(strategy: "static", requestJSON: #"{"entry":0}"#).ipv4 == [IPAddress(ipv4: 0xC633_6407)])
            let error = await #expect(throws: HelperError.self) { try await client.apply(plan, revision: 7) }
            #expect(error?.code == "stale_revision")
            await #expect(throws: HelperError(code: "kernel_refused", message: "the kernel refused to read the maps")) {
                try await client.state()
            }
        }
    }

    @Test func `a helper that is not running is unreachable, with its path and what to do`() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let path = folder.path + "/helper.sock"
        let error = await failure(path)
        #expect(error?.code == "unreachable")
        #expect(error?.message == "can't reach the helper at \(path): there is no such socket")
        #expect(error?.hint?.contains("egress-helper run --node") == true)
        let leftover = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        #expect(try bindPath(leftover, path))
        close(leftover)
        #expect(await failure(path)?.message == "can't reach the helper at \(path): nobody listens there")
        let long = await failure("/tmp/" + String(repeating: "x", count: 120))
        #expect(long?.message.contains("has 125 bytes; the kernel takes 1 to 107") == true)
    }

    @Test func `what listens and says nothing is a timeout`() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let path = folder.path + "/helper.sock"
        let silent = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(silent) }
        #expect(try bindPath(silent, path))
        listen(silent, 4)
        #expect(await failure(path)?.code == "timeout")
    }

    @Test func `calls that wait when the helper goes away fail`() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let path = folder.path + "/helper.sock"
        let server = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        #expect(try bindPath(server, path))
        listen(server, 4)
        async let connecting = HelperClient.connect(path: path, seconds: 120)
        let accepted = accept(server, nil, nil)
        let hello = HelperReply.hello(HelperHello(helper: "9", node: "n", abi: 1)).line
        _ = hello.withUnsafeBytes { write(accepted, $0.baseAddress, $0.count) }
        let client = try await connecting
        async let status = client.status()
        try await Task.sleep(for: .milliseconds(100))
        close(accepted)
        close(server)
        do {
            _ = try await status
            Issue.record("an answer from nobody")
        } catch {
            #expect((error as? HelperError)?.message == "the helper at \(path) closed the connection")
        }
    }

    @Test func `the node's name fills the path`() {
        #expect(HelperSocketPath.path("/run/{node}/{x}/{node}.sock", node: "node-2") == "/run/node-2/{x}/node-2.sock")
    }
}

func bindPath(_ socket: CInt, _ path: String) throws -> Bool {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    return withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
    } == 0
}
