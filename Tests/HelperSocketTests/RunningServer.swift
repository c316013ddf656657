import EgressWire
import Glibc
import HelperSocket
import Logging
import ServiceLifecycleTestKit

/// A server on a socket of its own, for the length of a test; it ends by a graceful shutdown.
struct RunningServer {
    let path: String
    let helper: FakeHelper
    let shutDown: @Sendable () -> Void

    static func run(
        limits: HelperServerLimits = HelperServerLimits(), agentUID: UInt32? = nil, _ body: @Sendable (RunningServer) async throws -> Void
    ) async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let path = folder.path + "/helper.sock"
        let helper = FakeHelper()
        let listener = try HelperListener.open(path: path)
        let server = HelperServer(
            listener: listener, helper: helper, hello: HelperHello(helper: "0.1.0", node: "node-1", abi: 1), agentUID: agentUID,
            limits: limits, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        try await testGracefulShutdown { trigger in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await server.run() }
                defer { trigger.triggerGracefulShutdown() }
                let running = RunningServer(path: path, helper: helper) { trigger.triggerGracefulShutdown() }
                do {
                    try await body(running)
                } catch {
                    helper.release()
                    trigger.triggerGracefulShutdown()
                    throw error
                }
                helper.release()
            }
        }
    }
}

/// A folder that nobody else uses.
struct TemporaryFolder {
    let path: String

    init() throws {
        var template = Array("/tmp/egt-socket-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw TestFailure("no temporary folder") }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    func remove() {
        for name in ["helper.sock", "helper.sock.lock", "file"] { unlink("\(path)/\(name)") }
        rmdir(path)
    }
}

struct TestFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
