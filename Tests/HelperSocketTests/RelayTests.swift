import Dispatch
import EgressPlan
import EgressWire
import Glibc
import HelperSocket
import JSONText
import Testing

@Suite struct RelayTests {
    /// Gives the relay these bytes as its whole input; returns the lines of its output.
    private func relay(_ path: String, _ input: [UInt8]) async throws -> [JSONValue] {
        var requests: [CInt] = [0, 0]
        var answers: [CInt] = [0, 0]
        guard pipe(&requests) == 0, pipe(&answers) == 0 else { throw TestFailure("pipe") }
        // Not for the processes that other tests start meanwhile.
        for descriptor in requests + answers { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        let (requestsOut, requestsIn, answersOut, answersIn) = (requests[0], requests[1], answers[0], answers[1])
        // Serial queues have threads of their own; a concurrent one would block those that tests run on.
        let (feeder, reader, relay) = (DispatchQueue(label: "feeder"), DispatchQueue(label: "reader"), DispatchQueue(label: "relay"))
        feeder.async {
            var rest = input[...]
            while !rest.isEmpty {
                let count = rest.withUnsafeBytes { write(requestsIn, $0.baseAddress, $0.count) }
                guard count > 0 else { break }
                rest = rest.dropFirst(count)
            }
            close(requestsIn)
        }
        async let output: [UInt8] = withCheckedContinuation { continuation in
            reader.async {
                var bytes: [UInt8] = []
                var chunk = [UInt8](repeating: 0, count: 1 << 16)
                while case let count = read(answersOut, &chunk, chunk.count), count > 0 { bytes += chunk[..<count] }
                close(answersOut)
                continuation.resume(returning: bytes)
            }
        }
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            relay.async {
                let result = Result { try HelperRelay(path: path).run(input: requestsOut, output: answersIn) }
                close(answersIn)
                close(requestsOut)
                continuation.resume(with: result)
            }
        }
        return try await output.split(separator: 10).map { try JSONValue(parsing: Array($0)) }
    }

    @Test func `reading goes through, changing does not, and the helper never sees it`() async throws {
        try await RunningServer.run { server in
            let plan = NodePlan(node: "node-1", tunnel: TunnelPlan(address: nil))
            let input =
                HelperRequest(id: 1, .status).line
                + HelperRequest(id: 2, .applyPlan, params: PlanRequest(revision: 1, plan: plan).wire).line
                + HelperRequest(id: 3, method: "secrets.get").line + HelperRequest(id: 4, .plan).line
            let lines = try await relay(server.path, input)
            #expect(lines.first?["hello"]?["node"] == "node-1")
            #expect(lines.contains { $0["id"] == 1 && $0["result"]?["node"] == "node-1" })
            #expect(lines.contains { $0["id"] == 2 && $0["error"]?["code"] == "forbidden" })
            #expect(lines.contains { $0["id"] == 3 && $0["error"]?["code"] == "unknown_method" })
            #expect(lines.contains { $0["id"] == 4 && $0["result"]?["revision"] == 0 })
            #expect(lines.count == 5)
            #expect(server.helper.applied.isEmpty)
        }
    }

    /// A reader that keeps the first of equal keys and one that keeps the last would see different methods.
    @Test func `a method that stands twice doesn't slip through`() async throws {
        try await RunningServer.run { server in
            let trick = #"{"v":1,"id":1,"method":"status.get","method":"plan.apply","params":{"revision":1}}"# + "\n"
            let lines = try await relay(server.path, Array(trick.utf8))
            #expect(lines.contains { $0["error"]?["code"] == "bad_request" })
            #expect(server.helper.applied.isEmpty)
        }
    }

    @Test func `a line over the limit ends the relay`() async throws {
        try await RunningServer.run { server in
            let lines = try await relay(server.path, [UInt8](repeating: 97, count: 2 << 20))
            #expect(lines.contains { $0["error"]?["message"] == "a line is longer than 1048576 bytes" })
        }
    }

    @Test func `without a helper it says where it looked`() async throws {
        let error = await #expect(throws: HelperError.self) { try await relay("/tmp/egt-nothing/helper.sock", []) }
        #expect(error?.message == "can't reach the helper at /tmp/egt-nothing/helper.sock: there is no such socket")
    }
}
