import EgressModel
import EgressPlan
import EgressPorts

extension RecordingKernel: DatapathSight {
    private struct Watch: EventWatch {
        let kernel: RecordingKernel

        func end() { kernel.setTake(nil) }
    }

    func watchEvents(_ take: @escaping @Sendable ([DatapathEvent], UInt64) -> Void) throws -> any EventWatch {
        if isWatched { throw Refusal(description: "watched already") }
        setTake(take)
        return Watch(kernel: self)
    }

    func translations(_ query: TranslationQuery, names: FlowNames) throws -> TranslationList {
        let end = Endpoint(.pod(7), 40000)
        let all = names.pods.values.sorted().map {
            Translation(
                transport: .tcp, source: end, remote: end, egress: end, state: .established, idleSeconds: 1, pod: $0,
                policy: names.policy(slot: 1))
        }
        let fitting = all.filter { query.filter.fits($0) }
        return TranslationList(Array(fitting.prefix(query.limit)), total: fitting.count)
    }

    func portUse(_ query: PortQuery) throws -> [PortUse] { [] }
    func traffic(names: FlowNames) throws -> TrafficReport { TrafficReport(counters: try counters()) }

    func trace(_ probe: TraceProbe, names: FlowNames) throws -> TraceResult {
        noteProbe(probe)
        return TraceResult(
            node: names.node, verdict: .passed, source: Endpoint(probe.source, probe.request.sourcePort),
            destination: probe.request.destination,
            transport: probe.request.transport, steps: [])
    }
}
