import EgressModel
import EgressPlan
import EgressWire
import HelperSocket
import JSONText
import Testing

@Suite struct SightSocketTests {
    private static func event(_ port: UInt16) -> FlowNews {
        FlowNews(
            FlowEvent(time: 1, kind: .opened, transport: .tcp, source: Endpoint(IPAddress(ipv4: 0x0A01_0005), port), policy: "sample"))
    }

    @Test func `our client asks for translations, ports, counters and traces`() async throws {
        try await RunningServer.run { server in
            let client = try await HelperClient.connect(path: server.path, seconds: 120, patience: 120)
            #expect(try await client.translations(TranslationQuery()).total == 2)
            #expect(try await client.translations(TranslationQuery(limit: 1)).translations.count == 1)
            let remote = IPAddress(ipv4: 0xCB00_710B)
            #expect(try await client.ports(PortQuery(remote: remote, remotePort: 80)).map(\.remote) == [Endpoint(remote, 80)])
            #expect(try await client.traffic().counters.map(\.name) == ["no_flow"])
            let request = TraceRequest(origin: .pod(namespace: "default", name: "web"), destination: Endpoint(remote, 80))
            #expect(try await client.trace(request).steps.map(\.detail) == ["default/web"])
            let unknown = TraceRequest(origin: .pod(namespace: "default", name: "nobody"), destination: Endpoint(remote, 80))
            let error = await #expect(throws: HelperError.self) { try await client.trace(unknown) }
            #expect(error?.code == "not_found")
        }
    }

    @Test func `our client follows flows with its filter, and tells the helper when it stops`() async throws {
        try await RunningServer.run { server in
            let client = try await HelperClient.connect(path: server.path, seconds: 120, patience: 120)
            let query = FlowQuery(filter: ConnectionFilter(policy: "sample"), kinds: [.opened])
            let stream = try await client.flows(query)
            while server.helper.flowWatcherCount == 0 { try await Task.sleep(for: .milliseconds(5)) }
            #expect(server.helper.flowQueries == [query])
            server.helper.tell(FlowNews(nil))
            server.helper.tell(Self.event(1))
            var seen: [UInt16?] = []
            for try await news in stream {
                seen.append(news.event?.source?.port)
                if seen.count == 2 { break }
            }
            #expect(seen == [nil, 1])
            #expect(try await client.status().revision == 0)
        }
    }

    @Test func `cancel ends a stream of flows with one end`() async throws {
        try await RunningServer.run { server in
            let client = try await LineClient.afterHello(server.path)
            await client.send("{\"v\":1,\"id\":9,\"method\":\"flows.watch\"}\n")
            while server.helper.flowWatcherCount == 0 { try await Task.sleep(for: .milliseconds(5)) }
            server.helper.tell(Self.event(7))
            #expect(try await client.json()?["event"]?["flow"]?["source"]?["port"] == 7)
            await client.send("{\"v\":1,\"id\":12,\"method\":\"cancel\",\"params\":{\"id\":9}}\n")
            let answers = [try await client.line(), try await client.line()].compactMap { $0 }.sorted()
            #expect(answers == [#"{"v":1,"id":12,"result":{}}"#, #"{"v":1,"id":9,"end":true}"#])
        }
    }

    @Test func `a query that can't be read ends its request, not the connection`() async throws {
        try await RunningServer.run { server in
            let client = try await LineClient.afterHello(server.path)
            await client.send("{\"v\":1,\"id\":9,\"method\":\"flows.watch\",\"params\":{\"kinds\":[\"gone\"]}}\n")
            let answer = try await client.json()
            #expect(answer?["id"] == 9 && answer?["error"]?["code"] == "bad_request")
            #expect(answer?["error"]?["message"]?.stringValue?.contains("params.kinds[0]") == true)
            await client.send("{\"v\":1,\"id\":10,\"method\":\"ports.get\",\"params\":{\"limit\":0}}\n")
            #expect(try await client.json()?["error"]?["code"] == "bad_request")
            #expect(server.helper.flowWatcherCount == 0)
        }
    }

    /// The kernel's socket buffers take what they take; far more than that is told, and nothing of it is held back for it.
    @Test func `a reader that doesn't read loses flows and is told how many`() async throws {
        var limits = HelperServerLimits()
        limits.queuedFlows = 16
        try await RunningServer.run(limits: limits) { server in
            let client = try await LineClient.afterHello(server.path)
            await client.send("{\"v\":1,\"id\":9,\"method\":\"flows.watch\"}\n")
            while server.helper.flowWatcherCount == 0 { try await Task.sleep(for: .milliseconds(5)) }
            let total = 20_000
            for number in 0..<total { server.helper.tell(Self.event(UInt16(number))) }
            var (seen, lost) = (0, 0)
            while seen + lost < total, let event = try await client.json()?["event"] {
                seen += 1
                lost += event["lost"]?.integerValue(as: Int.self) ?? 0
            }
            #expect(seen + lost == total && lost > 0, "\(seen) seen, \(lost) lost")
        }
    }
}
