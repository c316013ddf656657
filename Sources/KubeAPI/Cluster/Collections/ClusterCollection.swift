import EgressModel
import EgressPorts
import KubeObjects

/// Which part of a cluster's state a collection fills.
enum ClusterSlot: Sendable, Hashable {
    case nodes
    case namespaces
    case pods
    case services
    case policies
    /// Every `EgressNode`, or for an agent those of gateways.
    case egressNodes
    /// An agent's own `EgressNode`, which need not be a gateway's.
    case ownEgressNode
    case leases
    /// Objects that say ranges; each collection has a name of its own.
    case ranges(String)
    /// Objects of service meshes and gateways; each collection has a name of its own.
    case mesh(String)

    var kind: ClusterKind {
        switch self {
        case .nodes: .node
        case .namespaces: .namespace
        case .pods: .pod
        case .services: .service
        case .policies: .policy
        case .egressNodes, .ownEgressNode: .egressNode
        case .leases: .lease
        case .ranges: .ranges
        case .mesh: .mesh
        }
    }
}

/// One collection that is read of a cluster.
struct ClusterCollection: Sendable, Hashable {
    var slot: ClusterSlot
    /// The first of these that the server has counts.
    var paths: [ResourcePath]
    var query: ListQuery
    /// Where the group is optional and nobody misses it: Calico's pools, ServiceCIDRs.
    var isOptional = false

    /// The first list may be served from the API server's cache: where a field selector would else make it look through
    /// all pods in etcd for each agent.
    var readsFromCache = false

    init(_ slot: ClusterSlot, _ paths: [ResourcePath], query: ListQuery = ListQuery()) {
        self.slot = slot
        self.paths = paths
        self.query = query
    }
}

/// Names that our objects have in a cluster.
enum EgressObjects {
    static let namespace = "kubectl-egress"
    static let gatewayLabel = "kubectl-egress.dev/gateway"
    /// On the Leases that are addresses' locks.
    static let addressLabel = "kubectl-egress.dev/egress-ip"
    /// The address of such a Lease, in canonical text.
    static let addressAnnotation = "kubectl-egress.dev/address"
    static let leaderLease = "agent-leader"
    static let tokenSecret = "tunnel-token"
    static let tokenKey = "tokens"
    /// Manager of fields that users apply by our command.
    static let userManager = "kubectl-egress"
    static let agentManager = "kubectl-egress-agent"
}

extension ClusterCollection {
    /// What is read for a scope.
    static func all(for scope: ClusterScope) -> [ClusterCollection] {
        var collections = [
            ClusterCollection(.nodes, [.nodes]), ClusterCollection(.namespaces, [.namespaces]), ClusterCollection(.services, [.services]),
            ClusterCollection(.policies, [.policies]),
        ]
        switch scope {
        case .cluster:
            collections += [
                ClusterCollection(.pods, [.pods]), ClusterCollection(.egressNodes, [.egressNodes]),
                ClusterCollection(.leases, [.leases.inside(EgressObjects.namespace)]),
            ]
        case .node(let name):
            let gateways = ListQuery(labelSelector: "\(EgressObjects.gatewayLabel)=true")
            var pods = ClusterCollection(.pods, [.pods], query: ListQuery(fieldSelector: "spec.nodeName=\(name)"))
            pods.readsFromCache = true
            collections += [
                pods, ClusterCollection(.egressNodes, [.egressNodes], query: gateways),
                ClusterCollection(.ownEgressNode, [.egressNodes], query: ListQuery(fieldSelector: "metadata.name=\(name)")),
                ClusterCollection(.leases, [.leases.inside(EgressObjects.namespace)], query: gateways),
            ]
        }
        return collections + ranges
    }

    /// What is read once, for a command: a mesh's objects matter to no plan, and are not followed.
    static func listed(for scope: ClusterScope) -> [ClusterCollection] {
        guard scope == .cluster else { return all(for: scope) }
        return all(for: scope)
            + MeshSource.allCases.map { source in
                let paths = source.apiVersions.compactMap { apiVersion -> ResourcePath? in
                    let parts = apiVersion.split(separator: "/").map(String.init)
                    guard let group = parts.first, let version = parts.last else { return nil }
                    return ResourcePath(group, version, source.resource)
                }
                var collection = ClusterCollection(.mesh(paths.first?.fullResource ?? source.resource), paths)
                collection.isOptional = true
                return collection
            }
    }

    /// The object that says where the API servers are.
    private static var apiServers: ClusterCollection {
        let paths = ConfigurationSource.apiServerCollections.map { apiVersion, resource in
            let parts = apiVersion.split(separator: "/").map(String.init)
            return ResourcePath(
                parts.count > 1 ? parts[0] : "", parts.last ?? "", resource, namespace: ConfigurationSource.apiServersNamespace)
        }
        let query = ListQuery(fieldSelector: "metadata.name=\(ConfigurationSource.apiServersName)")
        return ClusterCollection(.ranges("apiservers"), paths, query: query)
    }

    /// Objects that say which ranges are the cluster's own, and who else steers.
    private static var ranges: [ClusterCollection] {
        var collections = ConfigurationSource.configMaps.map { map in
            ClusterCollection(
                .ranges(map.description), [.configMaps.inside(map.namespace)], query: ListQuery(fieldSelector: "metadata.name=\(map.name)"))
        }
        for (apiVersion, resource) in ConfigurationSource.collections {
            let parts = apiVersion.split(separator: "/").map(String.init)
            guard let group = parts.first, let version = parts.last else { continue }
            let path = ResourcePath(group, version, resource)
            // Other groups and versions have the same objects.
            if let known = collections.firstIndex(where: { $0.slot == .ranges(resource) }) {
                collections[known].paths.append(path)
            } else {
                collections.append(ClusterCollection(.ranges(resource), [path]))
            }
        }
        collections.append(apiServers)
        return collections.map { collection in
            var collection = collection
            collection.isOptional = true
            return collection
        }
    }
}
