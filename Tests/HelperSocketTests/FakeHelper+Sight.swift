import EgressModel
import EgressPlan
import EgressPorts

extension FakeHelper {
    func flows(_ query: FlowQuery) async throws -> AsyncThrowingStream<FlowNews, any Error> {
        let (stream, watcher) = AsyncThrowingStream<FlowNews, any Error>.makeStream()
        addFlows(watcher, query)
        return stream
    }

    func translations(_ query: TranslationQuery) async throws -> TranslationList {
        let end = Endpoint(IPAddress(ipv4: 0xC633_6407), 40_000)
        let one = Translation(transport: .tcp, source: end, remote: end, egress: end, state: .established, idleSeconds: 3)
        return TranslationList(Array(repeating: one, count: min(2, query.limit)), total: 2)
    }

    func ports(_ query: PortQuery) async throws -> [PortUse] {
        let remote = Endpoint(query.remote ?? IPAddress(ipv4: 0xCB00_710A), query.remotePort ?? 443)
        return [PortUse(egressIP: IPAddress(ipv4: 0xC633_6464), transport: .tcp, remote: remote, used: 3, capacity: 10, refused: 1)]
    }

    func traffic() async throws -> TrafficReport { TrafficReport(counters: try await status().counters) }

    func trace(_ request: TraceRequest) async throws -> TraceResult {
        guard case .pod(let namespace, "web") = request.origin else { throw HelperError(code: "not_found", message: "no such pod") }
        let step = TraceStep(lookup: "pod", isFound: true, detail: "\(namespace)/web")
        return TraceResult(
            node: "node-1", verdict: .dropped, code: .drop(4), source: Endpoint(IPAddress(ipv4: 0x0A01_0005), request.sourcePort),
            destination: request.destination, transport: request.transport, steps: [step])
    }
}
