import EgressModel
import EgressPlan
import EgressWire
import HelperSocket
import JSONText
import Testing

@Suite struct StreamTests {
    @Test func `cancel ends a stream with one end`() async throws {
        try await RunningServer.run { server in
            let client = try await LineClient.afterHello(server.path)
            await client.send("{\"v\":1,\"id\":9,\"method\":\"facts.watch\"}\n")
            #expect(try await client.json()?["event"]?["facts"]?["interfaces"]?[0]?["index"] == 0)
            server.helper.tell(.numbered(1))
            #expect(try await client.json()?["event"]?["facts"]?["interfaces"]?[0]?["index"] == 1)
            await client.send("{\"v\":1,\"id\":12,\"method\":\"cancel\",\"params\":{\"id\":9}}\n")
            let answers = [try await client.line(), try await client.line()].compactMap { $0 }.sorted()
            #expect(answers == [#"{"v":1,"id":12,"result":{}}"#, #"{"v":1,"id":9,"end":true}"#])
            await client.send("{\"v\":1,\"id\":9,\"method\":\"plan.get\"}\n")
            #expect(try await client.json()?["result"] != nil)
        }
    }

    @Test func `two streams can't have one id`() async throws {
        try await RunningServer.run { server in
            let client = try await LineClient.afterHello(server.path)
            await client.send("{\"v\":1,\"id\":9,\"method\":\"facts.watch\"}\n")
            #expect(try await client.json()?["event"] != nil)
            await client.send("{\"v\":1,\"id\":9,\"method\":\"facts.watch\"}\n")
            #expect(try await client.json()?["error"]?["code"] == "bad_request")
        }
    }

    @Test func `a stream that fails at its source ends with the error`() async throws {
        try await RunningServer.run { server in
            let client = try await LineClient.afterHello(server.path)
            await client.send("{\"v\":1,\"id\":9,\"method\":\"facts.watch\"}\n")
            #expect(try await client.json()?["event"] != nil)
            server.helper.endStreams(throwing: HelperError(code: "kernel_refused", message: "netlink is gone"))
            #expect(try await client.json()?["error"]?["code"] == "kernel_refused")
        }
    }

    @Test func `a shutdown ends streams and answers what was asked`() async throws {
        try await RunningServer.run { server in
            let client = try await LineClient.afterHello(server.path)
            await client.send("{\"v\":1,\"id\":9,\"method\":\"facts.watch\"}\n")
            #expect(try await client.json()?["event"] != nil)
            server.helper.hold()
            await client.send("{\"v\":1,\"id\":10,\"method\":\"status.get\"}\n{\"v\":1,\"id\":11,\"method\":\"plan.get\"}\n")
            #expect(try await client.json()?["id"] == 11)
            server.shutDown()
            #expect(try await client.line() == #"{"v":1,"id":9,"end":true}"#)
            server.helper.release()
            #expect(try await client.json()?["id"] == 10)
            #expect(try await client.line() == nil)
        }
    }

    /// Once ended the whole process: connections that were accepted and not yet served at a shutdown.
    @Test func `a shutdown while clients are connecting is a clean end`() async throws {
        for _ in 0..<20 {
            try await RunningServer.run { server in
                let clients = try (0..<30).map { _ in try LineClient(path: server.path) }
                server.shutDown()
                withExtendedLifetime(clients) {}
            }
        }
    }

    @Test func `our client follows facts and tells the helper when it stops`() async throws {
        try await RunningServer.run { server in
            let client = try await HelperClient.connect(path: server.path, seconds: 120, patience: 120)
            var seen: [Int] = []
            for try await facts in try await client.factsChanges() {
                seen.append(facts.interfaces.first?.facts.index ?? -1)
                if seen.count == 2 { break }
                server.helper.tell(.numbered(1))
            }
            #expect(seen == [0, 1])
            #expect(try await client.status().revision == 0)
        }
    }
}
