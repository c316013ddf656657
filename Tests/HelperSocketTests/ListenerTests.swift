import CEgressShims
import EgressPlan
import Foundation
import Glibc
import HelperSocket
import JSONText
import TestKit
import Testing

@Suite struct ListenerTests {
    @Test func `the socket is for its owner and its group only`() async throws {
        try await RunningServer.run { server in
            var status = stat()
            #expect(stat(server.path, &status) == 0)
            #expect(status.st_mode & 0o777 == 0o660)
        }
    }

    @Test func `a second helper on the same path is refused and the first goes on`() async throws {
        try await RunningServer.run { server in
            let error = #expect(throws: HelperError.self) { try HelperListener.open(path: server.path) }
            #expect(error?.message == "another egress-helper listens at \(server.path)")
            let client = try await LineClient.afterHello(server.path)
            await client.send("{\"v\":1,\"id\":1,\"method\":\"plan.get\"}\n")
            #expect(try await client.json()?["id"] == 1)
        }
    }

    /// In a pod the shared folder has the pod's group and the setgid bit, and the helper has no CAP_CHOWN.
    @Test(.requires(.lab))
    func `without CAP_CHOWN a folder's group lets the agent in, and without such a folder the error says what to do`() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let chown: UInt64 = 1 << 0
        #expect(egress_use_capabilities(~chown) == 0)
        defer { _ = egress_use_capabilities(.max) }
        let error = #expect(throws: HelperError.self) { try HelperListener.open(path: folder.path + "/helper.sock", owner: 65532) }
        #expect(error?.message.hasSuffix("to uid 65532: Operation not permitted") == true)
        #expect(error?.hint?.contains("setgid") == true)
        #expect(egress_use_capabilities(.max) == 0)
        #expect(Glibc.chown(folder.path, 0, 65532) == 0 && chmod(folder.path, 0o2777) == 0)
        #expect(egress_use_capabilities(~chown) == 0)
        let listener = try HelperListener.open(path: folder.path + "/helper.sock", owner: 65532)
        #expect(listener.group == 65532)
    }

    @Test func `a leftover socket is replaced and a file is not`() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let path = folder.path + "/helper.sock"
        let leftover = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        #expect(try bindPath(leftover, path))
        close(leftover)
        _ = try HelperListener.open(path: path)
        let file = folder.path + "/file"
        close(open(file, O_CREAT | O_WRONLY, 0o600))
        let error = #expect(throws: HelperError.self) { try HelperListener.open(path: file) }
        #expect(error?.message == "\(file) exists and is not a socket")
        unlink(file + ".lock")
    }

    /// Another user's process connects: `setpriv` becomes nobody, python3 reads the first line.
    @Test(.requires(.lab)) func `a stranger is told forbidden and the group may read but not change`() async throws {
        try await RunningServer.run { server in
            let folder = String(server.path.dropLast("/helper.sock".count))
            chmod(folder, 0o755)
            chmod(server.path, 0o666)
            let request = #"{"v":1,"id":1,"method":"plan.get"}"# + "\n" + #"{"v":1,"id":2,"method":"plan.apply","params":{}}"# + "\n"
            let stranger = try await talk(server.path, ["--reuid", "65534", "--regid", "65534", "--clear-groups"], request)
            #expect(stranger.count == 1)
            #expect(try stranger.first.map { try JSONValue(parsing: $0) }?["error"]?["code"] == "forbidden")
            for groups in [["--regid", "0", "--clear-groups"], ["--regid", "65534", "--groups", "0"]] {
                let member = try await talk(server.path, ["--reuid", "65534"] + groups, request).map { try JSONValue(parsing: $0) }
                #expect(member.count == 3)
                #expect(member.contains { $0["id"] == 1 && $0["result"] != nil })
                #expect(member.contains { $0["id"] == 2 && $0["error"]?["code"] == "forbidden" })
            }
        }
        try await RunningServer.run(agentUID: 65534) { server in
            chmod(String(server.path.dropLast("/helper.sock".count)), 0o755)
            chmod(server.path, 0o666)
            let request = #"{"v":1,"id":2,"method":"plan.apply","params":{}}"# + "\n"
            let agent = try await talk(server.path, ["--reuid", "65534", "--regid", "65534", "--clear-groups"], request)
            #expect(try agent.last.map { try JSONValue(parsing: $0) }?["error"]?["message"] == "params.revision: is missing")
        }
    }

    /// Lines that a process under other identities gets back.
    private func talk(_ path: String, _ identity: [String], _ request: String) async throws -> [String] {
        let script = """
            import socket, sys
            s = socket.socket(socket.AF_UNIX); s.settimeout(120); s.connect(sys.argv[1])
            try:
                s.sendall(sys.argv[2].encode()); s.shutdown(socket.SHUT_WR)
            except OSError:
                pass
            # A server that refuses doesn't read on: what it said comes first, then perhaps a reset instead of an end.
            try:
                while said := s.recv(65536):
                    sys.stdout.write(said.decode())
            except ConnectionResetError:
                pass
            """
        return try await withCheckedThrowingContinuation { continuation in
            DispatchQueue(label: "talk").async {
                continuation.resume(
                    with: Result { try output(of: "/usr/bin/setpriv", identity + ["/usr/bin/python3", "-c", script, path, request]) })
            }
        }
    }

    private func output(of program: String, _ arguments: [String]) throws -> [String] {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let bytes = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
    }
}
