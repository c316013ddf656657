import EgressModel
import EgressPorts
import JSONText
import Logging
import Testing

@testable import KubeAPI

/// Answers that a real server won't give on command, from a stub.
@Suite struct AnswerTests {
    private static let busy = JSONValue.object([
        "kind": "Status", "status": "Failure", "reason": "TooManyRequests", "message": "wait", "code": 429,
        "details": ["retryAfterSeconds": 0],
    ])

    private func answer(_ status: Int, _ body: String, _ headers: (String, String)...) -> JSONValue {
        let headers = headers.map { JSONValue.array([.string($0.0), .string($0.1)]) }
        return ["status": JSONValue(status), "body": .string(body), "headers": .array(headers)]
    }

    // MARK: What is sent

    @Test func `a request says who asks, what it takes and how long it may take`() async throws {
        let stub = try StubServer(["/version": [["body": "{}"]]])
        var connection = try APIConnection.test(stub, credentials: FixedCredential(Credential(authorization: "Bearer t")))
        connection.requestTimeout = 1.5
        let client = KubeClient(connection)
        _ = try await client.getRaw("/version")
        _ = try await client.getRaw("/version?a=b")
        #expect(stub.requests.map(\.target) == ["/version?timeout=1500ms", "/version?a=b&timeout=1500ms"])
        let request = try #require(stub.requests.first)
        #expect(request.header("user-agent") == "kubectl-egress/test")
        #expect(request.header("accept") == "application/json")
        #expect(request.header("accept-encoding") == "gzip")
        #expect(request.header("authorization") == "Bearer t")
        #expect(Set(stub.requests.map(\.connection)).count == 1)
        connection.isCompressionDisabled = true
        _ = try await KubeClient(connection).getRaw("/version")
        #expect(stub.requests.last?.header("accept-encoding") == nil)
    }

    @Test func `changes are sent as the API wants them`() async throws {
        let stub = try StubServer(["/api/v1/nodes/n": [["body": "{}"], ["body": "{}", "status": 201]], "/api/v1/nodes": [["body": "{}"]]])
        let client = KubeClient(try .test(stub))
        let node = ResourcePath.nodes.named("n")
        #expect(try await client.apply(node, ["a": "ü"], manager: "kubectl-egress", force: true, dryRun: true).isNew == false)
        #expect(try await client.apply(node, ["a": 1], manager: "kubectl-egress", force: false, dryRun: false).isNew)
        _ = try await client.patch(node, .merge, ["a": 1])
        _ = try await client.replace(node, ["a": 1])
        _ = try await client.create(.nodes, ["a": 1], dryRun: true)
        try await client.delete(node)
        let lines = stub.requests.map { "\($0.method) \($0.target) \($0.header("content-type") ?? "-") \($0.body)" }
        #expect(
            lines == [
                #"PATCH /api/v1/nodes/n?fieldManager=kubectl-egress&force=true&fieldValidation=Strict&dryRun=All application/apply-patch+yaml {"a":"ü"}"#,
                #"PATCH /api/v1/nodes/n?fieldManager=kubectl-egress&force=false&fieldValidation=Strict application/apply-patch+yaml {"a":1}"#,
                #"PATCH /api/v1/nodes/n application/merge-patch+json {"a":1}"#,
                #"PUT /api/v1/nodes/n?fieldValidation=Strict application/json {"a":1}"#,
                #"POST /api/v1/nodes?fieldValidation=Strict&dryRun=All application/json {"a":1}"#,
                "DELETE /api/v1/nodes/n - ",
            ])
    }

    @Test func `a header that would end its line early isn't sent`() async throws {
        let stub = try StubServer(["/version": [["body": "{}"]]])
        let credential = Credential(authorization: "Bearer t\r\nX-Other: 1")
        let text = await printed { try await KubeClient(.test(stub, credentials: FixedCredential(credential))).getRaw("/version") }
        #expect(text == "Unable to connect to the server: net/http: invalid header field value for \"Authorization\"")
        #expect(stub.requests.isEmpty)
    }

    // MARK: Errors

    @Test func `401 drops the credential and isn't sent again`() async throws {
        let stub = try StubServer([
            "/version": [answer(401, #"{"kind":"Status","reason":"Unauthorized","message":"Unauthorized","code":401}"#)]
        ])
        let credential = FixedCredential(Credential(authorization: "Bearer stale"))
        let text = await printed { try await KubeClient(.test(stub, credentials: credential)).getRaw("/version") }
        #expect(text == "error: You must be logged in to the server (Unauthorized)")
        #expect(credential.rejected == 1 && stub.requests.count == 1)
    }

    @Test(arguments: [
        (500, "Error from server (InternalError): an error on the server (\"boom\") has prevented the request from succeeding"),
        (503, "Error from server (ServiceUnavailable): the server is currently unable to handle the request"),
        (403, "Error from server (Forbidden): boom"),
        (404, "Error from server (NotFound): the server could not find the requested resource"),
        (418, "Error from server: the server responded with the status code 418 but did not return more information"),
    ])
    func `an answer that no API server wrote is told as kubectl tells it`(status: Int, words: String) async throws {
        let stub = try StubServer(["/version": [answer(status, "boom", ("Content-Type", "text/plain"))]])
        let client = KubeClient(try .test(stub))
        #expect(await printed { try await client.getRaw("/version") } == words)
        #expect(await apiError { try await client.getRaw("/version") }?.isUnknownPath == (status == 404))
    }

    @Test func `a redirect isn't followed`() async throws {
        let stub = try StubServer(["/version": [answer(302, "", ("Location", "/elsewhere"))]])
        #expect(await printed { try await KubeClient(.test(stub)).getRaw("/version") }.contains("is not followed"))
        #expect(stub.requests.count == 1)
    }

    @Test func `an object that is invalid is told field by field`() async throws {
        let causes = { (count: Int) in
            let all = (0..<count).map { #"{"reason":"FieldValueInvalid","message":"must be less","field":"spec.a\#($0)"}"# }
            return
                #"{"kind":"Status","reason":"Invalid","code":422,"message":"m","details":{"kind":"Policy","name":"p","causes":[\#(all.joined(separator: ","))]}}"#
        }
        let stub = try StubServer(["/version": [answer(422, causes(1)), answer(422, causes(2))]])
        let client = KubeClient(try .test(stub))
        #expect(await printed { try await client.getRaw("/version") } == #"The Policy "p" is invalid: spec.a0: must be less"#)
        #expect(
            await printed { try await client.getRaw("/version") }
                == "The Policy \"p\" is invalid: \n* spec.a0: must be less\n* spec.a1: must be less")
    }

    @Test func `a 200 that isn't JSON, or is half, is an error`() async throws {
        let stub = try StubServer(["/version": [answer(200, "<html>"), ["chunks": [#"{"a":"#], "reset": "body"]]])
        let client = KubeClient(try .test(stub))
        #expect(await apiError { try await client.getRaw("/version") }?.kind == .malformed)
        #expect(await apiError { try await client.getRaw("/version") }?.kind == .transport)
    }

    // MARK: Tries

    @Test func `Retry-After is obeyed, whole seconds alone, and not for ever`() async throws {
        let busy = answer(429, Self.busy.text(), ("Retry-After", "1"))
        let often = answer(429, Self.busy.text(), ("Retry-After", "0"))
        let stub = try StubServer([
            "/version": [busy, busy, answer(200, "{}")], "/often": [often],
            "/date": [answer(503, "", ("Retry-After", "Fri, 31 Dec 2027 23:59:59 GMT"))],
        ])
        let client = KubeClient(try .test(stub))
        let start = ContinuousClock.now
        _ = try await client.getRaw("/version")
        #expect(ContinuousClock.now - start >= .seconds(2))
        #expect(await apiError { try await client.getRaw("/often") }?.status == 429)
        #expect(stub.requests.filter { $0.target == "/often" }.count == 10)
        #expect(await apiError { try await client.getRaw("/date") }?.status == 503)
        #expect(stub.requests.filter { $0.target == "/date" }.count == 1)
    }

    @Test func `what may have had an effect isn't sent twice`() async throws {
        let failed = answer(503, "", ("Retry-After", "0"))
        let busy = answer(429, Self.busy.text(), ("Retry-After", "0"))
        let stub = try StubServer(["/api/v1/nodes": [failed, busy, answer(201, "{}"), ["reset": "head"]]])
        let client = KubeClient(try .test(stub))
        #expect(await apiError { try await client.create(.nodes, [:], dryRun: false) }?.status == 503)
        #expect(stub.requests.count == 1)
        _ = try await client.create(.nodes, [:], dryRun: false)
        #expect(stub.requests.count == 3)
        // Over a fresh connection: what libcurl does with a dead one of its pool is its own.
        #expect(await apiError { try await KubeClient(.test(stub)).create(.nodes, [:], dryRun: false) }?.kind == .transport)
        #expect(stub.requests.count == 4)
    }

    @Test func `a GET whose connection breaks is sent once more`() async throws {
        let stub = try StubServer(["/version": [["reset": "head"], ["body": "{}"]], "/never": [["reset": "head"]]])
        let client = KubeClient(try .test(stub))
        _ = try await client.getRaw("/version")
        let text = await printed { try await KubeClient(.test(stub)).getRaw("/never") }
        #expect(text.hasPrefix("Unable to connect to the server: ") && text.contains("reset by peer"), "\(text)")
        #expect(stub.requests.filter { $0.target == "/never" }.count == 2)
    }

    @Test func `a request ends at its deadline, before its head and in its body`() async throws {
        let stub = try StubServer(["/slow": [["delay": 3]], "/drip": [["chunks": [" ", " ", " ", " ", " ", " ", "{}"], "pause": 0.5]]])
        var connection = try APIConnection.test(stub)
        connection.requestTimeout = 0.5
        let client = KubeClient(connection)
        #expect(
            await printed { try await client.getRaw("/slow") }
                == "Unable to connect to the server: net/http: request canceled (Client.Timeout exceeded while awaiting headers)")
        #expect(await printed { try await client.getRaw("/drip") }.contains("while reading body"))
    }

    @Test func `a cancelled task ends its transfer at once`() async throws {
        let stub = try StubServer(["/hold": [["chunks": ["{"], "hold": true]]])
        let client = KubeClient(try .test(stub))
        let task = Task { try await client.getRaw("/hold") }
        while stub.requests.isEmpty { try await Task.sleep(for: .milliseconds(10)) }
        let start = ContinuousClock.now
        task.cancel()
        await #expect(throws: APIError.self) { try await task.value }
        #expect(ContinuousClock.now - start < .seconds(5))
        #expect(try await stub.sawEnd())
    }

    @Test func `a closed client ends what is under way, and answers nothing more`() async throws {
        let stub = try StubServer(["/hold": [["chunks": ["{"], "hold": true]]])
        let client = KubeClient(try .test(stub))
        let task = Task { try await client.getRaw("/hold") }
        while stub.requests.isEmpty { try await Task.sleep(for: .milliseconds(10)) }
        client.close()
        await #expect(throws: APIError.self) { try await task.value }
        await #expect(throws: APIError.self) { try await client.getRaw("/hold") }
        #expect(try await stub.sawEnd())
    }

    @Test func `many requests at once share the client`() async throws {
        let stub = try StubServer(["/version": [["body": "{}", "delay": 0.1]]])
        let client = KubeClient(try .test(stub))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<40 { group.addTask { _ = try await client.getRaw("/version") } }
            try await group.waitForAll()
        }
        #expect(stub.requests.count == 40)
    }

    // MARK: What is said on the way

    @Test func `each warning is told once, whatever way it came`() async throws {
        let headers = JSONValue.array([
            ["Warning", #"299 - "one \"quoted\"", 299 - "two, with comma" "Sat, 01 Jan 2028 00:00:00 GMT""#],
            ["Warning", #"299 - "three""#],
            ["Warning", #"199 - "not ours""#],
        ])
        let stub = try StubServer(["/version": [["body": "{}", "headers": headers]]])
        let warnings = Heard()
        let client = KubeClient(try .test(stub), warnings: warnings)
        for _ in 0..<3 { _ = try await client.getRaw("/version") }
        #expect(warnings.texts == [#"one "quoted""#, "two, with comma", "three"])
    }

    @Test(arguments: ["", "299", "299 -", "299 - text", #"299 - "open"#, #"299 - "a" "b"#, #"abc - "a""#, #"299 - "a\"#])
    func `a warning that isn't one is left out`(header: String) {
        #expect(warningTexts(header).isEmpty)
    }

    @Test func `-v=6 tells requests, -v=8 bodies, and neither a secret`() async throws {
        let secret =
            #"{"kind":"Secret","metadata":{"annotations":{"kubectl.kubernetes.io/last-applied-configuration":"hunter2"}},"data":{"tokens":"aHVudGVyMg=="},"token":"hunter2"}"#
        let stub = try StubServer(["/version": [answer(200, secret)]])
        let connection = try APIConnection.test(stub, credentials: FixedCredential(Credential(authorization: "Bearer hunter2")))
        let six = Heard()
        _ = try await KubeClient(connection, verbosity: .debug, log: six).getRaw("/version")
        let line = try #require(six.texts.first)
        #expect(six.texts.count == 1 && line.hasPrefix("GET \(stub.url)/version 200 OK in ") && line.hasSuffix(" milliseconds"), "\(line)")
        let eight = Heard()
        _ = try await KubeClient(connection, verbosity: .trace, log: eight).getRaw("/version")
        let text = eight.texts.joined()
        #expect(text.contains(#""tokens":"[redacted]""#) && !text.contains("hunter2") && !text.contains("aHVudGVyMg"), "\(text)")
    }

    @Test func `a conflict names field and manager`() {
        let cause = { (message: String) in APIError.Cause(reason: "FieldManagerConflict", message: message, field: ".spec.a") }
        let error = APIError(
            kind: .status(409), reason: "Conflict", message: "Apply failed with 2 conflicts",
            causes: [
                cause(#"conflict with "argo\"cd" using v1 at 2026-01-01T00:00:00Z"#),
                cause(#"conflict with "flux" with subresource "status" using v1"#),
            ])
        let object = ObjectReference(kind: "Policy", name: "p")
        let clusterError = error.clusterError(about: object)
        #expect(clusterError.message == "Apply failed with 2 conflicts" && clusterError.voice == .ours)
        #expect(clusterError.conflicts.map(\.manager) == [#"argo"cd"#, "flux"])
        #expect(clusterError.conflicts.first?.field == ".spec.a")
    }
}
