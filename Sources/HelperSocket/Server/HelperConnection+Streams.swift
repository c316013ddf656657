import EgressPlan
import EgressPorts
import EgressWire
import JSONText

extension HelperConnection {
    /// Answers with events until their source ends, the client cancels, or the connection does.
    func stream(_ method: HelperMethod, _ request: HelperRequest) async throws {
        guard let id = request.id else { return }
        do {
            let helper = server.helper
            switch method {
            case .watchFlows:
                let query = try FlowQuery(wire: JSONReader(request.params, path: JSONPath([.key("params")])))
                try await stream(id, keeping: server.limits.queuedFlows) {
                    try await helper.flows(query)
                } event: { news, lost in
                    FlowNews(news.event, lost: news.lost &+ lost).wire
                }
            default:
                try await stream(id, keeping: server.limits.queuedEvents) {
                    try await helper.factsChanges()
                } event: { facts, lost in
                    FactsEvent(facts: facts, lost: lost).wire
                }
            }
        } catch let error as JSONFieldError {
            try await write(.failure(id: id, .badRequest(error)))
        } catch let error as HelperError {
            try await write(.failure(id: id, error))
        }
    }

    /// - Parameters:
    ///   - capacity: events that are kept for a slow reader.
    ///   - event: makes the message of an event; `lost` is how many the reader was too slow for since the one before.
    private func stream<Event: Sendable>(
        _ id: Int64, keeping capacity: Int, from source: @escaping @Sendable () async throws -> AsyncThrowingStream<Event, any Error>,
        event: (_ event: Event, _ lost: UInt64) -> JSONValue
    ) async throws {
        let queue = EventQueue<Event>(capacity: capacity)
        guard streams.open(id, end: queue.finish) else {
            throw HelperError(code: "bad_request", message: "a stream is open under id \(id)", hint: "give each request its own id")
        }
        defer { streams.close(id) }
        let failure = await withTaskGroup(of: HelperError?.self) { group -> HelperError? in
            group.addTask { await Self.pump(source, into: queue) }
            for await next in queue.events {
                guard (try? await write(.event(id: id, event(next, queue.takeLost())))) != nil else { break }
            }
            group.cancelAll()
            return await group.next() ?? nil
        }
        try await write(failure.map { .failure(id: id, $0) } ?? .end(id: id))
    }

    /// Never waits for the reader. Returns why the source ended, unless it just did.
    private static func pump<Event: Sendable>(
        _ source: @Sendable () async throws -> AsyncThrowingStream<Event, any Error>, into queue: EventQueue<Event>
    ) async -> HelperError? {
        defer { queue.finish() }
        do {
            for try await event in try await source() { queue.put(event) }
            return nil
        } catch is CancellationError {
            return nil
        } catch {
            return HelperError(any: error)
        }
    }
}
