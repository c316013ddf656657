public import EgressPorts
public import Logging

extension APICluster {
    /// A cluster by kubeconfig, flags and environment; nothing is asked of the server yet. Throws ``ClusterError`` in
    /// client-go's words.
    ///
    /// - Parameters:
    ///   - scope: what will be read of it.
    ///   - log: where an agent says what doesn't work for now.
    ///   - warn: takes what the server warns of (`Warning:` headers), each text once.
    public static func open(
        _ access: ClusterAccess, scope: ClusterScope, log: Logger, warn: @escaping @Sendable (String) -> Void
    ) throws -> APICluster {
        APICluster(client: KubeClient(try APIConnection.resolve(access), log: log, warn: warn), scope: scope, log: log)
    }
}
