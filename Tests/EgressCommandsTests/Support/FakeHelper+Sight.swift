import EgressModel
import EgressPlan
import EgressPorts
import Synchronization

extension FakeHelper {
    /// What has happened, then nothing more until the reader goes.
    func flows(_ query: FlowQuery) async throws -> AsyncThrowingStream<FlowNews, any Error> {
        let happened = try checked { $0.happened }
        let (stream, events) = AsyncThrowingStream<FlowNews, any Error>.makeStream()
        events.yield(FlowNews(nil))
        for news in happened where news.event.map({ query.fits($0) }) == true { events.yield(news) }
        return stream
    }

    func translations(_ query: TranslationQuery) async throws -> TranslationList {
        let fitting = try checked { $0.translations }.filter { query.filter.fits($0) }.sorted(by: Translation.inOrder)
        return TranslationList(Array(fitting.prefix(query.limit)), total: fitting.count)
    }

    func ports(_ query: PortQuery) async throws -> [PortUse] {
        let fitting = try checked { $0.ports }.filter { query.fits(egressIP: $0.egressIP, remote: $0.remote) }
        return Array(fitting.sorted(by: PortUse.inOrder).prefix(query.limit))
    }

    func traffic() async throws -> TrafficReport { try checked { _ in TrafficReport(counters: []) } }

    /// The next of the answers that it was given.
    func trace(_ request: TraceRequest) async throws -> TraceResult {
        try checked { state in
            state.asked.append(request)
            guard let result = state.traces.first else {
                throw HelperError(code: "not_found", message: "no governed pod is on \(node)", hint: "ask the pod's node")
            }
            state.traces.removeFirst()
            return result
        }
    }
}
