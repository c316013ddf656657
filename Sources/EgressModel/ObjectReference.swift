/// Names an object of the cluster; prints as kubectl does: `pod/default/web`, `node/node-1`.
public struct ObjectReference: Sendable, Hashable {
    public let kind: String
    /// `nil` for objects of the cluster's own scope.
    public let namespace: String?
    public let name: String

    public init(kind: String, namespace: String? = nil, name: String) {
        self.kind = kind
        self.namespace = namespace
        self.name = name
    }
}

extension ObjectReference: CustomStringConvertible, Comparable {
    public var description: String {
        ([kind.lowercased()] + (namespace.map { [$0] } ?? []) + [name]).joined(separator: "/")
    }

    public static func < (a: ObjectReference, b: ObjectReference) -> Bool { a.description < b.description }
}

/// What every object of the cluster carries.
public struct ObjectMetadata: Sendable, Hashable {
    public var name: String
    public var namespace: String?
    /// From the API, or a hash of kind, namespace and name where a manifest has none.
    public var uid: String
    public var labels: Labels
    public var annotations: [String: String]
    /// RFC 3339, UTC, so that text order is time order; `nil` counts as the youngest.
    public var creationTimestamp: String?
    /// 0 when the manifest has none.
    public var generation: Int64

    public init(
        name: String, namespace: String? = nil, uid: String, labels: Labels = [:], annotations: [String: String] = [:],
        creationTimestamp: String? = nil, generation: Int64 = 0
    ) {
        self.name = name
        self.namespace = namespace
        self.uid = uid
        self.labels = labels
        self.annotations = annotations
        self.creationTimestamp = creationTimestamp
        self.generation = generation
    }
}
