import EgressModel

/// Labels of namespaces, by name.
struct NamespaceLabels: Sendable {
    static let nameKey = "kubernetes.io/metadata.name"

    private let labels: [String: Labels]

    init(_ namespaces: [Namespace]) {
        labels = Dictionary(
            namespaces.map { ($0.name, Self.withName($0.metadata.labels, $0.name)) }, uniquingKeysWith: { first, _ in first })
    }

    /// The namespace's own labels; of one that isn't in the snapshot, only what the API server sets on every namespace.
    subscript(name: String) -> Labels { labels[name] ?? Self.withName([:], name) }

    /// The API server sets this label on each namespace and lets nobody change it; a hand-written manifest often lacks it.
    private static func withName(_ labels: Labels, _ name: String) -> Labels {
        labels.merging([nameKey: name]) { _, set in set }
    }
}
