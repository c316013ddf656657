public import EgressPlan
import EgressWire
import JSONText
import NIOCore
import Synchronization

extension HelperClient {
    /// Events that are kept for a caller that is slow to take them.
    private static let keptFlows = 4096

    public func flows(_ query: FlowQuery) async throws -> AsyncThrowingStream<FlowNews, any Error> {
        try stream(.watchFlows, params: query.wire, keeping: Self.keptFlows) { reader, lost in
            var news = try FlowNews(wire: reader)
            news.lost &+= lost
            return news
        }
    }

    public func translations(_ query: TranslationQuery) async throws -> TranslationList {
        try await call(.translations, params: query.wire)
    }

    public func ports(_ query: PortQuery) async throws -> [PortUse] {
        let list: PortUseList = try await call(.ports, params: query.wire)
        return list.ports
    }

    public func traffic() async throws -> TrafficReport { try await call(.counters) }
    public func trace(_ request: TraceRequest) async throws -> TraceResult { try await call(.trace, params: request.wire) }

    /// - Parameters:
    ///   - capacity: events that are kept for the caller; older ones are lost.
    ///   - read: an event from its message; `lost` is how many the caller was too slow for since the one before.
    func stream<Event: Sendable>(
        _ method: HelperMethod, params: JSONValue = [:], keeping capacity: Int,
        read: @escaping @Sendable (_ reader: JSONReader, _ lost: UInt64) throws -> Event
    ) throws -> AsyncThrowingStream<Event, any Error> {
        let (stream, events) = AsyncThrowingStream<Event, any Error>.makeStream(bufferingPolicy: .bufferingNewest(capacity))
        let dropped = DroppedEvents()
        let id = try calls.add(
            PendingCalls.Events { reader in
                if case .dropped = events.yield(try read(reader, dropped.take())) { dropped.add() }
            } finish: { error in
                events.finish(throwing: error)
            })
        let (calls, channel) = (calls, channel)
        events.onTermination = { _ in
            guard calls.forget(id) else { return }
            let cancel = HelperRequest(id: nil, .cancel, params: CancelRequest(id: id).wire)
            channel.writeAndFlush(ByteBuffer(bytes: cancel.line), promise: nil)
        }
        channel.writeAndFlush(ByteBuffer(bytes: HelperRequest(id: id, method, params: params).line), promise: nil)
        return stream
    }
}

private final class DroppedEvents: Sendable {
    private let count = Mutex<UInt64>(0)

    func add() { count.withLock { $0 += 1 } }

    func take() -> UInt64 {
        count.withLock { count in
            defer { count = 0 }
            return count
        }
    }
}
