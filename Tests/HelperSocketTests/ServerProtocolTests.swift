import EgressModel
import EgressPlan
import EgressWire
import JSONText
import Testing

/// Every answer of the protocol, over a real socket.
@Suite struct ServerProtocolTests {
    @Test func `the helper speaks first`() async throws {
        try await RunningServer.run { server in
            let client = try LineClient(path: server.path)
            #expect(
                try await client.line()
                    == #"{"v":1,"hello":{"helper":"0.1.0","node":"node-1","abi":1,"methods":["status.get","facts.get","facts.watch","plan.apply","plan.get","state.get","counters.get","nat.list","ports.get","flows.watch","trace.run","plugins.list","plugins.resolve","cancel"]}}"#
            )
        }
    }

    @Test func `requests are answered under their ids`() async throws {
        try await RunningServer.run { server in
            let client = try await LineClient.afterHello(server.path)
            await client.send("{\"v\":1,\"id\":3,\"method\":\"status.get\"}\n")
            #expect(try await client.json()?["result"]?["node"] == "node-1")
            await client.send("{\"v\":1,\"id\":4,\"method\":\"plan.get\"}\n")
            #expect(try await client.line() == #"{"v":1,"id":4,"result":{"revision":0,"plan":null}}"#)
            await client.send("{\"v\":1,\"id\":5,\"method\":\"counters.get\"}\n")
            #expect(
                try await client.line()
                    == #"{"v":1,"id":5,"result":{"counters":[{"name":"no_flow","code":"EG3003","packets":1,"bytes":60}],"policies":[],"egressIPs":[],"portTries":[]}}"#
            )
        }
    }

    @Test func `errors of the service come with their code`() async throws {
        try await RunningServer.run { server in
            let client = try await LineClient.afterHello(server.path)
            await client.send("{\"v\":1,\"id\":1,\"method\":\"gateways.get\"}\n")
            #expect(try await client.json()?["error"]?["code"] == "unknown_method")
            await client.send("{\"v\":1,\"id\":2,\"method\":\"state.get\"}\n")
            #expect(try await client.json()?["error"]?["code"] == "kernel_refused")
            await client.send("{\"v\":1,\"id\":3,\"method\":\"plugins.resolve\",\"params\":{\"strategy\":\"none\",\"request\":{}}}\n")
            #expect(try await client.json()?["error"]?["code"] == "not_found")
            await client.send("{\"v\":1,\"id\":4,\"method\":\"cancel\",\"params\":{\"id\":9}}\n")
            #expect(try await client.json()?["error"]?["code"] == "not_found")
            await client.send("{\"v\":1,\"id\":5,\"method\":\"plan.apply\",\"params\":{\"revision\":1}}\n")
            #expect(try await client.json()?["error"]?["message"] == "params.plan: is missing")
            let plan = NodePlan(node: "node-1", tunnel: TunnelPlan(address: nil))
            for (id, code) in [(6, nil), (7, "stale_revision")] as [(Int64, JSONValue?)] {
                await client.send(HelperRequest(id: id, .applyPlan, params: PlanRequest(revision: 42, plan: plan).wire).line)
                #expect(try await client.json()?["error"]?["code"] == code)
            }
            #expect(server.helper.applied == [42])
        }
    }

    @Test func `a request without an id gets no answer`() async throws {
        try await RunningServer.run { server in
            let client = try await LineClient.afterHello(server.path)
            await client.send(
                "{\"v\":1,\"method\":\"gateways.get\"}\n{\"v\":1,\"method\":\"status.get\"}\n{\"v\":1,\"id\":9,\"method\":\"plan.get\"}\n")
            #expect(try await client.json()?["id"] == 9)
        }
    }

    @Test(
        arguments: [
            Array("{\"v\":1,\"id\":7,\n".utf8), Array("{\"v\":1,\"id\":7,\"method\":\"".utf8) + [0xC3, 0x28] + Array("\"}\n".utf8),
            Array((String(repeating: "[", count: 65) + String(repeating: "]", count: 65) + "\n").utf8), [0x00, 0x0A], [0x0A],
        ] as [[UInt8]])
    func `a broken line costs its connection and nothing else`(line: [UInt8]) async throws {
        try await RunningServer.run { server in
            let other = try await LineClient.afterHello(server.path)
            let client = try await LineClient.afterHello(server.path)
            await client.send(line + Array("{\"v\":1,\"id\":8,\"method\":\"plan.get\"}\n".utf8))
            let answer = try await client.json()
            #expect(answer?["error"]?["code"] == "bad_request")
            #expect(answer?["id"] == .null)
            #expect(try await client.line() == nil)
            await other.send("{\"v\":1,\"id\":1,\"method\":\"plan.get\"}\n")
            #expect(try await other.json()?["id"] == 1)
        }
    }

    @Test func `a line over the limit costs its connection`() async throws {
        try await RunningServer.run { server in
            let long = try await LineClient.afterHello(server.path)
            await long.send(
                Array("{\"v\":1,\"id\":7,\"method\":\"status.get\",\"x\":\"".utf8) + [UInt8](repeating: 97, count: 1 << 20)
                    + Array("\"}\n".utf8))
            let answer = try await long.json()
            #expect(answer?["error"]?["code"] == "bad_request")
            #expect(answer?["id"] == 7)
            #expect(try await long.line() == nil)
            let endless = try await LineClient.afterHello(server.path)
            let wasTaken = await endless.send([UInt8](repeating: 97, count: 32 << 20))
            #expect(!wasTaken)
            #expect(try await endless.json()?["error"]?["message"] == "a line is longer than 16777216 bytes")
            #expect(try await endless.line() == nil)
        }
    }

    @Test func `a plan of many mebibytes is taken`() async throws {
        try await RunningServer.run { server in
            let client = try await LineClient.afterHello(server.path)
            var plan = NodePlan(node: "node-1", tunnel: TunnelPlan(address: nil))
            plan.pods = []
            plan.peers = (0..<60_000).map { PeerNode(name: "node-\($0)", address: .init(ipv4: UInt32($0)), podCIDRs: []) }
            let line = HelperRequest(id: 1, .applyPlan, params: PlanRequest(revision: 1, plan: plan).wire).line
            #expect(line.count > 3 << 20)
            #expect(await client.send(line))
            #expect(try await client.line() == #"{"v":1,"id":1,"result":{"revision":1,"changed":1}}"#)
        }
    }

    @Test func `plans of one connection take effect in order`() async throws {
        try await RunningServer.run { server in
            let client = try await LineClient.afterHello(server.path)
            let plan = NodePlan(node: "node-1", tunnel: TunnelPlan(address: nil))
            let lines = (1...50).flatMap {
                HelperRequest(id: $0, .applyPlan, params: PlanRequest(revision: UInt64($0), plan: plan).wire).line
            }
            await client.send(lines)
            for _ in 1...50 { #expect(try await client.json()?["result"] != nil) }
            #expect(server.helper.applied == Array(1...50))
        }
    }

    @Test func `a slow request doesn't hold up a quick one`() async throws {
        try await RunningServer.run { server in
            server.helper.hold()
            let client = try await LineClient.afterHello(server.path)
            await client.send("{\"v\":1,\"id\":1,\"method\":\"status.get\"}\n{\"v\":1,\"id\":2,\"method\":\"plan.get\"}\n")
            #expect(try await client.json()?["id"] == 2)
            server.helper.release()
            #expect(try await client.json()?["id"] == 1)
        }
    }

    /// Once lost: what arrived, with the end of the client's side, before the connection was served.
    @Test func `a client that asks and ends its side at once is answered`() async throws {
        try await RunningServer.run { server in
            for id in 1...50 {
                let client = try LineClient(path: server.path)
                await client.send("{\"v\":1,\"id\":\(id),\"method\":\"plan.get\"}\n")
                client.endInput()
                #expect(try await client.json()?["hello"] != nil)
                #expect(try await client.json()?["id"]?.integerValue() == id)
                #expect(try await client.line() == nil)
            }
        }
    }

    @Test func `what was asked before the client ended its side is answered`() async throws {
        try await RunningServer.run { server in
            let client = try await LineClient.afterHello(server.path)
            await client.send("{\"v\":1,\"id\":1,\"method\":\"status.get\"}\n")
            client.endInput()
            #expect(try await client.json()?["id"] == 1)
            #expect(try await client.line() == nil)
        }
    }
}
