public import EgressPorts

/// What an API server offers to agents, and a folder has none of.
extension ClusterFolder: NodeReporting {
    public func publish(_ events: [ClusterEvent]) async {}
    public func isLeader() async -> Bool { false }
    public func nodeIsGoverned() async throws {}
}
