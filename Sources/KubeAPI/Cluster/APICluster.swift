public import EgressModel
public import EgressPorts
import Logging

/// A Kubernetes cluster, by its API.
///
/// With scope `.cluster` each ``snapshot()`` lists the cluster anew, until somebody asks for ``changes()``: from then on the
/// state is kept and followed. With scope `.node` it is followed from the first use.
public final class APICluster: ClusterReading {
    public let source: String
    public let currentNamespace: String?
    let client: KubeClient
    let scope: ClusterScope
    let log: Logger
    let informers: Informers
    let kinds: ResourceKinds
    /// What a node's agent writes; made on first use.
    let node: NodeParts?

    init(client: KubeClient, scope: ClusterScope, log: Logger) {
        self.client = client
        self.scope = scope
        self.log = log
        source = client.server
        currentNamespace = client.namespace
        informers = Informers(client: client, scope: scope, log: log)
        kinds = ResourceKinds(client: client)
        if case .node(let name) = scope {
            node = NodeParts(name: name, client: client, informers: informers, log: log)
        } else {
            node = nil
        }
    }

    deinit {
        node?.end()
        informers.end()
    }

    /// Ends what runs beside: writes a report that waits, gives the leader's Lease back, closes connections. Takes at most
    /// a few seconds.
    public func close() async {
        await node?.close()
        informers.end()
        client.close()
    }
}

extension APICluster {
    /// Seconds that the first snapshot of a node's agent waits for the server.
    private static let firstWait = 20.0

    /// A kind that can't be read is in `unread`. Throws ``ClusterError`` when nothing could be reached, or the server
    /// doesn't know us; once it was read, what is known stays known.
    public func snapshot() async throws -> ClusterSnapshot {
        node?.isAlive()
        if scope == .cluster, !informers.hasReaders { return try await ClusterList(client: client, scope: scope).snapshot() }
        informers.start()
        await informers.settled(within: Self.firstWait)
        return try informers.snapshot()
    }

    public func changes() -> AsyncStream<Void> {
        informers.start()
        return informers.changes()
    }
}
