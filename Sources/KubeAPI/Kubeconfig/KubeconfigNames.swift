public import EgressPorts

/// What the kubeconfig names, sorted, for completion; empty where it can't be read. Asks no server, runs no plugin.
public func kubeconfigNames(_ access: ClusterAccess) -> KubeconfigNames {
    guard let config = try? KubeconfigFiles(access).load() else { return KubeconfigNames() }
    return KubeconfigNames(
        contexts: config.contexts.keys.sorted(), clusters: config.clusters.keys.sorted(), users: config.users.keys.sorted())
}
