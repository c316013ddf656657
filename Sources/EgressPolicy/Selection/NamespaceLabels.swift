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

    /// Whether the selector admits the namespace; `nil` when that takes a label which wasn't read. The name is known
    /// either way.
    func judge(_ selector: LabelSelector, _ name: String, isRead: Bool) -> Bool? {
        if let labels = labels[name] { return selector.matches(labels) }
        if isRead { return selector.matches(self[name]) }
        let (ofName, others) = (
            selector.requirements.filter { $0.key == Self.nameKey }, selector.requirements.contains { $0.key != Self.nameKey }
        )
        guard ofName.allSatisfy({ $0.matches(self[name]) }) else { return false }
        return others ? nil : true
    }

    /// Whether the label's value, or its absence, is known.
    func knows(_ key: String, of name: String, isRead: Bool) -> Bool { isRead || labels[name] != nil || key == Self.nameKey }
}
