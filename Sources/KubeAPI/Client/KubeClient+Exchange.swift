import JSONText
import Logging

/// How often something is tried again, and how long it waits in between.
enum RetryLimits {
    /// client-go's.
    static let tries = 10
    /// A server that asks for more is not waited for longer.
    static let longestWait = 60
    /// In front of the one new try after a connection was refused or reset.
    static let pause = Duration.milliseconds(250)
}

extension KubeClient {
    /// Sends a request and reads the answer, which must be JSON.
    func json(_ request: APIRequest) async throws(APIError) -> (value: JSONValue, head: HTTPHead) {
        let (transfer, head) = try await open(request, reading: .whole(limit: Self.longestBody))
        let bytes = try await body(of: transfer)
        logBody("Response Body", bytes)
        return (try Self.parse(bytes, of: request.path), head)
    }

    static let longestBody = 256 << 20

    /// Objects of the API nest deep where they describe schemas; their size was looked at before.
    static func parse(_ bytes: [UInt8], of path: String) throws(APIError) -> JSONValue {
        do throws(JSONError) {
            return try JSONValue(parsing: bytes, limits: JSONLimits(depth: 512, bytes: longestBody))
        } catch {
            throw APIError(kind: .malformed, message: "the answer to \(path) is not JSON: \(error)")
        }
    }

    /// Sends a request until there is an answer that counts; returns when its head is there and says success.
    ///
    /// Tried again: what the server asks to be by `Retry-After`, and once a request without effect whose connection was
    /// refused or broke. An answer 401 drops the credential and isn't tried again: a wrong password locks an account.
    func open(_ request: APIRequest, reading: BodyReading) async throws(APIError) -> (Transfer, HTTPHead) {
        var tries = 0
        var mayReconnect = request.method == "GET"
        while true {
            tries += 1
            let credential = try await self.credential()
            let transfer = transport.start(try await http(request, credential, reading))
            let start = ContinuousClock.now
            let head: HTTPHead
            do throws(TransportFailure) {
                head = try await transfer.head()
            } catch {
                logFailure(request, error, since: start)
                guard mayReconnect, error.kind == .refused || error.kind == .reset else { throw apiError(error) }
                mayReconnect = false
                try await pause(RetryLimits.pause)
                continue
            }
            logHead(request, head, since: start)
            warnings.take(head)
            if (200..<300).contains(head.status) { return (transfer, head) }
            let bytes = try await errorBody(of: transfer)
            let error = APIError(head, bytes, request)
            if head.status == 401 { await connection.credentials.wasRejected(credential) }
            guard let wait = Self.wait(after: head, request), tries < RetryLimits.tries else { throw error }
            log.debug("Got a Retry-After \(wait)s response for attempt \(tries) to \(request.path)")
            try await pause(.seconds(wait))
        }
    }

    /// Seconds until the next try; `nil` when there is none. Only whole seconds count, as in client-go.
    static func wait(after head: HTTPHead, _ request: APIRequest) -> Int? {
        guard let text = head["retry-after"], let seconds = Int(text), seconds >= 0 else { return nil }
        // Who is turned away with 429 has had no effect; after a 5xx that isn't known.
        guard head.status == 429 || (head.status >= 500 && request.isRepeatable) else { return nil }
        return min(seconds, RetryLimits.longestWait)
    }

    func body(of transfer: Transfer) async throws(APIError) -> [UInt8] {
        do throws(TransportFailure) {
            return try await transfer.body()
        } catch {
            throw apiError(error)
        }
    }

    /// The body of an answer that says what is wrong, which is short; a stream's is read to its end.
    private func errorBody(of transfer: Transfer) async throws(APIError) -> [UInt8] {
        var bytes: [UInt8] = []
        do throws(TransportFailure) {
            while bytes.count < 1 << 20, let more = try await transfer.nextBytes() { bytes += more }
        } catch {
            guard error.kind != .cancelled else { throw apiError(error) }
        }
        transfer.cancel()
        logBody("Response Body", bytes)
        return bytes
    }

    private func pause(_ duration: Duration) async throws(APIError) {
        do {
            try await Task.sleep(for: duration)
        } catch {
            throw apiError(.cancelled)
        }
    }
}
