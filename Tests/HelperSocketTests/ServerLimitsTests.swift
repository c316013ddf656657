import EgressPlan
import EgressWire
import HelperSocket
import JSONText
import Testing

@Suite struct ServerLimitsTests {
    @Test func `more requests in flight than the limit are told busy`() async throws {
        var limits = HelperServerLimits()
        limits.requestsInFlight = 4
        try await RunningServer.run(limits: limits) { server in
            server.helper.hold()
            let client = try await LineClient.afterHello(server.path)
            for id in 1...6 { await client.send("{\"v\":1,\"id\":\(id),\"method\":\"status.get\"}\n") }
            var refused: [JSONValue?] = []
            for _ in 0..<2 {
                let answer = try await client.json()
                #expect(answer?["error"]?["code"] == "busy")
                refused.append(answer?["id"])
            }
            #expect(refused == [5, 6])
            server.helper.release()
            var answered: Set<Int64> = []
            for _ in 0..<4 { answered.insert(try await client.json()?["id"]?.integerValue() ?? 0) }
            #expect(answered == [1, 2, 3, 4])
        }
    }

    @Test func `one connection too many is told busy and closed`() async throws {
        var limits = HelperServerLimits()
        limits.connections = 2
        try await RunningServer.run(limits: limits) { server in
            let first = try await LineClient.afterHello(server.path)
            let second = try await LineClient.afterHello(server.path)
            let third = try LineClient(path: server.path)
            #expect(try await third.json()?["error"]?["code"] == "busy")
            #expect(try await third.line() == nil)
            for client in [first, second] {
                await client.send("{\"v\":1,\"id\":1,\"method\":\"plan.get\"}\n")
                #expect(try await client.json()?["id"] == 1)
            }
        }
    }

    @Test func `many clients are served at once`() async throws {
        try await RunningServer.run { server in
            try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<100 {
                    group.addTask {
                        let client = try await HelperClient.connect(path: server.path, seconds: 120, patience: 120)
                        for _ in 0..<5 { _ = try await client.status() }
                        await client.close()
                        return number
                    }
                }
                let served = try await group.reduce(into: Set<Int>()) { $0.insert($1) }
                #expect(served.count == 100)
            }
        }
    }

    @Test func `a slow reader of a stream loses events, is told how many, and holds nobody up`() async throws {
        try await RunningServer.run { server in
            let slow = try await LineClient.afterHello(server.path)
            await slow.send("{\"v\":1,\"id\":1,\"method\":\"facts.watch\"}\n")
            try await waitUntil { server.helper.watcherCount == 1 }
            // More than the socket's buffers hold: 400 events of 40 kB.
            let count = 400
            for number in 1...count { server.helper.tell(.numbered(number, padding: 2000)) }
            let quick = try await HelperClient.connect(path: server.path, seconds: 120, patience: 120)
            #expect(try await quick.status().node == "node-1")
            var seen: UInt64 = 0
            var lost: UInt64 = 0
            while true {
                let event = try #require(try await slow.json()?["event"])
                let read = try FactsEvent(wire: JSONReader(event))
                seen += 1
                lost += read.lost
                if read.facts == .numbered(count, padding: 2000) { break }
            }
            #expect(lost > 0)
            // The first facts are an event too.
            #expect(seen + lost == UInt64(count) + 1)
        }
    }
}

/// Looks again until it is so, for at most 120 s: tests of other layers keep the machine busy.
func waitUntil(_ condition: () -> Bool) async throws {
    for _ in 0..<12000 {
        if condition() { return }
        try await Task.sleep(for: .milliseconds(10))
    }
    throw TestFailure("it did not become so in 120 s")
}
