import JSONText

extension KubeClient {
    /// Follows a collection from a version on.
    ///
    /// It finishes when the server ends it, which it does after some minutes; the caller goes on from the last version it
    /// saw. It throws ``APIError``: what the server said, an ERROR event inside a 200 included (`isExpired`: list again), or
    /// that the connection broke. Events wait in the server when nobody takes them here.
    ///
    /// - Parameter seconds: after which the server ends it; client-go's five to ten minutes by themselves, at random, so
    ///   that not all watches of a cluster come again together.
    func watch(
        _ collection: ResourcePath, _ query: ListQuery, from resourceVersion: String, seconds: Int = .random(in: 300..<600)
    ) -> AsyncThrowingStream<WatchEvent, any Error> {
        var request = APIRequest("GET", collection.path)
        request.query =
            query.selection + [
                ("watch", "1"), ("resourceVersion", resourceVersion), ("allowWatchBookmarks", "true"), ("timeoutSeconds", String(seconds)),
            ]
        request.accept = query.form.accept(isList: false)
        // A server that neither ends it nor sends anything is not waited for.
        request.ownDeadline = Double(seconds) + 30
        let stream = WatchStream(self, request)
        return AsyncThrowingStream { try await stream.next() }
    }
}

/// One watch; the reader's task does the work.
private actor WatchStream {
    private let client: KubeClient
    private let request: APIRequest
    private var transfer: Transfer?
    private var lines = LineSplitter(limit: 16 << 20)
    private var hasEnded = false

    init(_ client: KubeClient, _ request: APIRequest) {
        self.client = client
        self.request = request
    }

    /// Nobody reads any more: the server needn't send.
    deinit { transfer?.cancel() }

    func next() async throws -> WatchEvent? {
        while !hasEnded {
            do throws(APIError) {
                if let line = lines.next() {
                    guard let event = try event(line) else { continue }
                    return event
                }
                try await readMore()
            } catch {
                end()
                throw error
            }
        }
        return nil
    }

    private func end() {
        hasEnded = true
        transfer?.cancel()
        transfer = nil
    }

    private func readMore() async throws(APIError) {
        guard !lines.isOverLimit else { throw APIError(kind: .malformed, message: "a watch event is longer than 16 MiB") }
        if transfer == nil { transfer = try await client.open(request, reading: .stream(window: 1 << 20)).0 }
        guard let transfer else { return }
        do throws(TransportFailure) {
            // What comes after the last newline when it ends is half an event, and is sent again from the last version.
            guard let bytes = try await transfer.nextBytes() else { return end() }
            lines.append(bytes)
        } catch {
            if error.kind == .timedOut { return end() }
            throw client.apiError(error)
        }
    }

    private func event(_ line: [UInt8]) throws(APIError) -> WatchEvent? {
        if line.allSatisfy({ $0 == 0x20 || $0 == 0x0D || $0 == 0x09 }) { return nil }
        client.logBody("Watch Event", line)
        let value = try KubeClient.parse(line, of: request.path)
        guard let type = value["type"]?.stringValue, let object = value["object"] else {
            throw APIError(kind: .malformed, message: "a watch event of \(request.path) has no type or no object")
        }
        switch type {
        case "ADDED": return .added(object)
        case "MODIFIED": return .modified(object)
        case "DELETED": return .deleted(object)
        case "BOOKMARK":
            guard let version = object["metadata"]?["resourceVersion"]?.stringValue else { return nil }
            return .bookmark(resourceVersion: version)
        case "ERROR": throw APIError(status: object, code: 500)
        // A type of a newer server.
        default: return nil
        }
    }
}
