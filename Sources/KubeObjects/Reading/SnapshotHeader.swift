public import EgressModel
public import JSONText

/// What `kubectl egress snapshot` writes in front of a cluster's objects: when and where they were read, and what couldn't
/// be. It is shaped like an object, so that the file stays one of manifests, but no API server knows the kind.
public struct SnapshotHeader: Sendable, Hashable {
    /// RFC 3339, UTC.
    public var takenAt: String
    public var server: String
    public var unread: [UnreadKind]

    private static let apiVersion = "kubectl-egress.dev/v1alpha1"
    private static let kind = "ClusterSnapshot"

    public init(takenAt: String, server: String, unread: [UnreadKind]) {
        self.takenAt = takenAt
        self.server = server
        self.unread = unread
    }

    /// `nil` for any other document.
    init?(_ document: KubeDocument) {
        guard document.apiVersion == Self.apiVersion, document.kind == Self.kind, let takenAt = document.json["takenAt"]?.stringValue else {
            return nil
        }
        let unread = (document.json["unread"]?.arrayValue ?? []).compactMap { entry -> UnreadKind? in
            guard let kind = entry["kind"]?.stringValue.flatMap(ClusterKind.init(rawValue:)) else { return nil }
            return UnreadKind(
                kind: kind, namespace: entry["namespace"]?.stringValue, code: ReasonCode(rawValue: entry["code"]?.stringValue ?? ""),
                reason: entry["reason"]?.stringValue ?? "")
        }
        self.init(takenAt: takenAt, server: document.json["server"]?.stringValue ?? "", unread: unread)
    }

    public var json: JSONValue {
        [
            "apiVersion": .string(Self.apiVersion), "kind": .string(Self.kind), "metadata": ["name": "snapshot"],
            "takenAt": .string(takenAt), "server": .string(server),
            "unread": .array(
                unread.map { kind in
                    [
                        "kind": .string(kind.kind.rawValue), "namespace": kind.namespace.map { .string($0) } ?? .null,
                        "code": .string(kind.code.rawValue), "reason": .string(kind.reason),
                    ]
                }),
        ]
    }

    func add(to snapshot: inout ClusterSnapshot) {
        snapshot.takenAt = takenAt
        snapshot.unread += unread.filter { $0.kind != .mesh }
        snapshot.mesh.unread += unread.filter { $0.kind == .mesh }
    }
}
