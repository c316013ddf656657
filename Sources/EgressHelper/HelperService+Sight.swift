import EgressModel
public import EgressPlan
import EgressPorts

extension HelperService {
    public func flows(_ query: FlowQuery) throws -> AsyncThrowingStream<FlowNews, any Error> {
        try flowWatchers.watch(query, kernel.datapath)
    }

    public func translations(_ query: TranslationQuery) throws -> TranslationList {
        try kernel.datapath.translations(query, names: flowWatchers.names)
    }

    public func ports(_ query: PortQuery) throws -> [PortUse] { try kernel.datapath.portUse(query) }
    public func traffic() throws -> TrafficReport {
        var report = try kernel.datapath.traffic(names: flowWatchers.names)
        report.counters = try kernel.counters()
        return report
    }

    /// Loads programs of its own, which takes its time: on a queue of its own, so that nothing else waits for it.
    public nonisolated func trace(_ request: TraceRequest) async throws -> TraceResult {
        let (datapath, names, probe) = try await prepare(request)
        return try await tracing.run { try datapath.trace(probe, names: names) }
    }

    private func prepare(_ request: TraceRequest) throws -> (any DatapathApplying, FlowNames, TraceProbe) {
        let names = flowWatchers.names
        let probe = TraceProbe(try entrance(request, names), request)
        return (kernel.datapath, names, probe)
    }

    private func entrance(_ request: TraceRequest, _ names: FlowNames) throws -> TraceProbe.Entrance {
        switch request.origin {
        case .pod(let namespace, let name):
            guard let index = names.interface(namespace: namespace, pod: name), let record = try kernel.datapath.actualState().pods[index],
                let source = request.destination.address.family == .ipv4 ? record.ipv4 : record.ipv6
            else {
                throw HelperError(
                    code: "not_found", message: "no governed pod \(namespace)/\(name) with such an address is on \(names.node)",
                    hint: "kubectl egress explain pod \(name) -n \(namespace) says which node it is on, and whether a policy selects it")
            }
            return .pod(interfaceIndex: index, source: source)
        case .node(let name, let entry, let source):
            guard let from = names.address(ofNode: name) else {
                throw HelperError(
                    code: "not_found", message: "\(names.node) knows no node \(name)", hint: "kubectl get nodes; it must have an InternalIP"
                )
            }
            return .tunnel(from: from, entry: entry, source: source)
        }
    }
}
