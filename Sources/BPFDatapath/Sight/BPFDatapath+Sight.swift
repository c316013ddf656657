public import EgressPlan
public import EgressPorts

extension BPFDatapath {
    public func watchEvents(_ take: @escaping @Sendable ([DatapathEvent], UInt64) -> Void) throws -> any EventWatch {
        try DatapathWatch(self, take)
    }

    public func translations(_ query: TranslationQuery, names: FlowNames) throws -> TranslationList {
        try withLoaded { try $0.translations(query, names: names) }
    }

    public func portUse(_ query: PortQuery) throws -> [PortUse] { try withLoaded { try $0.portUse(query) } }
    public func traffic(names: FlowNames) throws -> TrafficReport { try withLoaded { try $0.traffic(names: names) } }

    public func trace(_ probe: TraceProbe, names: FlowNames) throws -> TraceResult {
        let needs = try withLoaded { try TraceNeeds($0, probe) }
        return try TraceRun(probe, needs).result(names)
    }
}
