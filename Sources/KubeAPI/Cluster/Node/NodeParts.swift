public import EgressModel
public import EgressPorts
import Logging

/// What one node's agent says to the cluster, and asks of it beside its objects.
struct NodeParts: Sendable {
    let reporter: NodeReporter
    let events: EventPublisher
    let elector: LeaderElector
    let taint: StartupTaint
    let secret: TunnelSecret
    let locks: AddressLocks

    init(name: String, client: KubeClient, informers: Informers, log: Logger) {
        reporter = NodeReporter(node: name, client: client, informers: informers, log: log)
        events = EventPublisher(node: name, client: client, log: log)
        elector = LeaderElector(node: name, client: client, nodeCount: { [weak informers] in informers?.nodeCount ?? 1 }, log: log)
        taint = StartupTaint(node: name, client: client, log: log)
        locks = AddressLocks(client: client, informers: informers, log: log)
        secret = TunnelSecret(client: client, log: log) { [weak informers] in informers?.signal() }
    }

    func isAlive() { reporter.isAlive() }

    func end() {
        reporter.end()
        elector.end()
        secret.end()
        locks.end()
    }

    func close() async {
        await reporter.close()
        await elector.close()
        secret.end()
        locks.end()
    }
}

extension APICluster: NodeReporting, TunnelSecretReading, AddressLocking {
    private func parts() throws -> NodeParts {
        guard let node else { throw ClusterError("\(source) was opened for reading, not as a node's agent") }
        return node
    }

    /// Takes the report over and returns: it is written at once, or a second after the last one, and again until the
    /// server took it. The time of the report alone isn't a change: the node's Lease says that it lives.
    public func report(_ node: EgressNode) async throws { try parts().reporter.report(node) }

    public func publish(_ events: [ClusterEvent]) async { node?.events.publish(events) }

    public func isLeader() async -> Bool { node?.elector.isLeader() ?? false }

    public func nodeIsGoverned() async throws {
        let node = try parts()
        // The common case costs no request.
        if let known = informers.read({ $0.node(node.taint.node) }), !known.taintKeys.contains(EgressTaint.notReady) { return }
        try await node.taint.remove()
    }

    public func tunnelTokens() async throws -> [[UInt8]] { try await parts().secret.tokens() }

    public func hold(_ address: IPAddress, node: String) async throws -> AddressLock { try await parts().locks.hold(address, node: node) }

    public func release(_ address: IPAddress, node: String) async throws { try await parts().locks.release(address, node: node) }

    public func heldAddresses(node: String) async throws -> Set<IPAddress> { try await parts().locks.held(by: node) }
}
