import JSONText
import Testing

@testable import KubeAPI

/// Watches and lists in forms that a real server won't give on command, from a stub.
@Suite struct WatchAnswerTests {
    private static let pods = "/api/v1/pods"

    private static func event(_ type: String, _ name: String) -> String {
        // U+2028 ends a line for Unicode, not for JSON in lines.
        #"{"type":"\#(type)","object":{"kind":"Pod","metadata":{"name":"\#(name)","annotations":{"a":"x\#u{2028}yü"}}}}"# + "\n"
    }

    private func names(_ client: KubeClient) async throws -> [String] {
        var names: [String] = []
        for try await event in client.watch(.pods, ListQuery(), from: "1") {
            switch event {
            case .added(let pod): names.append("+\(pod["metadata"]?["name"]?.stringValue ?? "")")
            case .modified(let pod): names.append("~\(pod["metadata"]?["name"]?.stringValue ?? "")")
            case .deleted(let pod): names.append("-\(pod["metadata"]?["name"]?.stringValue ?? "")")
            case .bookmark(let version): names.append("@\(version)")
            }
        }
        return names
    }

    @Test func `an event may span any number of chunks, and a chunk any number of events`() async throws {
        let bookmark = #"{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"77"}}}"# + "\n"
        let text =
            Self.event("ADDED", "a") + Self.event("MODIFIED", "b") + "\n" + bookmark + Self.event("NEWER", "x") + Self.event("DELETED", "c")
        let stub = try StubServer([
            Self.pods: [
                ["chunks": .array([.string(text)])], ["chunks": .array(Array(text.utf8).map(StubServer.chunk))],
                ["chunks": .array([.string(text + #"{"type":"ADDED","object":{"#)])],
            ]
        ])
        let client = KubeClient(try .test(stub))
        for _ in 0..<3 { #expect(try await names(client) == ["+a", "~b", "@77", "-c"]) }
        let target = try #require(stub.requests.first?.target)
        #expect(target.hasPrefix("/api/v1/pods?watch=1&resourceVersion=1&allowWatchBookmarks=true&timeoutSeconds="))
        let seconds = try #require(target.split(separator: "=").last.flatMap { Int($0) })
        #expect((300..<600).contains(seconds))
    }

    @Test func `every split of a line gives the same lines`() {
        let text = Array("{\"a\":1}\n\n{\"b\":\"\u{2028}\"}\r\nrest".utf8)
        for first in 0...text.count {
            for second in first...text.count {
                var splitter = LineSplitter(limit: 100)
                var lines: [[UInt8]] = []
                for part in [text[..<first], text[first..<second], text[second...]] {
                    splitter.append(Array(part))
                    while let line = splitter.next() { lines.append(line) }
                }
                #expect(lines == text.split(separator: 0x0A, omittingEmptySubsequences: false).dropLast().map(Array.init))
            }
        }
    }

    @Test func `an ERROR event inside a 200 is an error`() async throws {
        let status = #"{"kind":"Status","status":"Failure","message":"too old resource version: 1 (5)","reason":"Expired","code":410}"#
        let stub = try StubServer([
            Self.pods: [["chunks": .array([.string(Self.event("ADDED", "a") + #"{"type":"ERROR","object":\#(status)}"# + "\n")])]]
        ])
        let client = KubeClient(try .test(stub))
        let error = try #require(await apiError { try await names(client) })
        #expect(error.isExpired && error.status == 410 && error.message == "too old resource version: 1 (5)")
    }

    @Test func `a watch that is refused, breaks, or sends nonsense or too much is an error`() async throws {
        let stub = try StubServer([
            Self.pods: [
                ["status": 403, "body": #"{"kind":"Status","reason":"Forbidden","message":"no","code":403}"#],
                ["chunks": .array([.string(Self.event("ADDED", "a"))]), "reset": "body"],
                ["chunks": ["nonsense\n"]],
                ["chunks": .array(Array(repeating: .string(String(repeating: "a", count: 1 << 20)), count: 17))],
            ]
        ])
        let client = KubeClient(try .test(stub))
        #expect(await apiError { try await names(client) }?.isForbidden == true)
        #expect(await apiError { try await names(client) }?.kind == .transport)
        #expect(await apiError { try await names(client) }?.kind == .malformed)
        #expect(await apiError { try await names(client) }?.message == "a watch event is longer than 16 MiB")
    }

    @Test func `a watch that nobody reads any more ends, with its task or without`() async throws {
        for endsTask in [true, false] {
            let stub = try StubServer([Self.pods: [["chunks": .array([.string(Self.event("ADDED", "a"))]), "hold": true]]])
            let client = KubeClient(try .test(stub))
            let reading = Task {
                for try await _ in client.watch(.pods, ListQuery(), from: "1") where !endsTask { break }
            }
            while stub.requests.isEmpty { try await Task.sleep(for: .milliseconds(10)) }
            if endsTask { reading.cancel() }
            _ = await reading.result
            #expect(try await stub.sawEnd())
            client.close()
        }
    }

    @Test func `events that nobody takes wait in the server, and none is lost`() async throws {
        let filler = String(repeating: "x", count: 64 << 10)
        let event = #"{"type":"ADDED","object":{"metadata":{"name":"n"},"filler":"\#(filler)"}}"# + "\n"
        let stub = try StubServer([Self.pods: [["chunks": .array(Array(repeating: .string(event), count: 300))]]])
        let client = KubeClient(try .test(stub))
        var count = 0
        for try await _ in client.watch(.pods, ListQuery(), from: "1") {
            count += 1
            if count == 1 { try await Task.sleep(for: .milliseconds(500)) }
        }
        #expect(count == 300)
    }

    // MARK: Lists

    private func page(_ names: [String], next: String = "", version: String = "9") -> JSONValue {
        let items = names.map { JSONValue.object(["metadata": ["name": .string($0)]]) }
        let list: JSONValue = [
            "kind": "PodList", "apiVersion": "v1", "metadata": ["resourceVersion": .string(version), "continue": .string(next)],
            "items": names.isEmpty ? .null : .array(items),
        ]
        return ["body": .string(list.text())]
    }

    private func expired(_ next: String?) -> JSONValue {
        var metadata: JSONObject = [:]
        if let next { metadata["continue"] = .string(next) }
        let status: JSONValue = ["kind": "Status", "reason": "Expired", "code": 410, "message": "too old", "metadata": .object(metadata)]
        return ["status": 410, "body": .string(status.text())]
    }

    @Test func `a list that expires in the middle starts again, or takes the newer rest where that will do`() async throws {
        let stub = try StubServer([
            Self.pods: [
                page(["a"], next: "1"), expired("new"), page(["a"], next: "2"), page(["b"]),
                page(["a"], next: "1"), expired("n w"), page(["c"]),
            ]
        ])
        let client = KubeClient(try .test(stub))
        var names: [String] = []
        var restarts = 0
        let take = { (page: ListPage) in names += page.items.compactMap { $0["metadata"]?["name"]?.stringValue } }
        let version = try await client.list(
            .pods, ListQuery(labelSelector: "a=b", limit: 1), restart: { (restarts, names) = (1, []) }, page: take)
        #expect(names == ["a", "b"] && restarts == 1 && version == "9")
        #expect(
            stub.requests.map(\.target) == [
                "/api/v1/pods?labelSelector=a%3Db&limit=1", "/api/v1/pods?labelSelector=a%3Db&limit=1&continue=1",
                "/api/v1/pods?labelSelector=a%3Db&limit=1", "/api/v1/pods?labelSelector=a%3Db&limit=1&continue=2",
            ])
        names = []
        _ = try await client.list(.pods, ListQuery(limit: 1, acceptsNewerRest: true), restart: { restarts += 1 }, page: take)
        #expect(names == ["a", "c"] && restarts == 1)
        #expect(stub.requests.last?.target == "/api/v1/pods?limit=1&continue=n%20w")
    }

    @Test func `a list that always expires ends with that error`() async throws {
        let stub = try StubServer([Self.pods: (0..<6).flatMap { _ in [page(["a"], next: "1"), expired(nil)] }])
        let client = KubeClient(try .test(stub))
        #expect(await apiError { try await client.items(.pods) }?.isExpired == true)
        #expect(stub.requests.count == 8)
    }

    @Test func `an empty list, one that is none, and what the reader throws`() async throws {
        struct Enough: Error {}
        let stub = try StubServer([Self.pods: [page([]), ["body": "[]"], page(["a"], next: "1")]])
        let client = KubeClient(try .test(stub))
        #expect(try await client.items(.pods).isEmpty)
        #expect(await apiError { try await client.items(.pods) }?.kind == .malformed)
        await #expect(throws: Enough.self) { try await client.list(.pods, ListQuery(), restart: {}, page: { _ in throw Enough() }) }
    }
}
