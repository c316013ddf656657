public import EgressModel

/// A cluster that can be read: a folder of manifests, or the Kubernetes API.
public protocol ClusterReading: Sendable {
    /// What errors call it: a path, or a server's URL.
    var source: String { get }
    /// The namespace that commands mean when none is named: the kubeconfig context's; `nil` where there is none.
    var currentNamespace: String? { get }

    func snapshot() async throws -> ClusterSnapshot

    /// One element for each time that something may have changed, the first at once; ends when watching ends.
    /// Changes that come while the reader is busy are one element.
    func changes() -> AsyncStream<Void>

    /// The snapshot with what says which connections pods may make: of the namespace, `nil` for all, and of the whole cluster.
    /// What can't be read is in its `unread`; throws what ``snapshot()`` throws.
    func withNetworkPolicies(_ snapshot: ClusterSnapshot, namespace: String?) async throws -> ClusterSnapshot
}

extension ClusterReading {
    /// For those whose snapshots have them already.
    public func withNetworkPolicies(_ snapshot: ClusterSnapshot, namespace: String?) async throws -> ClusterSnapshot { snapshot }
}

/// Names of a cluster's objects, as fast as they can be had: for shells' completion and for "did you mean".
public protocol ClusterNaming: Sendable {
    /// `namespace` counts for pods and gateways alone. In the order of names.
    func names(of kind: NamedKind, namespace: String?) async throws -> [ObjectName]
}

public enum NamedKind: Sendable, Hashable {
    case namespace
    case node
    case pod
    case policy
    /// Of the Gateway API and of Istio; `namespace` counts.
    case gateway
    /// Addresses that nodes announce for policies.
    case egressIP
}

public struct ObjectName: Sendable, Hashable {
    public var name: String
    /// What tells it from others: a pod's phase, address and node.
    public var remark: String

    public init(_ name: String, remark: String = "") {
        self.name = name
        self.remark = remark
    }
}

/// A cluster's objects as manifests, for a support file that every reading command takes by `--snapshot`.
public protocol ClusterExporting: Sendable {
    /// One object after the other as canonical JSON: what egress reads, without what it doesn't (environment variables,
    /// managed fields, Secrets). Throws ``ClusterError``.
    func manifests() -> AsyncThrowingStream<String, any Error>
}
